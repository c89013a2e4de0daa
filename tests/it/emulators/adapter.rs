//! Our own adapter, `aws::AwsCloud`, asked for single calls. It takes endpoints and credentials from
//! its process's environment as the program does, so it runs in a process of its own: this very test
//! binary, started again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use lifeboat::aws::{AwsCloud, AwsOptions};
use lifeboat::driver::router::CloudRouter;
use lifeboat::engine::effect::{CallRequest, CallSession};
use lifeboat::engine::ports::Cloud as _;
use lifeboat::model::action::Action;
use lifeboat::model::event::{Purpose, Ticket};
use lifeboat::model::outcome::{CloudError, CloudErrorKind, Risk};
use lifeboat::model::plan::ResolvedTarget;
use lifeboat::outside::{Outside, OutsideOptions};
use serde_json::{Value, json};

use super::pair::Pair;

/// What an answer's line begins with: the test harness writes to stdout as well.
const MARK: &str = "@answer ";
const TIMEOUT_MS: u64 = 60_000;

pub struct Adapter {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Adapter {
    pub fn new(pair: &Pair) -> Self {
        Self::with(pair.environment())
    }

    /// In an environment of its own.
    pub fn with(environment: Vec<(&'static str, String)>) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["emulators::adapter::the_process", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, asked, answers }
    }

    /// Makes one call, as the engine would: a change with what it saw before.
    pub fn call(&mut self, action: &Action, target: &ResolvedTarget) -> Result<Value, CloudError> {
        let before = match action.probe() {
            Some(probe) if changes(action) => match self.send(&probe, target, None) {
                Ok(before) => Some(before),
                // What is to be made is not there yet.
                Err(error) if error.kind == CloudErrorKind::NotFound => None,
                Err(error) => return Err(error),
            },
            _ => None,
        };
        self.send(action, target, before.as_ref())
    }

    fn send(&mut self, action: &Action, target: &ResolvedTarget, before: Option<&Value>) -> Result<Value, CloudError> {
        let line = json!({"action": action.name(), "with": action.with(), "target": target, "before": before});
        writeln!(self.asked, "{line}").unwrap();
        let mut line = String::new();
        while !line.starts_with(MARK) {
            line.clear();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "the adapter's process has ended");
        }
        serde_json::from_str(&line[MARK.len()..]).unwrap()
    }
}

pub fn changes(action: &Action) -> bool {
    action.spec().risk != Risk::Read
}

impl Drop for Adapter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "a part of other tests: the process that they ask"]
fn the_process() {
    // As much stack as the driver's thread has.
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(serve).unwrap();
    thread.join().unwrap();
}

fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let room = tempfile::tempdir().unwrap();
    Outside::make_room(&room.path().join("programs")).unwrap();
    let outside = Arc::new(Outside::new(OutsideOptions {
        programs_dir: Some(room.path().join("programs")),
        keeper: Some(env!("CARGO_BIN_EXE_lifeboat").into()),
        ..OutsideOptions::default()
    }));
    let options = AwsOptions { run: "run".into(), operator: "alice".into(), ..AwsOptions::default() };
    let aws = AwsCloud::with_programs(options, outside.clone());
    let cloud = CloudRouter::new(aws, outside);
    for (attempt, line) in (1..).zip(std::io::stdin().lines()) {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let action = Action::parse(asked["action"].as_str().unwrap(), &asked["with"]).unwrap();
        let request = CallRequest {
            ticket: Ticket { step: "step".into(), attempt, purpose: Purpose::Action },
            changes: changes(&action),
            call: action,
            target: serde_json::from_value(asked["target"].clone()).unwrap(),
            token: "0123456789abcdef0123456789abcdef".into(),
            not_before_ms: 0,
            timeout_ms: TIMEOUT_MS,
            before: Some(asked["before"].clone()).filter(|before| !before.is_null()),
            session: CallSession::Base,
        };
        let answer: Result<Value, CloudError> = runtime.block_on(cloud.call(&request)).map(|reply| reply.value);
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{MARK}{}", serde_json::to_string(&answer).unwrap()).unwrap();
    }
}
