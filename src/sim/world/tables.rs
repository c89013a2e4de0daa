//! DynamoDB tables: restored beside the old ones, bare; changed; deleted.

use serde_json::json;

use super::dynamodb::Table;
use super::{Answer, Context, Due, Place, Refusal, World};
use crate::model::Value;
use crate::model::action::dynamodb as calls;
use crate::model::time::{parse_rfc3339_ms, rfc3339};
use crate::sim::naming::short;

const RESTORED_MS: (u64, u64) = (10 * 60_000, 20 * 60_000);
const UPDATED_MS: (u64, u64) = (10_000, 40_000);
const TTL_MS: (u64, u64) = (20_000, 60_000);

fn place(context: &Context<'_>, name: &str) -> Place {
    (context.region.clone(), short(name).to_owned())
}

fn no_table(name: &str) -> Refusal {
    let why = format!("Requested resource not found: Table: {} not found", short(name));
    Refusal::not_found("ResourceNotFoundException", why)
}

fn refuse<T>(code: &str, why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(code, why))
}

impl Table {
    fn view(&self) -> Value {
        let replicas: Vec<Value> =
            self.replicas.iter().map(|region| json!({"region_name": region, "replica_status": "ACTIVE"})).collect();
        let restored = self.restored_from.as_ref();
        json!({
            "table_name": self.name,
            "table_arn": self.arn,
            "table_status": self.status,
            "restore_in_progress": restored.is_some() && self.status == "CREATING",
            "item_count": self.items,
            "table_size_bytes": self.items * 700,
            "billing_mode": self.billing_mode,
            "provisioned_throughput":
                {"read_capacity_units": self.capacity.0, "write_capacity_units": self.capacity.1},
            "stream_specification": {"stream_enabled": self.stream.is_some(), "stream_view_type": self.stream},
            "latest_stream_arn": self.stream.as_ref().map(|_| format!("{}/stream/2026-01-01T00:00:00.000", self.arn)),
            "deletion_protection_enabled": self.is_protected,
            "replicas": replicas,
            "restore_summary": restored.map(|(arn, at_ms)| json!({
                "source_table_arn": arn,
                "restore_date_time": rfc3339(*at_ms),
            })),
        })
    }

    fn is_busy(&self) -> bool {
        self.status != "ACTIVE"
    }
}

impl World {
    pub(super) fn describe_table(&self, call: &calls::DescribeTable, context: &Context<'_>) -> Answer {
        let name = &call.table_name;
        self.tables.get(&place(context, name)).map(Table::view).ok_or_else(|| no_table(name))
    }

    pub(super) fn restore_table(
        &mut self,
        call: &calls::RestoreTableToPointInTime,
        context: &mut Context<'_>,
    ) -> Answer {
        let (source, target) = (&call.source_table_name, &call.target_table_name);
        let missing = || Refusal::not_found("TableNotFoundException", format!("Table not found: {source}"));
        let from = self.tables.get(&place(context, source)).ok_or_else(missing)?;
        let at = place(context, target);
        if self.tables.contains_key(&at) {
            return refuse("TableAlreadyExistsException", format!("Table already exists: {target}"));
        }
        let Some((earliest, latest)) = from.recoverable(self.now_ms) else {
            let why = format!("Point in time recovery is not enabled for table {source}");
            return refuse("PointInTimeRecoveryUnavailableException", why);
        };
        let point_ms = match (call.restore_date_time.as_deref(), call.use_latest_restorable_time == Some(true)) {
            (Some(_), true) | (None, false) => {
                let why = "Exactly one of RestoreDateTime and UseLatestRestorableTime must be given";
                return refuse("ValidationException", why);
            }
            (None, true) => latest,
            (Some(text), false) => match parse_rfc3339_ms(text) {
                Ok(ms) if (earliest..=latest).contains(&ms) => ms,
                Ok(_) => return refuse("InvalidRestoreTimeException", "The time is outside the recovery window"),
                Err(why) => return refuse("ValidationException", why),
            },
        };
        let mut table = Table {
            name: at.1.clone(),
            arn: format!("arn:aws:dynamodb:{}:{}:table/{}", at.0, Self::account_of(context.target), at.1),
            status: "CREATING".to_owned(),
            restored_from: Some((from.arn.clone(), point_ms)),
            // None of these comes along.
            recoverable_since_ms: None,
            stream: None,
            ttl: None,
            is_protected: false,
            replicas: Vec::new(),
            ..from.clone()
        };
        if let Some(mode) = &call.billing_mode_override {
            table.billing_mode.clone_from(mode);
        }
        let view = table.view();
        let ms = context.dice.between(RESTORED_MS.0, RESTORED_MS.1) + context.fate.hang_ms;
        self.agenda.put(self.after(ms), Due::TableActive(at.clone()));
        self.tables.insert(at, table);
        Ok(view)
    }

    /// A table that may be changed now.
    fn idle_table(&mut self, name: &str, context: &Context<'_>) -> Result<&mut Table, Refusal> {
        let table = self.tables.get_mut(&place(context, name)).ok_or_else(|| no_table(name))?;
        if table.is_busy() {
            let why = format!("Attempt to change a resource which is still in use: Table is being {}", table.status);
            return refuse("ResourceInUseException", why);
        }
        Ok(table)
    }

    pub(super) fn update_continuous_backups(
        &mut self,
        call: &calls::UpdateContinuousBackups,
        context: &mut Context<'_>,
    ) -> Answer {
        let now_ms = self.now_ms;
        let table = self.idle_table(&call.table_name, context)?;
        let is_on = call.point_in_time_recovery_specification.point_in_time_recovery_enabled;
        table.recoverable_since_ms = is_on.then(|| table.recoverable_since_ms.unwrap_or(now_ms));
        let look = calls::DescribeContinuousBackups { table_name: call.table_name.clone() };
        self.describe_continuous_backups(&look, context)
    }

    pub(super) fn describe_time_to_live(&self, call: &calls::DescribeTimeToLive, context: &Context<'_>) -> Answer {
        let name = &call.table_name;
        let table = self.tables.get(&place(context, name)).ok_or_else(|| no_table(name))?;
        let is_settled = self.now_ms >= table.ttl_settled_ms;
        let status = match (&table.ttl, is_settled) {
            (Some(_), true) => "ENABLED",
            (Some(_), false) => "ENABLING",
            (None, true) => "DISABLED",
            (None, false) => "DISABLING",
        };
        Ok(json!({"time_to_live_status": status, "attribute_name": table.ttl}))
    }

    pub(super) fn update_time_to_live(&mut self, call: &calls::UpdateTimeToLive, context: &mut Context<'_>) -> Answer {
        let settled_ms = self.after(context.dice.between(TTL_MS.0, TTL_MS.1) + context.fate.hang_ms);
        let now_ms = self.now_ms;
        let table = self.idle_table(&call.table_name, context)?;
        let wanted = &call.time_to_live_specification;
        if table.ttl.is_some() == wanted.enabled {
            let word = if wanted.enabled { "enabled" } else { "disabled" };
            return refuse("ValidationException", format!("TimeToLive is already {word}"));
        }
        if now_ms < table.ttl_settled_ms {
            return refuse(
                "ValidationException",
                "Time to live has been modified multiple times within a fixed interval",
            );
        }
        table.ttl = wanted.enabled.then(|| wanted.attribute_name.clone());
        table.ttl_settled_ms = settled_ms;
        Ok(json!({
            "time_to_live_specification": {"enabled": wanted.enabled, "attribute_name": wanted.attribute_name},
        }))
    }

    pub(super) fn update_table(&mut self, call: &calls::UpdateTable, context: &mut Context<'_>) -> Answer {
        let ready_ms = self.after(context.dice.between(UPDATED_MS.0, UPDATED_MS.1) + context.fate.hang_ms);
        let table = self.idle_table(&call.table_name, context)?;
        if let Some(mode) = &call.billing_mode {
            table.billing_mode.clone_from(mode);
        }
        if let Some(capacity) = &call.provisioned_throughput {
            table.capacity = (capacity.read_capacity_units, capacity.write_capacity_units);
        }
        if let Some(stream) = &call.stream_specification {
            if stream.stream_enabled && table.stream.is_some() {
                return refuse("ValidationException", "Table already has an enabled stream");
            }
            let view = stream.stream_view_type.clone().unwrap_or_else(|| "NEW_AND_OLD_IMAGES".to_owned());
            table.stream = stream.stream_enabled.then_some(view);
        }
        table.is_protected = call.deletion_protection_enabled.unwrap_or(table.is_protected);
        "UPDATING".clone_into(&mut table.status);
        let view = table.view();
        self.agenda.put(ready_ms, Due::TableActive(place(context, &call.table_name)));
        Ok(view)
    }

    pub(super) fn delete_table(&mut self, call: &calls::DeleteTable, context: &mut Context<'_>) -> Answer {
        let gone_ms = self.after(context.dice.between(UPDATED_MS.0, UPDATED_MS.1) + context.fate.hang_ms);
        let table = self.idle_table(&call.table_name, context)?;
        if table.is_protected {
            let why = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.";
            return refuse("ValidationException", why);
        }
        "DELETING".clone_into(&mut table.status);
        let view = table.view();
        self.agenda.put(gone_ms, Due::TableGone(place(context, &call.table_name)));
        Ok(view)
    }

    pub(super) fn table_active(&mut self, at: &Place) {
        if let Some(table) = self.tables.get_mut(at).filter(|table| table.status != "DELETING") {
            "ACTIVE".clone_into(&mut table.status);
        }
    }

    /// Nobody keeps what was published: the message's id is all there is.
    pub(super) fn publish(context: &mut Context<'_>) -> Value {
        json!({"message_id": context.dice.uuid()})
    }
}
