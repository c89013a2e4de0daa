//! Kubernetes deployments that a plan takes for granted, with the variables as they are before it.

use std::collections::BTreeMap;

use super::Wanted;
use crate::sim::world::World;
use crate::sim::world::programs::{Deployment, key};

pub fn deployment(world: &mut World, wanted: &Wanted) {
    let Some(name) = wanted.text("deployment") else { return };
    let place = key(wanted.text("namespace"), name);
    let container = wanted.text("container").unwrap_or(name).to_owned();
    let before = format!("{}.before.example", world.primary);
    let start_ms = world.start_ms;
    let found = world.deployments.entry(place).or_insert_with(|| Deployment {
        generation: 1,
        replicas: 3,
        containers: BTreeMap::new(),
        settled_ms: start_ms,
        changed_ms: start_ms,
    });
    let is_own = wanted.text("container").is_some() || found.containers.is_empty();
    if is_own {
        found.containers.entry(container).or_default();
    }
    let named = wanted.text("container");
    let meant = found.containers.iter_mut().filter(|(name, _)| named.is_none_or(|named| named == *name));
    for (_, variables) in meant {
        for name in wanted.with["env"].as_object().into_iter().flatten().map(|(name, _)| name) {
            variables.entry(name.clone()).or_insert_with(|| before.clone());
        }
    }
}
