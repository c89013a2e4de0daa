//! The independent hand: builds worlds and looks at them with boto3, which knows nothing of lifeboat.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::pair::{ACCESS_KEY, Pair};
use super::tools;

pub struct Hand {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Whose keys it has: the account at ministack.
    pub key: String,
}

/// What the service said no with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: String,
    pub message: String,
}

impl Refused {
    /// The emulator does not have the operation: moto answers with a page, ministack with a code.
    pub fn is_not_implemented(&self) -> bool {
        let said = ["<!doctype html>", "Unknown ", "No route for "].iter().any(|start| self.message.starts_with(start));
        said || ["404", "InvalidAction", "ResponseParserError"].contains(&self.code.as_str())
    }
}

impl Hand {
    pub fn new() -> Self {
        let mut child =
            tools::python().arg(tools::script("hand.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let asked = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, asked, answers, key: ACCESS_KEY.to_owned() }
    }

    /// Makes a call that must succeed.
    pub fn call(&mut self, pair: &Pair, place: (&str, &str), operation: &str, params: Value) -> Value {
        self.attempt(pair, place, operation, params)
            .unwrap_or_else(|refused| panic!("{operation} in {place:?}: {refused:?}"))
    }

    /// Makes a call to a service (boto3's name of it) in a region.
    pub fn attempt(
        &mut self,
        pair: &Pair,
        place: (&str, &str),
        operation: &str,
        params: Value,
    ) -> Result<Value, Refused> {
        self.attempt_at(pair.url(place.0), place, operation, params)
    }

    /// The same at one emulator, whichever has the service.
    #[expect(clippy::needless_pass_by_value, reason = "parameters are written where the call is made")]
    pub fn attempt_at(
        &mut self,
        url: &str,
        place: (&str, &str),
        operation: &str,
        params: Value,
    ) -> Result<Value, Refused> {
        self.question_at(url, place, operation, &params, "")
    }

    /// The same, and of the answer what a `JMESPath` finds in it.
    pub fn question_at(
        &mut self,
        url: &str,
        (service, region): (&str, &str),
        operation: &str,
        params: &Value,
        query: &str,
    ) -> Result<Value, Refused> {
        let line = json!({
            "endpoint": url, "service": service, "region": region, "key": self.key,
            "operation": operation, "params": params, "query": query,
        });
        writeln!(self.asked, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        if let Some(error) = answer.get("error") {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            return Err(Refused { code: text("code"), message: text("message") });
        }
        Ok(answer["ok"].take())
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
