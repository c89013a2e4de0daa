//! RDS: snapshots of instances, what is restored from them, and read replicas.
//!
//! Must not know: Aurora clusters (`recovery.rs`).

use serde_json::json;

use super::rds::{Lag, no_instance, place};
use super::settings::Settings;
use super::{Answer, Context, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;
use crate::model::time::rfc3339;
use crate::sim::naming::short;

/// A snapshot of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSnapshot {
    pub id: String,
    pub arn: String,
    pub instance: String,
    pub kind: String,
    pub engine: String,
    pub created_ms: i64,
    /// When it is complete.
    pub ready_ms: i64,
}

const SNAPSHOT_MS: (u64, u64) = (2 * 60_000, 4 * 60_000);
const RESTORED_MS: (u64, u64) = (18 * 60_000, 26 * 60_000);
const REPLICA_MS: (u64, u64) = (15 * 60_000, 25 * 60_000);
const REPLICA_LAG_MS: (u64, u64) = (2_000, 12_000);

impl InstanceSnapshot {
    fn view(&self, now_ms: i64) -> Value {
        let is_ready = now_ms >= self.ready_ms;
        let percent = if is_ready {
            100
        } else {
            ((now_ms - self.created_ms) * 100 / (self.ready_ms - self.created_ms).max(1)).clamp(0, 99)
        };
        json!({
            "db_snapshot_identifier": self.id,
            "db_snapshot_arn": self.arn,
            "db_instance_identifier": self.instance,
            "status": if is_ready { "available" } else { "creating" },
            "percent_progress": percent,
            "snapshot_type": self.kind,
            "snapshot_create_time": rfc3339(self.created_ms),
            "engine": self.engine,
        })
    }
}

/// A snapshot by name or ARN; names of automated ones hold a colon (`rds:…`).
fn snapshot_id(id: &str) -> &str {
    id.split_once(":snapshot:").map_or(id, |(_, id)| id)
}

fn no_snapshot(id: &str) -> Refusal {
    Refusal::not_found("DBSnapshotNotFound", format!("DBSnapshot {id} not found."))
}

impl World {
    pub(super) fn create_snapshot(&mut self, call: &calls::CreateDbSnapshot, context: &mut Context<'_>) -> Answer {
        let (id, source) = (&call.db_snapshot_identifier, &call.db_instance_identifier);
        let instance = self.instances.get(&place(context, source)).ok_or_else(|| no_instance(source))?;
        let at = (context.region.clone(), id.clone());
        if self.instance_snapshots.contains_key(&at) {
            let why = format!("DBSnapshot {id} already exists.");
            return Err(Refusal::invalid("DBSnapshotAlreadyExists", why));
        }
        if instance.status != "available" {
            let why = format!("DB instance {source} is {}.", instance.status);
            return Err(Refusal::invalid("InvalidDBInstanceState", why));
        }
        let ms = context.dice.between(SNAPSHOT_MS.0, SNAPSHOT_MS.1) + context.fate.hang_ms;
        let snapshot = InstanceSnapshot {
            id: id.clone(),
            arn: format!("arn:aws:rds:{}:{}:snapshot:{id}", context.region, Self::account_of(context.target)),
            instance: instance.id.clone(),
            kind: "manual".to_owned(),
            engine: instance.engine.clone(),
            created_ms: self.now_ms,
            ready_ms: self.after(ms),
        };
        let view = snapshot.view(self.now_ms);
        self.instance_snapshots.insert(at, snapshot);
        Ok(view)
    }

    pub(super) fn describe_snapshots(&self, call: &calls::DescribeDbSnapshots, context: &Context<'_>) -> Answer {
        let wanted = call.db_snapshot_identifier.as_deref();
        let mut found: Vec<&InstanceSnapshot> = self
            .instance_snapshots
            .iter()
            .filter(|((region, id), snapshot)| {
                *region == context.region
                    && wanted.is_none_or(|wanted| snapshot_id(wanted) == id)
                    && call.db_instance_identifier.as_deref().is_none_or(|wanted| short(wanted) == snapshot.instance)
                    && call.snapshot_type.as_deref().is_none_or(|wanted| wanted == snapshot.kind)
            })
            .map(|(_, snapshot)| snapshot)
            .collect();
        if let (Some(id), true) = (wanted, found.is_empty()) {
            return Err(no_snapshot(id));
        }
        found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_ms));
        let views: Vec<Value> = found.into_iter().map(|snapshot| snapshot.view(self.now_ms)).collect();
        Ok(json!({"db_snapshots": views}))
    }

    pub(super) fn delete_snapshot(&mut self, call: &calls::DeleteDbSnapshot, context: &Context<'_>) -> Answer {
        let id = &call.db_snapshot_identifier;
        let at = (context.region.clone(), snapshot_id(id).to_owned());
        let snapshot = self.instance_snapshots.get(&at).ok_or_else(|| no_snapshot(id))?;
        if snapshot.kind != "manual" {
            let why = format!("DBSnapshot {id} is {} and cannot be deleted.", snapshot.kind);
            return Err(Refusal::invalid("InvalidDBSnapshotState", why));
        }
        let mut view = snapshot.view(self.now_ms);
        view["status"] = json!("deleted");
        self.instance_snapshots.remove(&at);
        Ok(view)
    }

    pub(super) fn restore_instance_from_snapshot(
        &mut self,
        call: &calls::RestoreDbInstanceFromDbSnapshot,
        context: &mut Context<'_>,
    ) -> Answer {
        let from = &call.db_snapshot_identifier;
        let at = (context.region.clone(), snapshot_id(from).to_owned());
        let snapshot = self.instance_snapshots.get(&at).ok_or_else(|| no_snapshot(from))?;
        if self.now_ms < snapshot.ready_ms {
            return Err(Refusal::invalid("InvalidDBSnapshotState", format!("DBSnapshot {from} is not available.")));
        }
        let engine = snapshot.engine.clone();
        let settings = Settings::new(self.now_ms).with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        let takes_ms = context.dice.between(RESTORED_MS.0, RESTORED_MS.1);
        let id = &call.db_instance_identifier;
        self.new_instance(id, &engine, settings, takes_ms, context)?;
        self.classed(id, call.db_instance_class.as_ref(), call.multi_az, context)
    }

    pub(super) fn create_replica(
        &mut self,
        call: &calls::CreateDbInstanceReadReplica,
        context: &mut Context<'_>,
    ) -> Answer {
        let source = &call.source_db_instance_identifier;
        let source_region = match source.strip_prefix("arn:") {
            Some(arn) => arn.split(':').nth(2).unwrap_or(&context.region).to_owned(),
            None => context.region.clone(),
        };
        let from = (source_region.clone(), short(source).to_owned());
        let instance = self.instances.get(&from).ok_or_else(|| no_instance(source))?;
        if instance.settings.retention_days == 0 {
            let why = format!("Automated backups are not enabled for DB instance {source}.");
            return Err(Refusal::invalid("InvalidDBInstanceState", why));
        }
        let engine = instance.engine.clone();
        let settings = Settings { retention_days: 0, ..Settings::new(self.now_ms) }.with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        let takes_ms = context.dice.between(REPLICA_MS.0, REPLICA_MS.1);
        let lag_ms = context.dice.between(REPLICA_LAG_MS.0, REPLICA_LAG_MS.1);
        let id = &call.db_instance_identifier;
        self.new_instance(id, &engine, settings, takes_ms, context)?;
        if let Some(replica) = self.instances.get_mut(&place(context, id)) {
            replica.source = Some(source.clone());
            replica.lag = Lag::Active { ms: lag_ms, jitter_ms: 2_000, source_region };
        }
        self.classed(id, call.db_instance_class.as_ref(), call.multi_az, context)
    }

    /// A new instance with the class that was asked for.
    pub(super) fn classed(
        &mut self,
        id: &str,
        class: Option<&String>,
        multi_az: Option<bool>,
        context: &Context<'_>,
    ) -> Answer {
        let now_ms = self.now_ms;
        let instance = self.instances.get_mut(&place(context, id)).ok_or_else(|| no_instance(id))?;
        if let Some(class) = class {
            instance.class.clone_from(class);
        }
        instance.multi_az = multi_az.unwrap_or(instance.multi_az);
        Ok(instance.view(now_ms))
    }
}
