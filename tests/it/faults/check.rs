//! The promise, checked from the outside: what the journal says, what the wire saw, what a screen
//! showed. It knows the plan and the records, and nothing of the engine that made them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lifeboat::journal::{self, Record};
use lifeboat::model::event::{Event, MfaProof, Purpose, Ticket, UnknownDecision};
use lifeboat::model::outcome::{ProbeAnswer, RunStatus};
use lifeboat::model::plan::{Plan, PlanStep};
use lifeboat::model::runbook::{MfaRule, OnFailure};

use super::life::{Life, Sent, Shown};

/// Names of the invariants, as `design` numbers them.
const I1: &str = "I1 a send without a synced intent";
const I2: &str = "I2 a second send of an attempt";
const I3: &str = "I3 a new attempt while the one before is open";
const I4: &str = "I4 a send that nobody confirmed";
const I5: &str = "I5 an acknowledged record is gone";
const I8: &str = "I8 shown as done before it was durable";
const I9: &str = "I9 a delete of what no send of this run made";
const ENDED: &str = "a run that a failure has ended goes on";
const LEFT: &str = "a send after the run was left";

/// Everything that is wrong with a run so far.
pub fn violations(life: &Life) -> Vec<String> {
    let mut found = Vec::new();
    let bytes = life.journal();
    if !bytes.starts_with(&life.acknowledged) {
        found.push(format!("{I5}: {} bytes acknowledged, {} in the file", life.acknowledged.len(), bytes.len()));
    }
    if !bytes.contains(&b'\n') {
        if !life.sent.lock().unwrap().is_empty() {
            found.push(format!("{I1}: there is no journal"));
        }
        return found;
    }
    let file = journal::read(&life.dir).unwrap();
    if let Some(damage) = &file.damage {
        found.push(format!("the journal is damaged: {damage}"));
    }
    let ends = ends(&bytes);
    let sent = life.sent.lock().unwrap().clone();
    let cleans_up = life.plan().steps.iter().any(|step| step.always);
    wire(&file.records, &ends, &sent, cleans_up, &mut found);
    screens(&file.records, &ends, &life.shown, &mut found);
    let mut told = Told::new(life.plan());
    for record in &file.records {
        told.hear(record, &mut found);
    }
    for violation in &mut found {
        *violation = format!("seed {}: {violation}", life.seed);
    }
    found
}

/// Where each whole line ends.
fn ends(bytes: &[u8]) -> Vec<u64> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u64 + 1).collect()
}

fn wire(records: &[Record], ends: &[u64], sent: &[Sent], cleans_up: bool, found: &mut Vec<String>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for send in sent {
        let name = name(&send.ticket);
        let times = seen.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times > confirmations(records, &send.ticket) {
            found.push(format!("{I2}: {name}"));
        }
        let durable = |record: &&Record| ends[usize::try_from(record.seq).unwrap() - 1] <= send.durable_bytes;
        let intent = records.iter().filter(durable).find_map(|record| match &record.ev {
            Event::ActionRequested { ticket, request, .. } if *ticket == send.ticket => Some(request),
            _ => None,
        });
        match intent {
            None => found.push(format!("{I1}: {name}")),
            Some(request) if !covers(&send.with, request) => {
                found.push(format!("I4 another request than the one confirmed: {name}"));
            }
            Some(_) => {}
        }
        let last = records.iter().filter(durable).rev().find_map(|record| match &record.ev {
            // Behind that a clean-up has its turn; `Told::ended` sees to it that nothing else has.
            Event::RunAborted { .. } if cleans_up => None,
            Event::RunLeft { .. } | Event::RunAborted { .. } | Event::RunFinished { .. } => Some(true),
            Event::RunResumed { .. } | Event::RunStarted(_) => Some(false),
            _ => None,
        });
        if last == Some(true) {
            found.push(format!("{LEFT}: {name}"));
        }
    }
}

/// How often a send may go out: once an attempt; a rollback as often as somebody asked for it.
fn confirmations(records: &[Record], of: &Ticket) -> usize {
    let started = |record: &&Record| matches!(&record.ev, Event::RollbackStarted { step, attempt, .. } if (step, attempt) == (&of.step, &of.attempt));
    match of.purpose {
        Purpose::Rollback(_) => records.iter().filter(started).count(),
        _ => 1,
    }
}

/// Whether what was sent holds every member of what was confirmed.
fn covers(sent: &serde_json::Value, confirmed: &serde_json::Value) -> bool {
    confirmed.as_object().is_none_or(|members| members.iter().all(|(name, value)| sent.get(name) == Some(value)))
}

fn screens(records: &[Record], ends: &[u64], shown: &[Shown], found: &mut Vec<String>) {
    for Shown { step, durable_bytes } in shown {
        let done = records.iter().any(|record| {
            matches!(&record.ev, Event::StepSucceeded { step: of, .. } if of == step)
                && ends[usize::try_from(record.seq).unwrap() - 1] <= *durable_bytes
        });
        if !done {
            found.push(format!("{I8}: {step}"));
        }
    }
}

/// An approval: by whom, for which digest.
type Given = (String, String);

/// What the records have told so far.
struct Told<'a> {
    steps: HashMap<&'a str, &'a PlanStep>,
    /// By step and attempt: the digest confirmed.
    confirmed: BTreeMap<(String, u32), String>,
    approved: BTreeMap<(String, u32), Vec<Given>>,
    /// Steps and attempts with a proof of their own; when any proof was given, and in which phases.
    proved: BTreeSet<(String, u32)>,
    last_proof_ms: Option<i64>,
    phases: BTreeSet<usize>,
    rolled: BTreeMap<(String, u32), u32>,
    intents: BTreeMap<String, Open>,
    counters: BTreeSet<(String, u64)>,
    epoch: u32,
    /// Names that a send was to make, by the send; and those that it is known to have made.
    makes: BTreeMap<String, String>,
    made: BTreeSet<String>,
    /// How the run has to finish, once a failure or a person has ended it: only what always runs is left.
    is_ended: Option<RunStatus>,
}

/// An intent and what became of it.
#[derive(Default)]
struct Open {
    attempt: u32,
    is_settled: bool,
    is_unknown: bool,
    is_looked_into: bool,
}

impl<'a> Told<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            steps: plan.steps.iter().map(|step| (step.key.as_str(), step)).collect(),
            confirmed: BTreeMap::new(),
            approved: BTreeMap::new(),
            proved: BTreeSet::new(),
            last_proof_ms: None,
            phases: BTreeSet::new(),
            rolled: BTreeMap::new(),
            intents: BTreeMap::new(),
            counters: BTreeSet::new(),
            epoch: 1,
            makes: BTreeMap::new(),
            made: BTreeSet::new(),
            is_ended: None,
        }
    }

    /// Nobody confirms anything any more but a clean-up, and the run ends as failed.
    fn ended(&mut self, event: &Event, found: &mut Vec<String>) {
        let has_always = || self.steps.values().any(|step| step.always);
        let of = |step: &String| self.steps.get(step.as_str());
        match event {
            Event::StepFailed { step, .. } => {
                let ends = of(step).is_some_and(|step| step.on_failure == OnFailure::Abort);
                if ends && has_always() {
                    self.is_ended.get_or_insert(RunStatus::Failed);
                }
            }
            Event::RunAborted { .. } if has_always() => {
                self.is_ended.get_or_insert(RunStatus::Aborted);
            }
            Event::StepConfirmed { step, .. } | Event::StepAutoConfirmed { step, .. }
                if self.is_ended.is_some() && of(step).is_none_or(|step| !step.always) =>
            {
                found.push(format!("{ENDED}: `{step}` was confirmed"));
            }
            Event::RunFinished { status, .. } if *status != self.is_ended.unwrap_or(RunStatus::Succeeded) => {
                found.push(format!("{ENDED}: it finished as {status:?}"));
            }
            _ => {}
        }
    }

    /// I9, told by requests and outcomes alone.
    fn deletes(&mut self, event: &Event, found: &mut Vec<String>) {
        match event {
            Event::ActionRequested { ticket, action, request, target, .. } => {
                let (member, is_delete) = match action.as_str() {
                    "aws/rds.restore_db_cluster_to_point_in_time" => ("db_cluster_identifier", false),
                    "aws/rds.delete_db_cluster" => ("db_cluster_identifier", true),
                    other if other.contains("delete") => panic!("what does {other} delete?"),
                    _ => return,
                };
                let named = format!("{} in {} of {}", request[member], target["region"], target["account"]);
                if !is_delete {
                    self.makes.insert(name(ticket), named);
                } else if !self.made.contains(&named) {
                    found.push(format!("{I9}: {} names {named}", name(ticket)));
                }
            }
            Event::ActionSucceeded { ticket, .. } => self.made.extend(self.makes.get(&name(ticket)).cloned()),
            Event::ProbeAnswered { step, attempt, answer: ProbeAnswer::After | ProbeAnswer::InProgress, .. }
            | Event::UnknownResolved { step, attempt, decision: UnknownDecision::RecordDone, .. } => {
                let send = Ticket { step: step.clone(), attempt: *attempt, purpose: Purpose::Action };
                self.made.extend(self.makes.get(&name(&send)).cloned());
            }
            _ => {}
        }
    }

    fn hear(&mut self, record: &Record, found: &mut Vec<String>) {
        if record.epoch > self.epoch {
            self.epoch = record.epoch;
            // What was confirmed in a process that is gone has to be confirmed again before it is sent.
            let open: Vec<_> = self.confirmed.keys().filter(|key| !self.has_intent(key)).cloned().collect();
            for key in open {
                self.confirmed.remove(&key);
            }
        }
        self.deletes(&record.ev, found);
        self.ended(&record.ev, found);
        let key = |step: &String, attempt: &u32| (step.clone(), *attempt);
        match &record.ev {
            Event::Anomaly { detail } => found.push(format!("an impossible event: {detail}")),
            Event::StepConfirmed { step, attempt, digest, .. } | Event::StepAutoConfirmed { step, attempt, digest } => {
                self.confirmed.insert(key(step, attempt), digest.clone());
            }
            Event::MfaVerified { step, attempt, proof } => {
                self.prove(proof, found);
                self.proved.insert(key(step, attempt));
                self.last_proof_ms = Some(record.wall_ms);
                self.phases.extend(self.steps.get(step.as_str()).map(|step| step.phase));
            }
            Event::ApprovalGranted { step, attempt, by, digest, proof, .. } => {
                self.prove(proof, found);
                if by == "alice" {
                    found.push(format!("I4 the operator approved their own step {step}"));
                }
                let given = (by.clone(), digest.clone());
                self.approved.entry(key(step, attempt)).or_default().push(given);
            }
            Event::CheckOverridden { proof: Some(proof), .. } => self.prove(proof, found),
            Event::RollbackStarted { step, attempt, .. } => {
                *self.rolled.entry(key(step, attempt)).or_default() += 1;
            }
            Event::RetryScheduled { step, attempt, .. } => self.carry_over(step, *attempt),
            Event::ActionRequested { ticket, digest, .. } => self.intent(ticket, digest, record.wall_ms, found),
            Event::ActionSucceeded { ticket, .. } | Event::ActionRefused { ticket, .. } => self.answer(ticket, found),
            Event::ActionUnknown { ticket, .. } => {
                self.answer(ticket, found);
                let name = self.name(ticket);
                if let Some(open) = self.intents.get_mut(&name) {
                    open.is_unknown = true;
                }
            }
            Event::ProbeAnswered { step, attempt, .. } | Event::UnknownResolved { step, attempt, .. } => {
                for (name, open) in &mut self.intents {
                    if name.starts_with(&format!("{step}/{attempt}/")) {
                        open.is_looked_into = true;
                    }
                }
            }
            _ => {}
        }
    }

    fn has_intent(&self, (step, attempt): &(String, u32)) -> bool {
        self.intents.contains_key(&format!("{step}/{attempt}/{:?}", Purpose::Action))
    }

    /// A refused attempt goes out again under the confirmation of the one before.
    fn carry_over(&mut self, step: &str, attempt: u32) {
        let (from, to) = ((step.to_owned(), attempt - 1), (step.to_owned(), attempt));
        if let Some(digest) = self.confirmed.get(&from).cloned() {
            self.confirmed.insert(to.clone(), digest);
        }
        if let Some(approved) = self.approved.get(&from).cloned() {
            self.approved.insert(to.clone(), approved);
        }
        if self.proved.contains(&from) {
            self.proved.insert(to);
        }
    }

    fn prove(&mut self, proof: &MfaProof, found: &mut Vec<String>) {
        if let Some(counter) = proof.counter
            && !self.counters.insert((proof.by.clone(), counter))
        {
            found.push(format!("I4 a code of {} counted twice: {counter}", proof.by));
        }
    }

    fn intent(&mut self, ticket: &Ticket, digest: &str, at_ms: i64, found: &mut Vec<String>) {
        let name = self.name(ticket);
        if self.intents.contains_key(&name) {
            found.push(format!("{I2}: {name} in the journal"));
        }
        let Some(step) = self.steps.get(ticket.step.as_str()).copied() else { return };
        let key = (ticket.step.clone(), ticket.attempt);
        if let Purpose::Rollback(_) = ticket.purpose {
            if !self.rolled.contains_key(&key) {
                found.push(format!("{I4}: {name}"));
            }
        } else {
            self.action(step, ticket, digest, at_ms, found);
        }
        self.intents.insert(name, Open { attempt: ticket.attempt, ..Open::default() });
    }

    fn action(&self, step: &PlanStep, ticket: &Ticket, digest: &str, at_ms: i64, found: &mut Vec<String>) {
        let key = (ticket.step.clone(), ticket.attempt);
        let name = name(ticket);
        if self.confirmed.get(&key).map(String::as_str) != Some(digest) {
            found.push(format!("{I4}: {name}"));
        }
        let has_proof = match step.gates.mfa {
            MfaRule::Never => true,
            MfaRule::Fresh => self.proved.contains(&key),
            MfaRule::Phase => self.phases.contains(&step.phase),
            // Backoff and pauses may take longer than the code lasts; it was given for this step then.
            MfaRule::Within { ms } => {
                self.proved.contains(&key)
                    || self.last_proof_ms.is_some_and(|last| at_ms - last <= i64::try_from(ms).unwrap() + 120_000)
            }
        };
        if !has_proof {
            found.push(format!("I4 no code was given for {name}"));
        }
        if let Some(wanted) = &step.gates.approvals {
            let given = self.approved.get(&key).map_or(&[][..], Vec::as_slice);
            let people: BTreeSet<&String> = given.iter().filter(|(_, of)| of == digest).map(|(by, _)| by).collect();
            if people.len() < wanted.min as usize {
                found.push(format!("I4 {} approvals of {} for {name}", people.len(), wanted.min));
            }
        }
        for (earlier, open) in &self.intents {
            let is_action = earlier.starts_with(&format!("{}/", ticket.step)) && earlier.ends_with("/Action");
            let is_open = !open.is_settled || (open.is_unknown && !open.is_looked_into);
            if is_action && open.attempt < ticket.attempt && is_open {
                found.push(format!("{I3}: {name}, {earlier}"));
            }
        }
    }

    fn answer(&mut self, ticket: &Ticket, found: &mut Vec<String>) {
        let name = self.name(ticket);
        match self.intents.get_mut(&name) {
            Some(open) if open.is_settled => found.push(format!("a second outcome of {name}")),
            Some(open) => open.is_settled = true,
            None => found.push(format!("an outcome without an intent: {name}")),
        }
    }

    /// A send, and which of the roll backs of an attempt it belongs to.
    fn name(&self, ticket: &Ticket) -> String {
        let nth = self.rolled.get(&(ticket.step.clone(), ticket.attempt));
        match (ticket.purpose, nth) {
            (Purpose::Rollback(_), Some(nth)) => format!("{} of roll back {nth}", name(ticket)),
            _ => name(ticket),
        }
    }
}

fn name(ticket: &Ticket) -> String {
    format!("{}/{}/{:?}", ticket.step, ticket.attempt, ticket.purpose)
}
