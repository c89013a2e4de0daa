//! Tables that a plan takes for granted.

use super::{Dice, Wanted};
use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::dynamodb::Table;

const DAY_MS: i64 = 86_400_000;

/// The tables that a call restores: looks at them before must not bring them about.
pub fn to_come(world: &mut World, wanted: &Wanted) {
    if let Some(name) = wanted.text("target_table_name").filter(|_| wanted.changes) {
        world.tables_to_come.insert((wanted.region.clone(), name.to_owned()));
    }
}

/// The table a call names, recoverable to any point in the last weeks, and not as the call sets it.
pub fn table(world: &mut World, wanted: &Wanted) {
    let named = wanted.text("table_name").or_else(|| wanted.text("source_table_name"));
    let Some(name) = named.map(short) else { return };
    let place = (wanted.region.clone(), name.to_owned());
    if world.tables_to_come.contains(&place) {
        return;
    }
    let mut dice = Dice::named(world.seed, &format!("table {name}"));
    let sets = |member: &str, flag: &str| wanted.changes && wanted.with[member][flag] == true;
    let recovery_comes = sets("point_in_time_recovery_specification", "point_in_time_recovery_enabled");
    let ttl = &wanted.with["time_to_live_specification"];
    let ttl_goes = wanted.changes && ttl["enabled"] == false;
    let stream_goes = wanted.changes && wanted.with["stream_specification"]["stream_enabled"] == false;
    // Of a global table every replica knows the others.
    let replicas = if wanted.region == world.primary { Vec::new() } else { vec![world.primary.clone()] };
    let table = Table {
        name: name.to_owned(),
        arn: format!("arn:aws:dynamodb:{}:{}:table/{name}", wanted.region, wanted.account),
        status: "ACTIVE".to_owned(),
        recoverable_since_ms: (!recovery_comes).then_some(world.start_ms - 200 * DAY_MS),
        items: dice.between(10_000, 900_000),
        billing_mode: "PAY_PER_REQUEST".to_owned(),
        capacity: (0, 0),
        stream: stream_goes.then(|| "NEW_AND_OLD_IMAGES".to_owned()),
        ttl: ttl["attribute_name"].as_str().filter(|_| ttl_goes).map(str::to_owned),
        ttl_settled_ms: i64::MIN,
        is_protected: wanted.changes && wanted.with["deletion_protection_enabled"] == false,
        replicas,
        restored_from: None,
    };
    world.tables.entry(place).or_insert(table);
}
