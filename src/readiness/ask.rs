//! Questions → findings: each read is sent once, a few at a time, each with a bound; identities go first.
//!
//! Must not know: which cloud answers.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::Finding;
use super::judge::{self, Answer, Silence};
use super::question::{Ask, Check, Question};
use crate::engine::effect::{CallRequest, CallSession};
use crate::engine::ports::Cloud;
use crate::model::event::{Purpose, Ticket};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// Reads in flight at once.
const AT_ONCE: usize = 8;
/// Time for one answer, and what is added before we stop waiting for a cloud that forgets its own bound.
const TIMEOUT_MS: u64 = 15_000;
const GRACE_MS: u64 = 2_000;

/// Whether this machine has a program (name, directory it is started in).
pub type Programs<'a> = &'a (dyn Fn(&str, Option<&str>) -> bool + Sync);

/// Asks everything and judges the answers; findings come in the order of the questions.
pub async fn ask(cloud: &dyn Cloud, questions: &[Question], has_program: Programs<'_>) -> Vec<Finding> {
    let mut answers = Answers { known: HashMap::new() };
    let (identities, others): (Vec<&Question>, Vec<&Question>) =
        questions.iter().partition(|question| matches!(question.check, Check::Account { .. }));
    answers.fetch(cloud, &identities, &[]).await;
    let locked: Vec<&Question> = identities.into_iter().filter(|question| !answers.may_ask(question)).collect();
    answers.fetch(cloud, &others, &locked).await;
    let finding = |question: &Question| judge::finding(question, &answers.of(question), has_program);
    questions.iter().filter_map(finding).collect()
}

/// The answers so far, by what was asked.
struct Answers {
    known: HashMap<String, Answer>,
}

impl Answers {
    /// Sends what has not been sent yet, but nothing to targets whose identity is in doubt.
    async fn fetch(&mut self, cloud: &dyn Cloud, questions: &[&Question], locked: &[&Question]) {
        let mut open: Vec<(String, &Ask)> = Vec::new();
        for ask in questions.iter().flat_map(|question| &question.asks) {
            let key = key_of(ask);
            let is_locked = ask.action.name().starts_with("aws/") && locked.iter().any(|who| who.target == ask.target);
            if is_locked {
                self.known.insert(key, Err(Silence::NotAsked));
            } else if !self.known.contains_key(&key) && !open.iter().any(|(known, _)| *known == key) {
                open.push((key, ask));
            }
        }
        let sent = stream::iter(open).map(|(key, ask)| async move { (key, send(cloud, ask).await) });
        let answers: Vec<(String, Answer)> = sent.buffer_unordered(AT_ONCE).collect().await;
        self.known.extend(answers);
    }

    fn of(&self, question: &Question) -> Vec<Answer> {
        let answer = |ask: &Ask| self.known.get(&key_of(ask)).cloned().unwrap_or(Err(Silence::NotAsked));
        question.asks.iter().map(answer).collect()
    }

    /// Whether the identity that was asked for may go on: who is nobody, or of another account, gets no
    /// useful answer; who could not be told may still try.
    fn may_ask(&self, identity: &Question) -> bool {
        match (&identity.check, self.of(identity).first()) {
            (_, Some(Err(Silence::Error(error)))) => !judge::is_about_credentials(error),
            (Check::Account { account: Some(wanted) }, Some(Ok(answer))) => {
                answer["account"].as_str() == Some(wanted.as_str())
            }
            _ => true,
        }
    }
}

/// The same read with the same rights, whatever its target is called.
fn key_of(ask: &Ask) -> String {
    let place = (&ask.target.region, &ask.target.account, &ask.target.profile, &ask.target.role);
    format!("{place:?} {} {}", ask.action.name(), ask.action.with())
}

/// A read, as every question sends it.
pub(super) fn request(ask: &Ask) -> CallRequest {
    CallRequest {
        ticket: Ticket { step: "readiness".to_owned(), attempt: 1, purpose: Purpose::Before },
        call: ask.action.clone(),
        target: ask.target.clone(),
        token: String::new(),
        not_before_ms: 0,
        timeout_ms: TIMEOUT_MS,
        changes: false,
        before: None,
        session: CallSession::Base,
    }
}

async fn send(cloud: &dyn Cloud, ask: &Ask) -> Answer {
    // A question that could change something is a mistake of ours, and is not sent.
    if ask.action.spec().risk.changes() {
        return Err(Silence::NotAsked);
    }
    let request = request(ask);
    let answer = tokio::time::timeout(Duration::from_millis(TIMEOUT_MS + GRACE_MS), cloud.call(&request)).await;
    match answer {
        Ok(Ok(reply)) => Ok(reply.value),
        Ok(Err(error)) => Err(Silence::Error(error)),
        Err(_) => Err(Silence::Error(CloudError {
            kind: CloudErrorKind::Unavailable,
            code: "Timeout".to_owned(),
            message: format!("no answer within {}s", (TIMEOUT_MS + GRACE_MS) / 1000),
            request_id: None,
        })),
    }
}
