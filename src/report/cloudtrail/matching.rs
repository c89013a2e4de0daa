//! Finds each call its event, and says what is left over on either side.

use std::collections::BTreeSet;

use super::calls::{Call, Program, Told, plain, told};
use super::parameters::differences;
use super::{Foreign, LAG_MS, Match, MatchedBy, Missing, Outcome, Reconciliation, TrailEvent, Why};
use crate::model::event::Stamped;
use crate::model::text::safe;
use crate::model::time::human_ms;

/// How far AWS's clock at the answer and its event may lie apart.
const SAME_TIME_MS: i64 = 60_000;
/// The same where the answer's own time is not known: this machine's clock may be wrong too.
const NEAR_MS: i64 = 5 * 60_000;
/// How long before and after a program's time an event may be its work.
const AROUND_MS: i64 = 10_000;

/// Holds a run's journal against events, as things stand now. `with_reads` also lists reads that nobody recorded.
#[must_use]
pub fn reconcile(
    records: &[Stamped],
    run: &str,
    events: Vec<TrailEvent>,
    now_ms: i64,
    with_reads: bool,
) -> Reconciliation {
    let told = told(records, run);
    let events = distinct(events);
    let mut taken = vec![false; events.len()];
    let mut found = Reconciliation { events: events.len(), calls: told.calls.len(), ..Reconciliation::default() };
    // Those with an id first: what is left may then be taken by name.
    let (with_id, without): (Vec<&Call>, Vec<&Call>) =
        told.calls.iter().partition(|call| call.name.request_id.is_some());
    for call in with_id.into_iter().chain(without) {
        if call.is_many {
            // Every copy is an event of its own; those of this call are known by their bucket and time.
            (0..events.len()).filter(|ix| fits(call, &told, &events[*ix])).for_each(|ix| taken[ix] = true);
        }
        match event_of(call, &told, &events, &taken) {
            Some((ix, by)) => {
                taken[ix] = true;
                let matched = held(call, &events[ix], by, &told);
                if matched.differences.is_empty() { found.matched.push(matched) } else { found.differing.push(matched) }
            }
            None => found.missing.push(Missing { name: call.name.clone(), why: why(call, &events, now_ms) }),
        }
    }
    found.matched.sort_by_key(|one| one.name.seq);
    found.missing.sort_by_key(|one| one.name.seq);
    let left = events.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(event, _)| event);
    leftovers(left, &told, with_reads, &mut found);
    found
}

/// The same event lies in the files of several trails, and is looked up again.
fn distinct(mut events: Vec<TrailEvent>) -> Vec<TrailEvent> {
    let mut seen = BTreeSet::new();
    events.retain(|event| event.id.as_ref().is_none_or(|id| seen.insert((id.clone(), event.account.clone()))));
    events.sort_by_key(|event| event.at_ms);
    events
}

fn is_named(call: &Call, event: &TrailEvent) -> bool {
    call.operations.iter().any(|(source, name)| {
        *name == plain(&event.name) && source.as_ref().is_none_or(|source| *source == event.source)
    })
}

fn event_of(call: &Call, told: &Told, events: &[TrailEvent], taken: &[bool]) -> Option<(usize, MatchedBy)> {
    if let Some(id) = call.name.request_id.as_ref().filter(|_| !call.is_many) {
        let by_id = |event: &TrailEvent| event.request_id.as_ref() == Some(id);
        // AWS may keep an event for a key's use under the same id: the one of our name first.
        let named = events.iter().position(|event| by_id(event) && is_named(call, event));
        return named.or_else(|| events.iter().position(by_id)).map(|ix| (ix, MatchedBy::RequestId));
    }
    let free = |ix: &usize| (call.is_many || !taken[*ix]) && fits(call, told, &events[*ix]);
    let nearest = (0..events.len()).filter(free).min_by_key(|ix| events[*ix].at_ms.abs_diff(call.sent_ms));
    nearest.map(|ix| (ix, MatchedBy::NameAndTime))
}

/// Whether an event may be this call, going by what was asked, who asked and when.
fn fits(call: &Call, told: &Told, event: &TrailEvent) -> bool {
    let latest_ms = call.ended_ms.unwrap_or(call.sent_ms).saturating_add(NEAR_MS);
    is_named(call, event)
        && event.who.as_ref().is_some_and(|who| told.who.is_own(who))
        && (call.sent_ms - NEAR_MS..=latest_ms).contains(&event.at_ms)
        && differences(&call.request, &event.parameters).is_empty()
}

/// A call beside its event.
fn held(call: &Call, event: &TrailEvent, by: MatchedBy, told: &Told) -> Match {
    let mut found = Vec::new();
    let mut say = |what: &str, ours: &str, theirs: &str| {
        found.push(format!("{what}: the journal has {}, CloudTrail {}", safe(ours), safe(theirs)));
    };
    if !is_named(call, event) {
        say("what was called", &call.name.action, &format!("{}:{}", event.source, event.name));
    }
    for (what, ours, theirs) in [("account", &call.account, &event.account), ("region", &call.region, &event.region)] {
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours != theirs
        {
            say(what, ours, theirs);
        }
    }
    if let Some(who) = event.who.as_deref().filter(|who| !told.who.is_near(who) && told.who.is_known()) {
        say("who", "this run's identities", who);
    }
    match (call.name.outcome, &event.error) {
        (Outcome::Succeeded, Some(error)) => say("outcome", "a success", error),
        (Outcome::Refused, None) => say("outcome", "a refusal", "a success"),
        (Outcome::Succeeded | Outcome::Refused | Outcome::Unknown | Outcome::Open, _) => {}
    }
    let apart_ms = if let Some(cloud_ms) = call.cloud_ms {
        cloud_ms.abs_diff(event.at_ms).saturating_sub(SAME_TIME_MS.unsigned_abs())
    } else {
        let (first, last) = (call.sent_ms - NEAR_MS, call.ended_ms.map_or(i64::MAX, |ended| ended + NEAR_MS));
        event.at_ms.abs_diff(event.at_ms.clamp(first, last.max(first)))
    };
    if apart_ms > 0 {
        found.push(format!("time: CloudTrail has it {} outside the call's time", human_ms(apart_ms)));
    }
    found.extend(differences(&call.request, &event.parameters));
    Match { name: call.name.clone(), event_id: event.id.clone(), at_ms: event.at_ms, by, differences: found }
}

fn why(call: &Call, events: &[TrailEvent], now_ms: i64) -> Why {
    const DATA: [&str; 3] = ["aws/s3.restore_object_version", "aws/s3.copy_from_replica", "aws/sns.publish"];
    let last_ms = events.iter().map(|event| event.at_ms).max();
    let sent_ms = call.cloud_ms.unwrap_or(call.sent_ms);
    match call.name.outcome {
        Outcome::Unknown | Outcome::Open => Why::NotArrived,
        Outcome::Refused => Why::Refused,
        Outcome::Succeeded => {
            let of_service =
                |event: &TrailEvent| call.operations.iter().any(|(source, _)| source.as_ref() == Some(&event.source));
            if DATA.contains(&call.name.action.as_str())
                && !events.iter().any(|event| event.is_data && of_service(event))
            {
                Why::DataEvents
            } else if now_ms.saturating_sub(sent_ms) < LAG_MS {
                Why::TooNew
            } else if last_ms.is_none_or(|last_ms| last_ms < sent_ms - SAME_TIME_MS) {
                Why::FilesEnd
            } else {
                Why::Nothing
            }
        }
    }
}

fn leftovers<'a>(
    events: impl Iterator<Item = &'a TrailEvent>,
    told: &Told,
    with_reads: bool,
    found: &mut Reconciliation,
) {
    let window = told.begin_ms..=told.end_ms.saturating_add(SAME_TIME_MS);
    for event in events.filter(|event| window.contains(&event.at_ms)) {
        let Some(who) = event.who.as_deref().filter(|who| told.who.is_near(who)) else { continue };
        if event.is_read {
            let known = event.request_id.as_ref().is_some_and(|id| told.reads.contains(id));
            if with_reads && !known {
                found.reads.push(foreign(event, who, None));
            }
            continue;
        }
        if event.invoked_by.is_some() {
            found.by_services += 1;
            continue;
        }
        let running = |one: &&Program| {
            let ended_ms = one.ended_ms.map_or(i64::MAX, |ended_ms| ended_ms.saturating_add(AROUND_MS));
            (one.sent_ms - AROUND_MS..=ended_ms).contains(&event.at_ms)
        };
        match told.programs.iter().find(running) {
            Some(program) => found.by_programs.push(foreign(event, who, Some(program.step()))),
            None => found.foreign.push(foreign(event, who, None)),
        }
    }
}

fn foreign(event: &TrailEvent, who: &str, during: Option<&str>) -> Foreign {
    let shown = |text: &Option<String>| text.as_deref().map(safe);
    Foreign {
        who: safe(who),
        what: safe(&format!("{}:{}", event.source, event.name)),
        at_ms: event.at_ms,
        account: shown(&event.account),
        region: shown(&event.region),
        request_id: shown(&event.request_id),
        event_id: shown(&event.id),
        error: shown(&event.error),
        during: during.map(safe),
    }
}
