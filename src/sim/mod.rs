//! Floor 2: the simulated cloud: an in-process world, seeded, on virtual time, never a socket.
//!
//! ```text
//! CallRequest ─▶ fate (faults) ─▶ witness: a line, synced ─▶ world.receive ─▶ sleep the latency ─▶ answer
//! Plan ─ derive ─▶ World ◀─ overlay ─ Scenario.world          world.jsonl ─ replay ─▶ World as it was left
//! ```
//! The world is one reducer: what it becomes depends on the calls, their times and the seed, and on
//! nothing else. `n` counts the calls that left a line; latency and chance of a call come from
//! (seed, n). A call into a region that is lost for good leaves no line, as nobody received it and
//! nothing about it is left to chance.
//!
//! # What a scenario's `world:` may change
//! `kind: { identifier: { member: value } }`; `identifier: null` takes the resource away.
//! - `db_cluster`: `status engine_version endpoint replication_source_identifier lag` (`lag: 41s`)
//! - `db_instance`: `status endpoint read_replica_source_db_instance_identifier lag`
//! - `global_cluster`: `status writer` (ARN of the member that writes)
//! - `ecs_service` (`cluster/service`): `status desired_count running_count task_definition`
//! - `ecs_cluster`: `status capacity_providers`
//! - `scalable_target` (`service/CLUSTER/SERVICE`): `min_capacity max_capacity`
//! - `target_group` (ARN or name): `unhealthy` (how many) `health_check_enabled health_check_path`
//! - `health_check`: `inverted disabled region` (where its endpoint lies)
//! - `table`: `status point_in_time_recovery`
//! - `hosted_zone`: `name private`
//! - `record` (`name TYPE`): `ttl values dns_name`
//! - `distribution`: `status enabled aliases origin` (the first origin's domain)
//! - `bucket`: `region versioning replication_status old_versions_days denied_prefix copies_per_second`
//! - `metric` (`namespace name`): `value unit missing`
//! - `identity` (an account as the plan names it): `account arn user_id`
//! - `exec` (program, or the start of a command line): `exit_code stdout stderr`
//! - `aws_cli` (`SERVICE OPERATION`, or more of a command's beginning): `answer`, or `error: {code message}`
//! - `deployment` (`NAMESPACE/NAME`): `replicas`
//! - `host`: `status body`
//! - `sql` (a part of the statement and its parameters): `rows` (or `value` for one), or `error message`; `takes`
//! - `redis` (start of the command): `value fields`

pub mod clock;
mod derive;
mod dice;
mod fault;
mod naming;
mod overlay;
mod witness;
mod world;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use crate::engine::effect::CallRequest;
use crate::engine::ports::{Clock, Cloud, CloudReply};
use crate::model::Value;
use crate::model::action::Action;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::Plan;
use crate::model::progress::Progress;
use crate::model::scenario::Scenario;
use crate::model::time::{elapsed_ms, parse_rfc3339_ms};
use clock::SimClock;
use dice::Dice;
use fault::{Delivery, Fate};
use witness::{Line, Witness};
use world::{Arrival, World};

pub use fault::{describe_faults, lost_devices};

/// Why a simulated cloud cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("failed to open `{path}`: {error}")]
    Io { path: String, error: std::io::Error },
    #[error("failed to read the world of the drill: line {line} is damaged: {reason}")]
    Damaged { line: usize, reason: String },
    #[error("failed to set up the scenario: {0}")]
    Scenario(String),
}

/// 2026-01-04T03:00:00Z, a Sunday.
const DEFAULT_START_MS: i64 = 1_767_495_600_000;

/// The virtual wall clock at the start of a drill (Unix ms).
#[must_use]
pub fn start_ms(scenario: &Scenario) -> i64 {
    scenario.starts_at.as_deref().and_then(|at| parse_rfc3339_ms(at).ok()).unwrap_or(DEFAULT_START_MS)
}

/// The cloud of a drill.
#[derive(Debug)]
pub struct SimCloud {
    clock: Arc<SimClock>,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    witness: Option<Witness>,
    /// Number of the next call that leaves a line.
    next_n: u64,
    /// Calls in flight that do many things one by one, by step.
    under_way: BTreeMap<String, UnderWay>,
}

/// How such a call goes on, told before it does.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    from_ms: i64,
    until_ms: i64,
    objects: u64,
    bytes: u64,
}

/// What the caller will hear, and when.
struct Reception {
    answer_at_ms: i64,
    answer: Result<CloudReply, CloudError>,
}

const READ_LATENCY_MS: (u64, u64) = (80, 400);
const CHANGE_LATENCY_MS: (u64, u64) = (300, 2_000);
/// How long a connection to nobody takes to fail.
const CONNECT_TIMEOUT_MS: u64 = 3_100;

impl SimCloud {
    /// Derives the world from a plan, lays the scenario over it and replays what it has received
    /// before, if `world_log` exists. The clock then stands at the world's time or later.
    ///
    /// # Errors
    /// When the log cannot be opened or read, or the scenario changes what the plan does not name.
    pub fn open(
        world_log: Option<&Path>,
        plan: &Plan,
        scenario: &Scenario,
        seed: u64,
        clock: Arc<SimClock>,
    ) -> Result<Self, SimError> {
        if let Some(at) = &scenario.starts_at {
            parse_rfc3339_ms(at).map_err(SimError::Scenario)?;
        }
        let mut world = derive::world(plan, scenario, seed)?;
        overlay::lay(&mut world, scenario)?;
        let mut next_n = 1;
        let mut witness = None;
        if let Some(path) = world_log {
            let (file, lines) = Witness::open(path)?;
            for (ix, line) in lines.iter().enumerate() {
                replay(&mut world, line).map_err(|reason| SimError::Damaged { line: ix + 1, reason })?;
                next_n = line.n + 1;
            }
            witness = Some(file);
        }
        clock.not_before(world.now_ms);
        Ok(Self { clock, seed, state: Mutex::new(State { world, witness, next_n, under_way: BTreeMap::new() }) })
    }

    /// Receives a call, now: decides its fate, writes the line, lets it take effect.
    fn receive(&self, request: &CallRequest) -> Reception {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.world.advance_to(self.clock.now_ms());
        let now_ms = state.world.now_ms;
        let n = state.next_n;
        let arrival = Arrival {
            n,
            action: &request.call,
            target: &request.target,
            token: &request.token,
            changes: request.changes,
        };
        let fate = state.world.fate(&arrival);
        let received = fate.delivery.received();
        if received || fate.counted {
            let line = if received {
                Line::received(n, now_ms, request)
            } else {
                Line::lost(n, now_ms, fate.delivery, &fate.struck)
            };
            if let Some(witness) = &mut state.witness
                && let Err(reason) = witness.append(&line)
            {
                return Reception { answer_at_ms: now_ms, answer: Err(unwritten(&reason)) };
            }
            state.next_n += 1;
        }
        if !received {
            state.world.faults.strike(&fate.struck);
            return lost(request, &fate, now_ms);
        }
        let request_id = state.world.request_id(&arrival);
        let answer = state.world.receive(&arrival, &fate);
        let copies_ms = state.copies(request, &answer);
        let latency_ms = self.latency_ms(n, request.changes) + state.world.takes_ms(&request.call) + copies_ms;
        drop(guard);
        if fate.delivery == Delivery::AnswerLost || latency_ms > request.timeout_ms {
            let answer = Err(unheard());
            // Copies that break off are heard to.
            let silent_ms = if copies_ms > 0 { latency_ms.min(request.timeout_ms) } else { request.timeout_ms };
            return Reception { answer_at_ms: later(now_ms, silent_ms), answer };
        }
        Reception {
            answer_at_ms: later(now_ms, latency_ms),
            answer: answer.map(|value| CloudReply { value, request_id, cloud_ms: None }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn latency_ms(&self, n: u64, changes: bool) -> u64 {
        let (low, high) = if changes { CHANGE_LATENCY_MS } else { READ_LATENCY_MS };
        Dice::of_call(self.seed, n, "latency").between(low, high)
    }
}

impl State {
    /// How long the copies of a bulk copy take, which are under way from now on.
    fn copies(&mut self, request: &CallRequest, answer: &Result<Value, CloudError>) -> u64 {
        let (Action::CopyFromReplica(call), Ok(answer)) = (&request.call, answer) else { return 0 };
        let figure = |member: &str| answer[member].as_u64().unwrap_or(0);
        let (objects, from_ms) = (figure("copied"), self.world.now_ms);
        let takes_ms = self.world.copies_take_ms(&call.bucket, objects);
        let until_ms = later(from_ms, takes_ms);
        let step = request.ticket.step.clone();
        self.under_way.insert(step, UnderWay { from_ms, until_ms, objects, bytes: figure("bytes") });
        takes_ms
    }
}

impl Cloud for SimCloud {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            let reception = self.receive(request);
            self.clock.sleep_until(reception.answer_at_ms).await;
            self.lock().under_way.remove(&request.ticket.step);
            reception.answer
        })
    }

    fn progress(&self, step: &str) -> Option<Progress> {
        let call = *self.lock().under_way.get(step)?;
        let so_far_ms = elapsed_ms(call.from_ms, self.clock.now_ms());
        let whole_ms = elapsed_ms(call.from_ms, call.until_ms).max(1);
        let done_of = |n: u64| n.saturating_mul(so_far_ms.min(whole_ms)) / whole_ms;
        Some(Progress {
            unit: "objects",
            done: done_of(call.objects),
            total: call.objects,
            is_counting: false,
            bytes: done_of(call.bytes),
            elapsed_ms: so_far_ms,
        })
    }
}

/// Applies a line of the log as it was applied when it was written.
fn replay(world: &mut World, line: &Line) -> Result<(), String> {
    world.advance_to(parse_rfc3339_ms(&line.at)?);
    if let Some(lost) = &line.lost {
        world.faults.strike(&lost.faults);
        return Ok(());
    }
    let missing = |what: &str| format!("it has no `{what}`");
    let name = line.action.as_deref().ok_or_else(|| missing("action"))?;
    let with = line.call.as_ref().ok_or_else(|| missing("call"))?;
    let action = Action::parse(name, with).map_err(|error| error.to_string())?;
    let arrival = Arrival {
        n: line.n,
        action: &action,
        target: line.target.as_ref().ok_or_else(|| missing("target"))?,
        token: line.token.as_deref().ok_or_else(|| missing("token"))?,
        changes: line.changes.ok_or_else(|| missing("changes"))?,
    };
    let fate = world.fate(&arrival);
    // Refusals are no news: what matters is what the call left behind.
    let _ = world.receive(&arrival, &fate);
    Ok(())
}

fn later(now_ms: i64, ms: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// A call that never arrived.
fn lost(request: &CallRequest, fate: &Fate, now_ms: i64) -> Reception {
    if fate.delivery == Delivery::RegionLost && !request.changes {
        let error = CloudError {
            kind: CloudErrorKind::Unavailable,
            code: "ConnectTimeout".to_owned(),
            message: "nothing answers at the endpoint".to_owned(),
            request_id: None,
        };
        return Reception {
            answer_at_ms: later(now_ms, CONNECT_TIMEOUT_MS.min(request.timeout_ms)),
            answer: Err(error),
        };
    }
    Reception { answer_at_ms: later(now_ms, request.timeout_ms), answer: Err(unheard()) }
}

/// No answer came in time.
fn unheard() -> CloudError {
    CloudError {
        kind: CloudErrorKind::UnknownOutcome,
        code: "RequestTimeout".to_owned(),
        message: "no answer came in time: it may have been received".to_owned(),
        request_id: None,
    }
}

/// The world could not write down a call, so it did not take it.
fn unwritten(reason: &str) -> CloudError {
    CloudError {
        kind: CloudErrorKind::Unavailable,
        code: "WorldLogUnwritable".to_owned(),
        message: format!("the simulated cloud takes no calls: its log cannot be written: {reason}"),
        request_id: None,
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
