//! What is due when: the world's transitions, applied in order of time.
//!
//! Knows: which transition touches which resource. Must not know: why it was put down.

use std::collections::BTreeMap;

use super::ecs::ServiceKey;
use super::{Place, World};

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    ClusterPromoting(Place),
    ClusterPromoted(Place),
    InstanceModifying(Place),
    InstanceRebooting(Place),
    InstancePromoted(Place),
    GlobalMoved {
        id: String,
        to: String,
    },
    /// One task starts or stops; of an older generation it no longer counts.
    TaskTurn {
        service: ServiceKey,
        generation: u64,
    },
    /// The scaling looks whether a service is within its bounds.
    ScalingLooks(ServiceKey),
    TableActive(Place),
    TableGone(Place),
    ClusterIs(Place, String),
    InstanceIs(Place, String),
    ClusterGone(Place),
    GroupAvailable(Place),
    GroupGone(Place),
    InstanceGone(Place),
    ClusterFailedOver {
        place: Place,
        to: String,
    },
    GlobalLeft {
        id: String,
        arn: String,
    },
    DatastoreMoved {
        id: String,
        region: String,
    },
    RestoreJobEnds(String),
    ChangeInSync(String),
    DistributionDeployed {
        id: String,
        etag: String,
    },
    InvalidationCompleted {
        distribution: String,
        id: String,
    },
}

/// Transitions by time, and among equals by when they were put down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agenda {
    next: u64,
    due: BTreeMap<(i64, u64), Due>,
}

impl Agenda {
    pub fn put(&mut self, at_ms: i64, due: Due) {
        self.next += 1;
        self.due.insert((at_ms, self.next), due);
    }

    /// Takes the earliest transition that is due by `now_ms`.
    pub fn next_until(&mut self, now_ms: i64) -> Option<(i64, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now_ms)?;
        let ((at_ms, _), due) = entry.remove_entry();
        Some((at_ms, due))
    }
}

impl World {
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::ClusterPromoting(place) => self.cluster_promoting(&place),
            Due::ClusterPromoted(place) => self.cluster_promoted(&place),
            Due::InstanceModifying(place) => self.instance_is(&place, "modifying"),
            Due::InstanceRebooting(place) => self.instance_is(&place, "rebooting"),
            Due::InstancePromoted(place) => self.instance_promoted(&place),
            Due::GlobalMoved { id, to } => self.global_moved(&id, &to),
            Due::TaskTurn { service, generation } => self.task_turn(&service, generation),
            Due::ScalingLooks(service) => self.scaling_looks(&service),
            Due::TableActive(place) => self.table_active(&place),
            Due::TableGone(place) => {
                self.tables.remove(&place);
            }
            Due::ClusterIs(place, status) => self.cluster_is(&place, &status),
            Due::InstanceIs(place, status) => self.instance_becomes(&place, &status),
            Due::ClusterGone(place) => {
                self.clusters.remove(&place);
            }
            Due::GroupAvailable(place) => self.group_available(&place),
            Due::GroupGone(place) => {
                self.replication_groups.remove(&place);
            }
            Due::InstanceGone(place) => self.instance_gone(&place),
            Due::ClusterFailedOver { place, to } => self.cluster_failed_over(&place, &to),
            Due::GlobalLeft { id, arn } => self.global_left(&id, &arn),
            Due::DatastoreMoved { id, region } => self.datastore_moved(&id, &region),
            Due::RestoreJobEnds(id) => self.restore_job_ends(&id),
            Due::ChangeInSync(id) => self.change_in_sync(&id),
            Due::DistributionDeployed { id, etag } => self.distribution_deployed(&id, &etag),
            Due::InvalidationCompleted { distribution, id } => self.invalidation_completed(distribution, id),
        }
    }
}
