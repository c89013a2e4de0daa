//! Questions: what has to hold for a step to work, and the reads that tell.
//!
//! Must not know: how they are sent, or what an answer means.

use crate::model::action::Action;
use crate::model::plan::ResolvedTarget;

/// One read, with the rights of the target it goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub target: ResolvedTarget,
    pub action: Action,
}

/// One thing that has to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub target: ResolvedTarget,
    /// What it is about: `cluster shop-dr`.
    pub resource: String,
    pub check: Check,
    /// The reads that answer it, in the order that its judge knows. None where this machine knows.
    pub asks: Vec<Ask>,
    /// Keys of the steps that raise it, in order.
    pub steps: Vec<String>,
}

/// What has to hold, one variant a judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The credentials belong to the account that the target names.
    Account {
        account: Option<String>,
    },
    /// An Aurora cluster is available and still a replica.
    ReplicaCluster,
    Cluster,
    /// An RDS instance is available and still a replica.
    ReplicaInstance,
    Instance,
    /// A global database with nothing under way; with the member that is to become the writer.
    Global {
        member: Option<String>,
    },
    /// A replica is no further behind than the objective.
    Lag {
        rpo_ms: Option<u64>,
    },
    /// A metric has a datapoint.
    Metric,
    /// An ECS service is active.
    Service,
    /// An ECS cluster is active; with something to run the tasks on that a step starts.
    ServiceCluster {
        starts: bool,
    },
    /// A hosted zone whose records we may change.
    Zone,
    /// A record that a step is going to change or delete is there.
    Record {
        name: String,
        kind: String,
        set_identifier: Option<String>,
    },
    /// A distribution is deployed; with the origin that is going to change.
    Distribution {
        edits: bool,
        origin_id: Option<String>,
    },
    /// A bucket answers from the target's region.
    Bucket,
    Versioning,
    Replication,
    /// A table can be restored to a point in time.
    PointInTime,
    /// Whatever the read looks at is there; or not yet, where a step is going to make it.
    There {
        makes: bool,
    },
    /// An endpoint answers well.
    Endpoint,
    /// A program is on this machine.
    Program {
        name: String,
        dir: Option<String>,
    },
    /// Only an earlier step will tell which resource is meant.
    Later {
        from: String,
    },
}

impl Check {
    /// The check's name for scripts.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Account { .. } => "account",
            Self::ReplicaCluster | Self::ReplicaInstance => "replica",
            Self::Cluster | Self::Instance | Self::There { makes: false } => "exists",
            Self::There { makes: true } => "free",
            Self::Global { .. } => "global_database",
            Self::Lag { .. } => "lag",
            Self::Metric => "metric",
            Self::Service => "service",
            Self::ServiceCluster { .. } => "capacity",
            Self::Zone => "zone",
            Self::Record { .. } => "record",
            Self::Distribution { .. } => "distribution",
            Self::Bucket => "bucket",
            Self::Versioning => "versioning",
            Self::Replication => "replication",
            Self::PointInTime => "point_in_time",
            Self::Endpoint => "endpoint",
            Self::Program { .. } => "program",
            Self::Later { .. } => "later",
        }
    }

    /// The same for people, in a word or three.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Account { .. } => "right account",
            Self::ReplicaCluster | Self::ReplicaInstance => "ready to promote",
            Self::Cluster | Self::Instance | Self::There { makes: false } => "exists",
            Self::There { makes: true } => "name is free",
            Self::Zone => "open to changes",
            Self::Global { .. } => "free to fail over",
            Self::Lag { .. } => "within the RPO",
            Self::Metric => "has a datapoint",
            Self::Service | Self::ServiceCluster { starts: false } => "active",
            Self::ServiceCluster { starts: true } => "has capacity",
            Self::Record { .. } => "there to change",
            Self::Distribution { .. } => "deployed",
            Self::Bucket => "in its region",
            Self::Versioning => "keeps versions",
            Self::Replication => "replicated",
            Self::PointInTime => "keeps every second",
            Self::Endpoint => "answers",
            Self::Program { .. } => "installed",
            Self::Later { .. } => "known",
        }
    }

    /// Whether an answer to this question answers the other one about the same resource as well.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ReplicaCluster, Self::Cluster)
            | (Self::ReplicaInstance, Self::Instance)
            | (Self::ServiceCluster { starts: true }, Self::ServiceCluster { .. })
            | (Self::Global { member: Some(_) }, Self::Global { member: None })
            | (Self::Distribution { edits: true, .. }, Self::Distribution { edits: false, .. }) => true,
            _ => self == other,
        }
    }
}
