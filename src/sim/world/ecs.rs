//! ECS services: tasks start and stop one after another; a new task definition rolls out.

use serde_json::json;

use super::{Answer, Context, Dice, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::ecs as calls;
use crate::sim::naming::short;

/// Region, cluster, service.
pub type ServiceKey = (String, String, String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    pub arn: String,
    pub status: String,
    pub capacity_providers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub name: String,
    pub status: String,
    pub account: String,
    pub task_definition: String,
    /// The newest first; it is the primary one.
    pub deployments: Vec<Deployment>,
    /// Counts updates, so that turns of an older one no longer count.
    pub generation: u64,
    /// Durations of the turns of the present generation.
    pub dice: Dice,
    /// When the youngest of its tasks came up.
    pub started_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub id: String,
    pub status: String,
    pub rollout: String,
    pub desired: u32,
    pub running: u32,
}

const START_MS: (u64, u64) = (20_000, 40_000);
const STOP_MS: (u64, u64) = (4_000, 10_000);

impl Service {
    #[must_use]
    pub fn desired(&self) -> u32 {
        self.deployments.first().map_or(0, |primary| primary.desired)
    }

    #[must_use]
    pub fn running(&self) -> u32 {
        self.deployments.iter().map(|deployment| deployment.running).sum()
    }

    /// One deployment, and all its tasks run.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.deployments.len() == 1 && self.running() == self.desired()
    }

    /// Stable, and with something that runs.
    #[must_use]
    pub fn carries_load(&self) -> bool {
        self.is_stable() && self.running() > 0
    }

    fn view_deployments(&self) -> Vec<Value> {
        self.deployments
            .iter()
            .map(|deployment| {
                json!({
                    "id": deployment.id,
                    "status": deployment.status,
                    "rollout_state": deployment.rollout,
                    "desired_count": deployment.desired,
                    "running_count": deployment.running,
                })
            })
            .collect()
    }

    fn is_starting(&self) -> bool {
        self.deployments.first().is_some_and(|primary| primary.running < primary.desired)
    }

    fn view(&self) -> Value {
        json!({
            "service_name": self.name,
            "status": self.status,
            "desired_count": self.desired(),
            "running_count": self.running(),
            "pending_count": u32::from(self.is_starting()),
            "task_definition": self.task_definition,
            "launch_type": "FARGATE",
            "deployments": self.view_deployments(),
        })
    }

    /// How long the next turn takes; `None` when nothing is left to do.
    fn next_turn_ms(&mut self) -> Option<u64> {
        if self.is_stable() {
            return None;
        }
        let range = if self.is_starting() { START_MS } else { STOP_MS };
        Some(self.dice.between(range.0, range.1))
    }

    /// One task starts, or one that is no longer wanted stops.
    fn turn(&mut self, now_ms: i64) {
        let Some(primary) = self.deployments.first_mut() else { return };
        if primary.running < primary.desired {
            primary.running += 1;
            self.started_ms = now_ms;
        } else if primary.running > primary.desired {
            primary.running -= 1;
        } else if self.deployments.len() > 1
            && let Some(oldest) = self.deployments.last_mut()
        {
            oldest.running = oldest.running.saturating_sub(1);
            if oldest.running == 0 {
                self.deployments.pop();
            }
        }
        if self.is_stable()
            && let Some(primary) = self.deployments.first_mut()
        {
            "COMPLETED".clone_into(&mut primary.rollout);
        }
    }

    /// A full ARN for what the caller wrote: `family`, `family:revision` or an ARN.
    fn resolve_definition(&self, region: &str, wanted: &str) -> String {
        if wanted.starts_with("arn:") {
            return wanted.to_owned();
        }
        let revision = self.task_definition.rsplit(':').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1;
        let full = if wanted.contains(':') { wanted.to_owned() } else { format!("{wanted}:{revision}") };
        format!("arn:aws:ecs:{region}:{}:task-definition/{full}", self.account)
    }
}

/// The id of a deployment.
pub fn deployment_id(dice: &mut Dice) -> String {
    format!("ecs-svc/{}", dice.text(b"0123456789", 19))
}

impl World {
    fn service_key(&self, context: &Context<'_>, cluster: &str, service: &str) -> Result<ServiceKey, Refusal> {
        let cluster = short(cluster).to_owned();
        if !self.ecs_clusters.contains_key(&(context.region.clone(), cluster.clone())) {
            return Err(Refusal::not_found("ClusterNotFoundException", "Cluster not found."));
        }
        Ok((context.region.clone(), cluster, short(service).to_owned()))
    }

    pub(super) fn describe_ecs_clusters(&self, call: &calls::DescribeClusters, context: &Context<'_>) -> Value {
        let (mut clusters, mut failures) = (Vec::new(), Vec::new());
        for name in &call.clusters {
            let place = (context.region.clone(), short(name).to_owned());
            if let Some(cluster) = self.ecs_clusters.get(&place) {
                let services: Vec<&Service> = self
                    .services
                    .iter()
                    .filter(|((region, name, _), _)| *region == place.0 && *name == place.1)
                    .map(|(_, service)| service)
                    .collect();
                let running: u32 = services.iter().map(|service| service.running()).sum();
                let pending = services.iter().filter(|service| service.is_starting()).count();
                clusters.push(json!({
                    "cluster_name": cluster.name,
                    "cluster_arn": cluster.arn,
                    "status": cluster.status,
                    "capacity_providers": cluster.capacity_providers,
                    "registered_container_instances_count": 0,
                    "running_tasks_count": running,
                    "pending_tasks_count": pending,
                    "active_services_count": services.len(),
                }));
            } else {
                let account = Self::account_of(context.target);
                let arn = format!("arn:aws:ecs:{}:{account}:cluster/{}", place.0, place.1);
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
        json!({"clusters": clusters, "failures": failures})
    }

    pub(super) fn update_service(&mut self, call: &calls::UpdateService, context: &mut Context<'_>) -> Answer {
        let key = self.service_key(context, &call.cluster, &call.service)?;
        let no_service = || Refusal::not_found("ServiceNotFoundException", "Service not found.");
        let now_ms = self.now_ms;
        // A family alone means its newest revision.
        let newest = call.task_definition.as_deref().and_then(|family| self.newest_definition(&key.0, family));
        let service = self.services.get_mut(&key).ok_or_else(no_service)?;
        if service.status != "ACTIVE" {
            return Err(Refusal::invalid("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let wanted = newest.as_deref().or(call.task_definition.as_deref());
        let definition = wanted.map(|wanted| service.resolve_definition(&key.0, wanted));
        let changed = definition.as_ref().is_some_and(|definition| *definition != service.task_definition);
        let desired = call.desired_count.unwrap_or_else(|| service.desired());
        service.generation += 1;
        service.dice = context.dice.clone();
        if changed || call.force_new_deployment == Some(true) {
            for old in &mut service.deployments {
                "ACTIVE".clone_into(&mut old.status);
            }
            let id = deployment_id(&mut context.dice);
            let (status, rollout) = ("PRIMARY".to_owned(), "IN_PROGRESS".to_owned());
            service.deployments.insert(0, Deployment { id, status, rollout, desired, running: 0 });
        }
        if let Some(definition) = definition {
            service.task_definition = definition;
        }
        if let Some(primary) = service.deployments.first_mut() {
            primary.desired = desired;
        }
        let generation = service.generation;
        let next = service.next_turn_ms();
        let view = service.view();
        if let Some(ms) = next {
            let at_ms = now_ms.saturating_add(i64::try_from(ms + context.fate.hang_ms).unwrap_or(i64::MAX));
            self.agenda.put(at_ms, Due::TaskTurn { service: key.clone(), generation });
        }
        self.scaling_will_look(&key, &mut context.dice);
        Ok(view)
    }

    /// Sets how many tasks are wanted, without anybody having called.
    pub(super) fn set_desired(&mut self, key: &ServiceKey, desired: u32) {
        let (seed, now_ms) = (self.seed, self.now_ms);
        let Some(service) = self.services.get_mut(key) else { return };
        service.generation += 1;
        let generation = service.generation;
        service.dice = Dice::named(seed, &format!("scaling {} {} {generation} {now_ms}", key.1, key.2));
        if let Some(primary) = service.deployments.first_mut() {
            primary.desired = desired;
        }
        if let Some(ms) = service.next_turn_ms() {
            self.agenda.put(self.after(ms), Due::TaskTurn { service: key.clone(), generation });
        }
    }

    pub(super) fn task_turn(&mut self, key: &ServiceKey, generation: u64) {
        let now_ms = self.now_ms;
        let Some(service) = self.services.get_mut(key).filter(|service| service.generation == generation) else {
            return;
        };
        service.turn(now_ms);
        if let Some(ms) = service.next_turn_ms() {
            self.agenda.put(self.after(ms), Due::TaskTurn { service: key.clone(), generation });
        }
    }

    pub(super) fn describe_services(&self, call: &calls::DescribeServices, context: &Context<'_>) -> Answer {
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in &call.services {
            let key = self.service_key(context, &call.cluster, name)?;
            if let Some(service) = self.services.get(&key) {
                services.push(service.view());
            } else {
                let account = Self::account_of(context.target);
                let arn = format!("arn:aws:ecs:{}:{account}:service/{}/{}", key.0, key.1, key.2);
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
        Ok(json!({"services": services, "failures": failures}))
    }

    pub(super) fn services_stable(&self, call: &calls::ServicesStable, context: &Context<'_>) -> Answer {
        let key = self.service_key(context, &call.cluster, &call.service)?;
        let service = self
            .services
            .get(&key)
            .ok_or_else(|| Refusal::not_found("ServiceNotFoundException", "Service not found."))?;
        Ok(json!({
            "stable": service.is_stable(),
            "desired_count": service.desired(),
            "running_count": service.running(),
            "deployments": service.view_deployments(),
            "rollout_state": service.deployments.first().map(|primary| primary.rollout.clone()),
        }))
    }
}
