//! Tables that a plan takes for granted.

use super::Wanted;
use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::dynamodb::Table;

const DAY_MS: i64 = 86_400_000;

/// The table a call names, recoverable to any point in the last weeks.
pub fn table(world: &mut World, wanted: &Wanted) {
    let Some(name) = wanted.text("table_name").map(short) else { return };
    let place = (wanted.region.clone(), name.to_owned());
    let table = Table {
        name: name.to_owned(),
        arn: format!("arn:aws:dynamodb:{}:{}:table/{name}", wanted.region, wanted.account),
        status: "ACTIVE".to_owned(),
        recoverable_since_ms: Some(world.start_ms - 200 * DAY_MS),
    };
    world.tables.entry(place).or_insert(table);
}
