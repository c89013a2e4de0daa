//! Alarms, log groups, parameters and buckets' settings that a plan takes for granted.

use super::Wanted;
use crate::model::Value;
use crate::sim::world::World;
use crate::sim::world::alarms::{Alarm, LogGroup, Parameter, usual_alarm};

const DAY_MS: i64 = 86_400_000;

/// The alarms that a read names: there, heard, and quiet. A prefix has one behind it.
pub fn alarms(world: &mut World, wanted: &Wanted) {
    let listed = wanted.with["alarm_names"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let prefixed = wanted.text("alarm_name_prefix").map(|prefix| format!("{prefix}errors"));
    for name in listed.map(str::to_owned).chain(prefixed) {
        let place = (wanted.region.clone(), name.clone());
        let mut settings = usual_alarm(&name);
        settings.alarm_actions = Some(vec![format!("arn:aws:sns:{}:{}:alerts", wanted.region, wanted.account)]);
        let alarm = Alarm {
            arn: format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", wanted.region, wanted.account),
            state: "OK".to_owned(),
            since_ms: world.start_ms - 20 * DAY_MS,
            settings,
        };
        world.alarms.entry(place).or_insert(alarm);
    }
}

/// A log group that a read looks for. What the plan makes is not there before.
pub fn log_groups(world: &mut World, wanted: &Wanted) {
    let Some(prefix) = wanted.text("log_group_name_prefix") else { return };
    let place = (wanted.region.clone(), prefix.to_owned());
    if world.groups_to_come.contains(&place) {
        return;
    }
    let group = LogGroup {
        arn: format!("arn:aws:logs:{}:{}:log-group:{prefix}:*", wanted.region, wanted.account),
        retention_days: Some(30),
        made_ms: world.start_ms - 400 * DAY_MS,
    };
    world.log_groups.entry(place).or_insert(group);
}

/// The log groups that a plan makes: looks at them before must not bring them about.
pub fn to_come(world: &mut World, wanted: &Wanted) {
    if wanted.action == "aws/logs.create_log_group"
        && let Some(name) = wanted.text("log_group_name")
    {
        world.groups_to_come.insert((wanted.region.clone(), name.to_owned()));
    }
}

/// The parameters that a read names; a path has two below it, one of them secret.
pub fn parameters(world: &mut World, wanted: &Wanted) {
    let mut put = |name: &str, kind: &str| {
        let parameter = Parameter {
            arn: format!("arn:aws:ssm:{}:{}:parameter/{}", wanted.region, wanted.account, name.trim_start_matches('/')),
            kind: kind.to_owned(),
            value: format!("value of {name}"),
            version: 3,
            modified_ms: world.start_ms - 40 * DAY_MS,
        };
        world.parameters.entry((wanted.region.clone(), name.to_owned())).or_insert(parameter);
    };
    if let Some(name) = wanted.text("name") {
        put(name.split(':').next().unwrap_or(name), "String");
    }
    if let Some(path) = wanted.text("path").map(|path| path.trim_end_matches('/')) {
        put(&format!("{path}/endpoint"), "String");
        put(&format!("{path}/password"), "SecureString");
    }
}
