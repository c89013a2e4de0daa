//! A drill's starting world and its faults, as read from a scenario file.

use serde::{Deserialize, Serialize};

use super::{Object, Value};

/// A scenario: what the simulated cloud looks like, and what goes wrong.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    pub name: String,
    pub summary: String,
    /// The virtual wall clock at the start (RFC 3339). Default: 2026-01-04T03:00:00Z, a Sunday.
    pub starts_at: Option<String>,
    /// How a headless drill of this scenario is expected to end.
    pub expect: Option<Expectation>,
    /// Changes to the derived world: resource kind → identifier → members to set.
    pub world: Object,
    pub faults: Vec<Fault>,
}

/// What a headless drill must end as, checked by the tests of the shipped scenarios.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    pub exit: u8,
    /// The step at which it stops, when it does.
    pub stops_at: Option<String>,
}

/// One fault. `after` and `for` are durations with a unit, from the start of the drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub kind: FaultKind,
    /// Only calls of this action (`aws/rds.promote_read_replica_db_cluster`), or all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only this resource (cluster, service, record, host, person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
    /// How many matching calls it hits; without it, every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Chance for each matching call, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// The fault's own figure: the lag (`2h`), the hang (`6m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The region's APIs and workloads stop answering.
    RegionLost,
    /// Calls are refused with `Throttling`.
    Throttled,
    /// Calls are refused with `AccessDenied`.
    AccessDenied,
    /// The promotion (or other transition) takes `value` longer than usual.
    Hangs,
    /// The call takes effect, its answer never arrives.
    LostAnswer,
    /// The call never reaches the service, and its answer never arrives.
    LostRequest,
    /// One resolver keeps the old answer.
    StaleResolver,
    /// Health checks fail every other time.
    HealthFlaps,
    /// The replica is `value` behind.
    Lag,
    /// A person's MFA device is gone.
    MfaDeviceLost,
}
