//! Resolvers: each keeps an answer until its time to live is over, so they change one by one.
//!
//! A resolver is asked by the whole world all the time, so what it has cached follows from the
//! records' history alone: it fetches anew at its own offset into the old answer's time to live.

use serde_json::json;

use super::route53::{Record, Zone};
use super::{Context, Dice, World};
use crate::model::Value;
use crate::model::action::outside::DnsResolve;
use crate::model::action::route53::ResourceRecordSet;
use crate::sim::naming::bare;

/// Asked when a call names none.
pub const RESOLVERS: [&str; 3] = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
/// How long "there is no such record" is kept.
const NEGATIVE_TTL_S: u32 = 60;
/// An alias has the time to live of what it points at.
const ALIAS_TTL_S: u32 = 60;
const LONGEST_CHAIN: usize = 8;

/// What a resolver answers for one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub answers: Vec<String>,
    pub ttl_s: u32,
    /// The last name in the chain.
    pub end: String,
    /// Whether any record was met on the way.
    pub known: bool,
}

fn ttl_of(state: Option<&ResourceRecordSet>) -> u32 {
    state.map_or(NEGATIVE_TTL_S, |record| record.ttl.unwrap_or(ALIAS_TTL_S))
}

/// The state of a record that a resolver holds at `now_ms`, and for how long still. `offset`: at
/// which part of a time to live it fetches.
fn held(record: &Record, offset: f64, now_ms: i64) -> (Option<&ResourceRecordSet>, u32) {
    let Some((_, first)) = record.served.first() else { return (None, NEGATIVE_TTL_S) };
    let mut state = first.as_ref();
    let mut ix = 0;
    while let Some((since, _)) = record.served.get(ix + 1) {
        let ttl_ms = f64::from(ttl_of(state)) * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "a time to live is far below 2^53 ms")]
        let learns_at = since.saturating_add((ttl_ms * offset) as i64);
        if now_ms < learns_at {
            let left_s = u32::try_from((learns_at - now_ms).max(0) / 1000).unwrap_or(u32::MAX);
            return (state, left_s.min(ttl_of(state)));
        }
        while record.served.get(ix + 1).is_some_and(|(since, _)| *since <= learns_at) {
            ix += 1;
        }
        state = record.served.get(ix).and_then(|(_, state)| state.as_ref());
    }
    (state, ttl_of(state))
}

/// Of several records with one name and type, the one that is answered: the primary, or the
/// heaviest of those that are not known to fail.
fn chosen(
    mut states: Vec<(&ResourceRecordSet, u32)>,
    primary_is_up: bool,
    is_healthy: impl Fn(&ResourceRecordSet) -> bool,
) -> Option<(&ResourceRecordSet, u32)> {
    let is_primary = |record: &ResourceRecordSet| record.failover.as_deref() == Some("PRIMARY");
    let primary_fails = states.iter().any(|(record, _)| is_primary(record) && !is_healthy(record));
    let wanted = if primary_is_up && !primary_fails { "PRIMARY" } else { "SECONDARY" };
    // When all of them fail, all of them are answered.
    if states.iter().any(|(record, _)| is_healthy(record)) {
        states.retain(|(record, _)| is_healthy(record));
    }
    let by_failover = states.iter().copied().find(|(record, _)| record.failover.as_deref() == Some(wanted));
    by_failover.or_else(|| states.into_iter().rev().max_by_key(|(record, _)| record.weight.unwrap_or(0)))
}

impl World {
    /// What a resolver answers for a name at an instant.
    #[must_use]
    pub fn resolve(&self, resolver: &str, name: &str, kind: &str, at_ms: i64) -> Resolved {
        let mut found = Resolved { answers: Vec::new(), ttl_s: u32::MAX, end: bare(name), known: false };
        for _ in 0..LONGEST_CHAIN {
            let asked = found.end.clone();
            let direct = self.record_at(resolver, &asked, kind, at_ms);
            let (record, ttl_s) = match direct {
                Some(met) => met,
                None if kind == "CNAME" => break,
                None => match self.record_at(resolver, &asked, "CNAME", at_ms) {
                    Some(met) => met,
                    None => break,
                },
            };
            found.known = true;
            found.ttl_s = found.ttl_s.min(ttl_s);
            if let Some(alias) = &record.alias_target {
                found.end = bare(&alias.dns_name);
                continue;
            }
            let values = record.resource_records.iter().flatten().map(|record| record.value.clone());
            found.answers.extend(values);
            if record.r#type != "CNAME" {
                found.end = found.answers.last().map(|answer| bare(answer)).unwrap_or_default();
                return found.finished();
            }
            found.end = found.answers.last().map(|answer| bare(answer)).unwrap_or_default();
            if kind == "CNAME" {
                return found.finished();
            }
        }
        if kind == "A" || kind == "AAAA" {
            found.answers.extend(self.address_of(&found.end, kind, found.known));
        } else if !found.known {
            found.answers.extend(self.addresses.get(&found.end).into_iter().flatten().cloned());
        }
        found.finished()
    }

    fn record_at(&self, resolver: &str, name: &str, kind: &str, at_ms: i64) -> Option<(&ResourceRecordSet, u32)> {
        let states: Vec<_> = self
            .zones
            .values()
            .flat_map(|zone| &zone.records)
            .filter(|(key, _)| key.is_of(name, kind))
            .filter_map(|(_, record)| {
                let offset = self.offset(resolver, name);
                let (state, ttl_s) = held(record, offset, at_ms);
                state.map(|state| (state, ttl_s))
            })
            .collect();
        self.best_of(states, at_ms)
    }

    /// What the name servers themselves answer now.
    pub(super) fn authoritative<'a>(&'a self, zone: &'a Zone, name: &str, kind: &str) -> Option<&'a ResourceRecordSet> {
        let states = zone.records.iter().filter(|(key, _)| key.is_of(name, kind));
        let states = states.filter_map(|(_, record)| match held(record, 0.0, self.now_ms) {
            (Some(state), ttl_s) => Some((state, ttl_s)),
            (None, _) => None,
        });
        self.best_of(states.collect(), self.now_ms).map(|(record, _)| record)
    }

    fn best_of<'a>(
        &self,
        states: Vec<(&'a ResourceRecordSet, u32)>,
        at_ms: i64,
    ) -> Option<(&'a ResourceRecordSet, u32)> {
        chosen(states, !self.is_lost(&self.primary), |record| {
            record.health_check_id.as_deref().is_none_or(|id| self.counts_as_healthy(id, at_ms))
        })
    }

    /// At which part of a time to live a resolver fetches a name.
    fn offset(&self, resolver: &str, name: &str) -> f64 {
        Dice::named(self.seed, &format!("resolver {resolver} {}", bare(name))).fraction().mul_add(0.8, 0.15)
    }

    /// The address at the end of a chain: a documentation address of its own for every name.
    fn address_of(&self, name: &str, kind: &str, known: bool) -> Vec<String> {
        if let Some(addresses) = self.addresses.get(name) {
            return addresses.clone();
        }
        let mut dice = Dice::named(self.seed, &format!("address {name}"));
        let host = dice.between(1, 254);
        let net = if known && self.primary_names.contains(name) { "198.51.100" } else { "203.0.113" };
        vec![if kind == "AAAA" { format!("2001:db8::{host:x}") } else { format!("{net}.{host}") }]
    }

    pub(super) fn dns_resolve(&self, call: &DnsResolve, context: &Context<'_>) -> Value {
        let kind = call.r#type.as_deref().unwrap_or("A");
        let default: Vec<String> = RESOLVERS.iter().map(|resolver| (*resolver).to_owned()).collect();
        let resolvers = call.resolvers.clone().unwrap_or(default);
        let stale = context.fate.stale.as_ref().map(|(resolver, at_ms)| {
            (resolver.clone().or_else(|| resolvers.last().cloned()).unwrap_or_default(), *at_ms)
        });
        let views: Vec<(String, Resolved)> = resolvers
            .into_iter()
            .map(|resolver| {
                let at_ms = match &stale {
                    Some((which, at_ms)) if *which == resolver => *at_ms,
                    _ => self.now_ms,
                };
                let resolved = self.resolve(&resolver, &call.name, kind, at_ms);
                (resolver, resolved)
            })
            .collect();
        let gives = |answers: &[String], wanted: &str| answers.iter().any(|answer| bare(answer) == bare(wanted));
        let first = views.first().map(|(_, view)| view.answers.clone()).unwrap_or_default();
        let agree = match &call.expect {
            Some(wanted) => views.iter().all(|(_, view)| gives(&view.answers, wanted)),
            None => views.iter().all(|(_, view)| view.answers == first),
        };
        let mut answers: Vec<String> = Vec::new();
        for answer in views.iter().flat_map(|(_, view)| &view.answers) {
            if !answers.contains(answer) {
                answers.push(answer.clone());
            }
        }
        let each: Vec<Value> = views
            .iter()
            .map(|(name, view)| json!({"resolver": name, "answers": view.answers, "ttl": view.ttl_s}))
            .collect();
        let ttl = views.iter().map(|(_, view)| view.ttl_s).min();
        json!({"answers": answers, "agree": agree, "ttl": ttl, "resolvers": each})
    }
}

impl Resolved {
    fn finished(mut self) -> Self {
        if self.ttl_s == u32::MAX {
            self.ttl_s = NEGATIVE_TTL_S;
        }
        self
    }
}
