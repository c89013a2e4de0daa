//! RDS: clusters and instances that come out of backups, take minutes to come up, and are taken away.
//!
//! Must not know: promotion and replication (`rds.rs`).

use serde_json::json;

use super::rds::{Cluster, Instance, Lag, no_cluster, no_instance, place};
use super::settings::{Settings, deletable};
use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::rds as calls;
use crate::model::time::{parse_rfc3339_ms, rfc3339};
use crate::sim::dice::HOST;
use crate::sim::naming::short;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: String,
    pub arn: String,
    pub cluster: String,
    pub kind: String,
    pub engine: String,
    pub created_ms: i64,
    /// When it is complete.
    pub ready_ms: i64,
}

const CLUSTER_RESTORED_MS: (u64, u64) = (6 * 60_000, 12 * 60_000);
const INSTANCE_RESTORED_MS: (u64, u64) = (20 * 60_000, 28 * 60_000);
const INSTANCE_CREATED_MS: (u64, u64) = (4 * 60_000, 8 * 60_000);
const SNAPSHOT_MS: (u64, u64) = (2 * 60_000, 4 * 60_000);
const DELETED_MS: (u64, u64) = (2 * 60_000, 5 * 60_000);
const REPLICA_LAG_MS: (u64, u64) = (4_000, 20_000);
pub(in crate::sim) const USUAL_CLASS: &str = "db.r6g.large";

impl Snapshot {
    fn view(&self, now_ms: i64) -> Value {
        let is_ready = now_ms >= self.ready_ms;
        let percent = if is_ready {
            100
        } else {
            ((now_ms - self.created_ms) * 100 / (self.ready_ms - self.created_ms).max(1)).clamp(0, 99)
        };
        json!({
            "db_cluster_snapshot_identifier": self.id,
            "db_cluster_snapshot_arn": self.arn,
            "db_cluster_identifier": self.cluster,
            "status": if is_ready { "available" } else { "creating" },
            "percent_progress": percent,
            "snapshot_type": self.kind,
            "snapshot_create_time": rfc3339(self.created_ms),
            "engine": self.engine,
        })
    }
}

/// An instance that replicates from nobody.
pub(super) fn standing_alone(
    (region, id): &Place,
    account: &str,
    engine: &str,
    host: &str,
    settings: Settings,
) -> Instance {
    Instance {
        id: id.clone(),
        arn: format!("arn:aws:rds:{region}:{account}:db:{id}"),
        status: "available".to_owned(),
        engine: engine.to_owned(),
        endpoint: format!("{id}.{host}.{region}.rds.amazonaws.com"),
        port: 5432,
        source: None,
        lag: Lag::None,
        promoting: false,
        cluster: None,
        class: USUAL_CLASS.to_owned(),
        multi_az: false,
        settings,
    }
}

fn combination(message: &str) -> Refusal {
    Refusal::invalid("InvalidParameterCombination", message)
}

/// Exactly one of a time and "the latest", and the time within what is kept.
fn point(settings: &Settings, now_ms: i64, at: Option<&str>, latest: Option<bool>) -> Result<(), Refusal> {
    let Some((earliest, newest)) = settings.restorable(now_ms) else {
        return Err(Refusal::invalid("PointInTimeRestoreNotEnabled", "Automated backups are not enabled."));
    };
    match (at, latest == Some(true)) {
        (Some(_), true) => Err(combination("A restore time and UseLatestRestorableTime exclude each other.")),
        (None, false) => Err(combination("Either a restore time or UseLatestRestorableTime must be given.")),
        (None, true) => Ok(()),
        (Some(at), false) => {
            let ms = parse_rfc3339_ms(at).map_err(|why| Refusal::invalid("InvalidParameterValue", why))?;
            if (earliest..=newest).contains(&ms) {
                return Ok(());
            }
            let why = format!("The specified time {at} is not within the restorable window.");
            Err(Refusal::invalid("InvalidRestoreFault", why))
        }
    }
}

/// A name for a new cluster that stands alone.
struct NewCluster<'a> {
    id: &'a str,
    engine: String,
    engine_version: String,
    settings: Settings,
}

impl World {
    fn new_cluster(&mut self, new: &NewCluster<'_>, context: &mut Context<'_>) -> Answer {
        let at = place(context, new.id);
        if self.clusters.contains_key(&at) {
            let why = format!("DBCluster {} already exists.", new.id);
            return Err(Refusal::invalid("DBClusterAlreadyExistsFault", why));
        }
        let domain = format!("{}.{}.rds.amazonaws.com", context.dice.text(HOST, 12), context.region);
        let account = Self::account_of(context.target);
        let cluster = Cluster {
            id: new.id.to_owned(),
            arn: format!("arn:aws:rds:{}:{account}:cluster:{}", context.region, new.id),
            status: "creating".to_owned(),
            engine: new.engine.clone(),
            engine_version: new.engine_version.clone(),
            endpoint: format!("{}.cluster-{domain}", new.id),
            reader_endpoint: format!("{}.cluster-ro-{domain}", new.id),
            source: None,
            // A restore makes no instances.
            members: Vec::new(),
            lag: Lag::None,
            promoting: false,
            settings: new.settings.clone(),
        };
        let view = cluster.view(self.now_ms);
        let ms = context.dice.between(CLUSTER_RESTORED_MS.0, CLUSTER_RESTORED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::ClusterIs(at.clone(), "available".to_owned()));
        self.clusters.insert(at, cluster);
        Ok(view)
    }

    pub(super) fn restore_cluster_to_point(
        &mut self,
        call: &calls::RestoreDbClusterToPointInTime,
        context: &mut Context<'_>,
    ) -> Answer {
        let source = &call.source_db_cluster_identifier;
        let from = self.clusters.get(&place(context, source)).ok_or_else(|| no_cluster(source))?;
        point(&from.settings, self.now_ms, call.restore_to_time.as_deref(), call.use_latest_restorable_time)?;
        let (engine, engine_version) = (from.engine.clone(), from.engine_version.clone());
        // How long backups are kept comes along; network and protection do not.
        let settings = Settings { retention_days: from.settings.retention_days, ..Settings::new(self.now_ms) }.with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        let new = NewCluster { id: &call.db_cluster_identifier, engine, engine_version, settings };
        self.new_cluster(&new, context)
    }

    pub(super) fn restore_cluster_from_snapshot(
        &mut self,
        call: &calls::RestoreDbClusterFromSnapshot,
        context: &mut Context<'_>,
    ) -> Answer {
        let id = &call.snapshot_identifier;
        let missing =
            || Refusal::not_found("DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {id} not found."));
        let snapshot = self.snapshots.get(&(context.region.clone(), snapshot_id(id).to_owned())).ok_or_else(missing)?;
        if self.now_ms < snapshot.ready_ms {
            let why = format!("DBClusterSnapshot {id} is not available.");
            return Err(Refusal::invalid("InvalidDBClusterSnapshotStateFault", why));
        }
        if snapshot.engine != call.engine {
            let why = format!("The engine {} does not match the snapshot's {}.", call.engine, snapshot.engine);
            return Err(combination(&why));
        }
        let engine_version = call.engine_version.clone().unwrap_or_else(|| "16.4".to_owned());
        let engine = call.engine.clone();
        let settings = Settings::new(self.now_ms).with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        let new = NewCluster { id: &call.db_cluster_identifier, engine, engine_version, settings };
        self.new_cluster(&new, context)
    }

    /// A cluster made anew: alone, or as a replica of one that exists, mostly in another region.
    pub(super) fn create_cluster(&mut self, call: &calls::CreateDbCluster, context: &mut Context<'_>) -> Answer {
        let source = call.replication_source_identifier.as_deref();
        let from = source.map(|arn| {
            let found = self.clusters.values().find(|cluster| cluster.arn == arn);
            found.map(|from| (from.engine.clone(), from.engine_version.clone())).ok_or_else(|| no_cluster(arn))
        });
        let from = from.transpose()?;
        if let Some((engine, _)) = from.as_ref().filter(|(engine, _)| *engine != call.engine) {
            return Err(combination(&format!("The engine of the source is {engine}.")));
        }
        let version = call.engine_version.clone().or(from.map(|(_, version)| version));
        let settings =
            Settings { retention_days: call.backup_retention_period.unwrap_or(1), ..Settings::new(self.now_ms) };
        let new = NewCluster {
            id: &call.db_cluster_identifier,
            engine: call.engine.clone(),
            engine_version: version.unwrap_or_else(|| "16.4".to_owned()),
            settings: settings.with(
                call.db_subnet_group_name.as_ref(),
                call.vpc_security_group_ids.as_ref(),
                call.deletion_protection,
            ),
        };
        self.new_cluster(&new, context)?;
        let lag_ms = context.dice.between(REPLICA_LAG_MS.0, REPLICA_LAG_MS.1);
        let now_ms = self.now_ms;
        let id = &call.db_cluster_identifier;
        let cluster = self.clusters.get_mut(&place(context, id)).ok_or_else(|| no_cluster(id))?;
        if let Some(arn) = source {
            let source_region = arn.split(':').nth(3).unwrap_or_default().to_owned();
            cluster.source = Some(arn.to_owned());
            cluster.lag = Lag::Active { ms: lag_ms, jitter_ms: 4_000, source_region };
        }
        Ok(cluster.view(now_ms))
    }

    pub(super) fn new_instance(
        &mut self,
        id: &str,
        engine: &str,
        settings: Settings,
        takes_ms: u64,
        context: &mut Context<'_>,
    ) -> Answer {
        let at = place(context, id);
        if self.instances.contains_key(&at) {
            return Err(Refusal::invalid("DBInstanceAlreadyExists", format!("DB instance {id} already exists.")));
        }
        let host = context.dice.text(HOST, 12);
        let mut instance = standing_alone(&at, Self::account_of(context.target), engine, &host, settings);
        "creating".clone_into(&mut instance.status);
        let view = instance.view(self.now_ms);
        let ms = takes_ms + context.fate.hang_ms;
        // The first backup of a new instance stands before it is called available.
        self.agenda.put(self.after(ms.saturating_sub(60_000)), Due::InstanceIs(at.clone(), "backing-up".to_owned()));
        self.agenda.put(self.after(ms), Due::InstanceIs(at.clone(), "available".to_owned()));
        self.instances.insert(at, instance);
        Ok(view)
    }

    pub(super) fn create_instance(&mut self, call: &calls::CreateDbInstance, context: &mut Context<'_>) -> Answer {
        let id = &call.db_instance_identifier;
        let takes_ms = context.dice.between(INSTANCE_CREATED_MS.0, INSTANCE_CREATED_MS.1);
        if let Some(cluster_id) = &call.db_cluster_identifier {
            let cluster = self.clusters.get(&place(context, cluster_id)).ok_or_else(|| no_cluster(cluster_id))?;
            if cluster.engine != call.engine {
                return Err(combination(&format!("The engine of cluster {cluster_id} is {}.", cluster.engine)));
            }
        }
        let asked =
            Settings { retention_days: call.backup_retention_period.unwrap_or(1), ..Settings::new(self.now_ms) };
        let mut settings = asked.with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        // In a cluster network and backups are the cluster's.
        let of_cluster = call.db_cluster_identifier.as_ref().and_then(|id| self.clusters.get(&place(context, id)));
        if let Some(cluster) = of_cluster {
            settings = Settings { is_protected: false, ..cluster.settings.clone() };
        }
        self.new_instance(id, &call.engine, settings, takes_ms, context)?;
        if let Some(cluster_id) = &call.db_cluster_identifier
            && let Some(cluster) = self.clusters.get_mut(&place(context, cluster_id))
        {
            let is_writer = cluster.members.is_empty() && cluster.source.is_none();
            cluster.members.push((id.clone(), is_writer));
            if let Some(instance) = self.instances.get_mut(&place(context, id)) {
                instance.cluster = Some(short(cluster_id).to_owned());
            }
        }
        self.classed(id, Some(&call.db_instance_class), call.multi_az, context)
    }

    pub(super) fn restore_instance_to_point(
        &mut self,
        call: &calls::RestoreDbInstanceToPointInTime,
        context: &mut Context<'_>,
    ) -> Answer {
        let source = &call.source_db_instance_identifier;
        let from = self.instances.get(&place(context, source)).ok_or_else(|| no_instance(source))?;
        point(&from.settings, self.now_ms, call.restore_time.as_deref(), call.use_latest_restorable_time)?;
        let engine = from.engine.clone();
        let settings = Settings { retention_days: from.settings.retention_days, ..Settings::new(self.now_ms) }.with(
            call.db_subnet_group_name.as_ref(),
            call.vpc_security_group_ids.as_ref(),
            call.deletion_protection,
        );
        let takes_ms = context.dice.between(INSTANCE_RESTORED_MS.0, INSTANCE_RESTORED_MS.1);
        let id = &call.target_db_instance_identifier;
        self.new_instance(id, &engine, settings, takes_ms, context)?;
        self.classed(id, call.db_instance_class.as_ref(), call.multi_az, context)
    }

    pub(super) fn create_cluster_snapshot(
        &mut self,
        call: &calls::CreateDbClusterSnapshot,
        context: &mut Context<'_>,
    ) -> Answer {
        let (id, cluster_id) = (&call.db_cluster_snapshot_identifier, &call.db_cluster_identifier);
        let cluster = self.clusters.get(&place(context, cluster_id)).ok_or_else(|| no_cluster(cluster_id))?;
        let at = (context.region.clone(), id.clone());
        if self.snapshots.contains_key(&at) {
            let why = format!("DBClusterSnapshot {id} already exists.");
            return Err(Refusal::invalid("DBClusterSnapshotAlreadyExistsFault", why));
        }
        if cluster.status != "available" {
            return Err(Refusal::invalid(
                "InvalidDBClusterStateFault",
                format!("DBCluster {cluster_id} is {}.", cluster.status),
            ));
        }
        let ms = context.dice.between(SNAPSHOT_MS.0, SNAPSHOT_MS.1) + context.fate.hang_ms;
        let account = Self::account_of(context.target);
        let snapshot = Snapshot {
            id: id.clone(),
            arn: format!("arn:aws:rds:{}:{account}:cluster-snapshot:{id}", context.region),
            cluster: cluster.id.clone(),
            kind: "manual".to_owned(),
            engine: cluster.engine.clone(),
            created_ms: self.now_ms,
            ready_ms: self.after(ms),
        };
        let view = snapshot.view(self.now_ms);
        self.snapshots.insert(at, snapshot);
        Ok(view)
    }

    pub(super) fn describe_cluster_snapshots(
        &self,
        call: &calls::DescribeDbClusterSnapshots,
        context: &Context<'_>,
    ) -> Answer {
        let wanted = call.db_cluster_snapshot_identifier.as_deref();
        let mut found: Vec<&Snapshot> = self
            .snapshots
            .iter()
            .filter(|((region, id), snapshot)| {
                *region == context.region
                    && wanted.is_none_or(|wanted| snapshot_id(wanted) == id)
                    && call.db_cluster_identifier.as_deref().is_none_or(|wanted| short(wanted) == snapshot.cluster)
                    && call.snapshot_type.as_deref().is_none_or(|wanted| wanted == snapshot.kind)
            })
            .map(|(_, snapshot)| snapshot)
            .collect();
        if let (Some(id), true) = (wanted, found.is_empty()) {
            let why = format!("DBClusterSnapshot {id} not found.");
            return Err(Refusal::not_found("DBClusterSnapshotNotFoundFault", why));
        }
        found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_ms));
        let views: Vec<Value> = found.into_iter().map(|snapshot| snapshot.view(self.now_ms)).collect();
        Ok(json!({"db_cluster_snapshots": views}))
    }

    pub(super) fn delete_cluster(&mut self, call: &calls::DeleteDbCluster, context: &mut Context<'_>) -> Answer {
        let id = &call.db_cluster_identifier;
        let at = place(context, id);
        let is_leaving =
            |instance: &String| self.instances.get(&place(context, instance)).is_some_and(|i| i.status == "deleting");
        let cluster = self.clusters.get(&at).ok_or_else(|| no_cluster(id))?;
        let refuse = |why: String| Err(Refusal::invalid("InvalidDBClusterStateFault", why));
        final_snapshot(call.skip_final_snapshot, call.final_db_snapshot_identifier.as_deref())?;
        deletable(&cluster.settings, "Cluster")?;
        if self.globals.values().any(|global| global.members.iter().any(|member| member.arn == cluster.arn)) {
            return refuse(format!("DBCluster {id} is a member of a global cluster."));
        }
        if !cluster.members.iter().all(|(instance, _)| is_leaving(instance)) {
            return refuse(
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.".to_owned(),
            );
        }
        if cluster.status == "deleting" {
            return refuse(format!("DBCluster {id} is already being deleted."));
        }
        let ms = context.dice.between(DELETED_MS.0, DELETED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::ClusterGone(at.clone()));
        self.cluster_is(&at, "deleting");
        self.clusters.get(&at).map(|cluster| cluster.view(self.now_ms)).ok_or_else(|| no_cluster(id))
    }

    pub(super) fn delete_instance(&mut self, call: &calls::DeleteDbInstance, context: &mut Context<'_>) -> Answer {
        let id = &call.db_instance_identifier;
        let at = place(context, id);
        let instance = self.instances.get(&at).ok_or_else(|| no_instance(id))?;
        if !instance.engine.starts_with("aurora") {
            final_snapshot(call.skip_final_snapshot, call.final_db_snapshot_identifier.as_deref())?;
        }
        deletable(&instance.settings, "Instance")?;
        if instance.status == "deleting" {
            let why = format!("Instance {id} is already being deleted.");
            return Err(Refusal::invalid("InvalidDBInstanceState", why));
        }
        let ms = context.dice.between(DELETED_MS.0, DELETED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::InstanceGone(at.clone()));
        self.instance_is(&at, "deleting");
        self.instances.get(&at).map(|instance| instance.view(self.now_ms)).ok_or_else(|| no_instance(id))
    }

    pub(super) fn cluster_is(&mut self, at: &Place, status: &str) {
        // What is being deleted does not come back by having been restored.
        if let Some(cluster) = self.clusters.get_mut(at).filter(|cluster| cluster.status != "deleting") {
            status.clone_into(&mut cluster.status);
        }
    }

    pub(super) fn instance_becomes(&mut self, at: &Place, status: &str) {
        if self.instances.get(at).is_some_and(|instance| instance.status != "deleting") {
            self.instance_is(at, status);
        }
    }

    pub(super) fn instance_gone(&mut self, at: &Place) {
        self.instances.remove(at);
        for (_, cluster) in self.clusters.iter_mut().filter(|((region, _), _)| *region == at.0) {
            cluster.members.retain(|(member, _)| *member != at.1);
            if let (false, Some((_, is_writer))) =
                (cluster.members.iter().any(|(_, is_writer)| *is_writer), cluster.members.first_mut())
            {
                *is_writer = cluster.source.is_none();
            }
        }
    }
}

/// A snapshot by name or ARN; names of automated ones hold a colon (`rds:…`).
fn snapshot_id(id: &str) -> &str {
    id.split_once(":cluster-snapshot:").map_or(id, |(_, id)| id)
}

fn final_snapshot(skip: Option<bool>, name: Option<&str>) -> Result<(), Refusal> {
    match (skip == Some(true), name) {
        (false, None) => Err(combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is given.")),
        (true, Some(_)) => Err(combination("FinalDBSnapshotIdentifier and SkipFinalSnapshot exclude each other.")),
        _ => Ok(()),
    }
}
