//! Task definitions that a plan takes for granted: what its services run, before the plan changes it.

use std::collections::BTreeMap;

use super::{Dice, Wanted, data};
use crate::model::Value;
use crate::sim::naming::short;
use crate::sim::world::World;
use crate::sim::world::task_definitions::{Container, TaskDefinition, parts};

/// A definition that a service runs, and those before it.
pub fn of_service(world: &mut World, region: &str, account: &str, definition: &str) {
    let (family, revision) = parts(definition);
    let revision = revision.unwrap_or(1);
    let revisions = world.task_definitions.entry((region.to_owned(), family.to_owned())).or_default();
    if revisions.iter().any(|known| known.revision == revision) {
        return;
    }
    let container = Container {
        name: family.to_owned(),
        image: format!("{account}.dkr.ecr.{region}.amazonaws.com/{family}:{revision}"),
        environment: BTreeMap::from([("REGION".to_owned(), region.to_owned())]),
        secrets: BTreeMap::new(),
    };
    revisions.push(TaskDefinition {
        family: family.to_owned(),
        revision,
        account: account.to_owned(),
        containers: vec![container],
    });
    revisions.sort_by_key(|known| known.revision);
}

/// The definition that a call reads, in the newest revision where it names none.
pub fn read(world: &mut World, wanted: &Wanted) {
    let Some(definition) = wanted.text("task_definition") else { return };
    let (family, revision) = parts(definition);
    let is_there = world.task_definitions.contains_key(&(wanted.region.clone(), family.to_owned()));
    if is_there && revision.is_none() {
        return;
    }
    of_service(world, &wanted.region, &wanted.account, definition);
}

/// What a registration starts from: the service runs the family, with the containers that are going
/// to change, and the variables in them say something else.
pub fn to_register(world: &mut World, wanted: &Wanted) {
    let Some(family) = wanted.text("family").map(str::to_owned) else { return };
    let mut dice = Dice::named(world.seed, &format!("task definition {} {family}", wanted.region));
    let mut definition = format!("{family}:{}", dice.between(5, 60));
    if let (Some(cluster), Some(service)) = (wanted.text("cluster"), wanted.text("service")) {
        data::service_named(world, wanted, cluster, service);
        let key = (wanted.region.clone(), short(cluster).to_owned(), short(service).to_owned());
        if let Some(service) = world.services.get_mut(&key) {
            if parts(&service.task_definition).0 == family {
                definition.clone_from(&service.task_definition);
            } else {
                let start = format!("arn:aws:ecs:{}:{}:task-definition", wanted.region, service.account);
                definition = format!("{start}/{definition}");
                service.task_definition.clone_from(&definition);
            }
        }
    } else if let Some(newest) = newest(world, &wanted.region, &family) {
        definition = newest;
    }
    of_service(world, &wanted.region, &wanted.account, &definition);
    let place = (wanted.region.clone(), family);
    let revision = parts(&definition).1;
    let revisions = world.task_definitions.get_mut(&place).into_iter().flatten();
    let Some(found) = revisions.into_iter().find(|known| Some(known.revision) == revision) else { return };
    for change in wanted.with["container_definitions"].as_array().into_iter().flatten() {
        change_to_come(found, change, &world.primary);
    }
}

fn newest(world: &World, region: &str, family: &str) -> Option<String> {
    let revisions = world.task_definitions.get(&(region.to_owned(), family.to_owned()))?;
    revisions.last().map(|newest| format!("{family}:{}", newest.revision))
}

fn change_to_come(definition: &mut TaskDefinition, change: &Value, primary: &str) {
    let Some(name) = change["name"].as_str() else { return };
    if !definition.containers.iter().any(|container| container.name == name) {
        // Where it is the only one, the container that was made up is it.
        if let Some(only) = definition.containers.first_mut().filter(|only| only.name == definition.family) {
            name.clone_into(&mut only.name);
        } else {
            let mut another = definition.containers.first().cloned().unwrap_or_else(|| Container {
                name: String::new(),
                image: definition.family.clone(),
                environment: BTreeMap::new(),
                secrets: BTreeMap::new(),
            });
            name.clone_into(&mut another.name);
            definition.containers.push(another);
        }
    }
    let Some(container) = definition.containers.iter_mut().find(|container| container.name == name) else { return };
    let names = |list: &str| -> Vec<String> {
        let items = change[list].as_array().into_iter().flatten();
        items.filter_map(|item| item["name"].as_str()).map(str::to_owned).collect()
    };
    for variable in names("environment") {
        container.environment.entry(variable).or_insert_with(|| format!("{primary}.before.example"));
    }
    for secret in names("secrets") {
        container.secrets.entry(secret).or_insert_with(|| format!("arn:aws:secretsmanager:{primary}:before"));
    }
}
