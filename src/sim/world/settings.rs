//! Databases' settings: how long backups are kept, the networks they are in; and what changes them.
//!
//! Must not know: how databases come about (`recovery.rs`, `instances.rs`).

use serde_json::json;

use super::rds::{Cluster, Instance, no_cluster, no_instance, place};
use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;
use crate::model::time::rfc3339;

/// What clusters and instances have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub retention_days: u32,
    pub window: String,
    pub is_protected: bool,
    pub subnet_group: Option<String>,
    pub security_groups: Vec<String>,
    /// Its own backups begin here.
    pub since_ms: i64,
}

const DAY_MS: i64 = 86_400_000;
/// The newest point that can be restored to is about this old.
const NEWEST_AGE_MS: i64 = 5 * 60_000;
/// The group that AWS puts a database in when none is given.
const DEFAULT_GROUP: &str = "sg-00000000default00";
const MODIFIED_MS: (u64, u64) = (5_000, 40_000);

impl Settings {
    /// Of a database that has been looked after for long.
    #[must_use]
    pub fn of_production() -> Self {
        Self {
            retention_days: 35,
            window: "03:00-03:30".to_owned(),
            is_protected: true,
            subnet_group: Some("default".to_owned()),
            security_groups: vec![DEFAULT_GROUP.to_owned()],
            since_ms: i64::MIN / 2,
        }
    }

    /// As AWS makes it when nothing is asked for: one day of backups, the default group.
    #[must_use]
    pub fn new(since_ms: i64) -> Self {
        Self { retention_days: 1, is_protected: false, since_ms, ..Self::of_production() }
    }

    /// With what a call asks for.
    #[must_use]
    pub fn with(mut self, subnet_group: Option<&String>, groups: Option<&Vec<String>>, protect: Option<bool>) -> Self {
        if let Some(group) = subnet_group {
            self.subnet_group = Some(group.clone());
        }
        if let Some(groups) = groups {
            self.security_groups.clone_from(groups);
        }
        self.is_protected = protect.unwrap_or(self.is_protected);
        self
    }

    /// The points in time that can be restored to, if any.
    #[must_use]
    pub fn restorable(&self, now_ms: i64) -> Option<(i64, i64)> {
        let earliest = self.since_ms.max(now_ms - i64::from(self.retention_days) * DAY_MS);
        let latest = now_ms - NEWEST_AGE_MS;
        (self.retention_days > 0 && earliest <= latest).then_some((earliest, latest))
    }

    /// Adds the members that tell of them.
    pub(super) fn show(&self, view: &mut Value, now_ms: i64, has_earliest: bool) {
        let restorable = self.restorable(now_ms);
        if has_earliest {
            view["earliest_restorable_time"] = json!(restorable.map(|(earliest, _)| rfc3339(earliest)));
        }
        view["latest_restorable_time"] = json!(restorable.map(|(_, latest)| rfc3339(latest)));
        view["backup_retention_period"] = json!(self.retention_days);
        view["preferred_backup_window"] = json!(self.window);
        view["deletion_protection"] = json!(self.is_protected);
        view["db_subnet_group"] = json!(self.subnet_group);
        view["vpc_security_group_ids"] = json!(self.security_groups);
        view["pending_modified_values"] = Value::Null;
    }
}

/// What both calls that modify have in common.
struct Change<'a> {
    retention_days: Option<u32>,
    window: Option<&'a String>,
    groups: Option<&'a Vec<String>>,
    protect: Option<bool>,
}

impl Change<'_> {
    /// The longest that AWS keeps automated backups.
    const MOST_DAYS: u32 = 35;

    fn apply(&self, settings: &mut Settings, least_days: u32) -> Result<(), Refusal> {
        if let Some(days) = self.retention_days {
            if !(least_days..=Self::MOST_DAYS).contains(&days) {
                let why = format!("Invalid backup retention period: {days}. Must be between {least_days} and 35.");
                return Err(Refusal::invalid("InvalidParameterValue", why));
            }
            settings.retention_days = days;
        }
        if let Some(window) = self.window {
            settings.window.clone_from(window);
        }
        *settings = settings.clone().with(None, self.groups, self.protect);
        Ok(())
    }
}

/// Refuses to delete what is protected, as both kinds word it.
pub(super) fn deletable(settings: &Settings, what: &str) -> Result<(), Refusal> {
    if settings.is_protected {
        let why = format!("Cannot delete protected {what}, please disable deletion protection and try again.");
        return Err(Refusal::invalid("InvalidParameterCombination", why));
    }
    Ok(())
}

impl World {
    pub(super) fn modify_cluster(&mut self, call: &calls::ModifyDbCluster, context: &mut Context<'_>) -> Answer {
        let id = &call.db_cluster_identifier;
        let at = place(context, id);
        let now_ms = self.now_ms;
        let cluster: &mut Cluster = self.clusters.get_mut(&at).ok_or_else(|| no_cluster(id))?;
        if cluster.status != "available" {
            let why = format!("DBCluster {id} is {}.", cluster.status);
            return Err(Refusal::invalid("InvalidDBClusterStateFault", why));
        }
        let change = Change {
            retention_days: call.backup_retention_period,
            window: call.preferred_backup_window.as_ref(),
            groups: call.vpc_security_group_ids.as_ref(),
            protect: call.deletion_protection,
        };
        change.apply(&mut cluster.settings, 1)?;
        Ok(cluster.view(now_ms))
    }

    /// Takes effect at once: nothing here waits for a maintenance window.
    pub(super) fn modify_instance(&mut self, call: &calls::ModifyDbInstance, context: &mut Context<'_>) -> Answer {
        let id = &call.db_instance_identifier;
        let at = place(context, id);
        let now_ms = self.now_ms;
        let instance: &mut Instance = self.instances.get_mut(&at).ok_or_else(|| no_instance(id))?;
        if instance.status != "available" {
            let why = format!("DB instance {id} is {}.", instance.status);
            return Err(Refusal::invalid("InvalidDBInstanceState", why));
        }
        let change = Change {
            retention_days: call.backup_retention_period,
            window: call.preferred_backup_window.as_ref(),
            groups: call.vpc_security_group_ids.as_ref(),
            protect: call.deletion_protection,
        };
        change.apply(&mut instance.settings, 0)?;
        if let Some(class) = &call.db_instance_class {
            instance.class.clone_from(class);
        }
        instance.multi_az = call.multi_az.unwrap_or(instance.multi_az);
        "modifying".clone_into(&mut instance.status);
        let view = instance.view(now_ms);
        let ms = context.dice.between(MODIFIED_MS.0, MODIFIED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::InstanceIs(at, "available".to_owned()));
        Ok(view)
    }
}
