//! One runbook made concrete for one run: inputs given, `foreach` unrolled, edges resolved to
//! indices. The engine executes a `Plan` and nothing else.

use indexmap::IndexMap;

use super::milestone::{Milestone, Schedule};
use super::outcome::{Class, Mode, Risk};
use super::runbook::{ActionUse, Check, Contact, Gates, Mfa, OnFailure, ResumePolicy, Retry};
use super::secret::SecretDeclaration;
use super::template::{Expr, Template};
use super::{Object, Value};

/// Index of a step in [`Plan::steps`].
pub type StepIx = usize;

/// Whether the calm or the desperate variant of each step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    #[default]
    Planned,
    /// `emergency:` of each step applies.
    Emergency,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub name: String,
    pub title: String,
    pub digest: String,
    pub mode: Mode,
    pub intent: Intent,
    pub operator: String,
    pub rto_ms: Option<u64>,
    pub rpo_ms: Option<u64>,
    pub rpa: Option<Expr>,
    /// When the RTO clock started (Unix ms): the impact, or the run's start.
    pub clock_at_ms: i64,
    /// The clock was set by an input: it says when the impact was.
    pub knows_impact: bool,
    /// When the run started (Unix ms); a resumed run keeps its first start.
    pub started_at_ms: i64,
    pub inputs: Object,
    pub secrets: IndexMap<String, SecretDeclaration>,
    pub vars: Object,
    pub targets: IndexMap<String, ResolvedTarget>,
    pub roles: IndexMap<String, Vec<String>>,
    pub contacts: IndexMap<String, Contact>,
    pub mfa: Option<Mfa>,
    /// How often it is to be rehearsed.
    pub schedule: Option<Schedule>,
    pub phases: Vec<PlanPhase>,
    /// In document order, which is also a topological order of nothing in particular: use `graph`.
    pub steps: Vec<PlanStep>,
}

/// A target with its templates rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolvedTarget {
    pub name: String,
    pub region: Option<String>,
    pub account: Option<String>,
    pub profile: Option<String>,
    pub role: Option<String>,
    #[serde(default)]
    pub drill: bool,
}

impl ResolvedTarget {
    /// The variables that tell a program where it works. A role is not among them: only a profile of
    /// the machine can open one for a program.
    #[must_use]
    pub fn variables(&self) -> Vec<(&str, &str)> {
        let regions = self.region.iter().flat_map(|region| [("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)]);
        let profile = self.profile.iter().map(|profile| ("AWS_PROFILE", profile));
        regions.chain(profile).map(|(name, value)| (name, value.as_str())).collect()
    }
}

#[derive(Debug, Clone)]
pub struct PlanPhase {
    pub id: String,
    pub title: String,
    pub budget_ms: Option<u64>,
    /// Phases (by index) that come before, for the critical path of the budgets.
    pub needs: Vec<usize>,
    pub steps: Vec<StepIx>,
}

#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Unique in the plan: `promote`, or `scale[backend]` for an instance of a `foreach`.
    pub key: String,
    pub id: String,
    pub each: Option<Value>,
    pub phase: usize,
    /// Rendered lazily by the engine, as it may name other steps' outputs.
    pub title: Option<Template>,
    /// Direct predecessors, implicit order included.
    pub needs: Vec<StepIx>,
    pub when: Option<Expr>,
    /// It runs also after a failure has ended the run, once all that it needs has ended.
    pub always: bool,
    /// The emergency variant already laid over it where that applies.
    pub uses: ActionUse,
    pub target: Option<String>,
    pub risk: Risk,
    pub class: Class,
    pub gates: Gates,
    pub checks: Vec<Check>,
    pub verify: Vec<Check>,
    pub retry: Retry,
    pub timeout_ms: u64,
    /// How long this usually takes once confirmed: call and verification.
    pub usual_ms: u64,
    pub on_failure: OnFailure,
    pub rollback: Vec<ActionUse>,
    pub resume: ResumePolicy,
    pub outputs: IndexMap<String, Template>,
    /// The moment of the incident that its success is.
    pub milestone: Option<Milestone>,
    /// False when `modes` leaves this run's mode out.
    pub in_mode: bool,
}

impl Plan {
    /// The part of every expression's scope that does not change during a run: `inputs`, `vars`,
    /// `targets`, `objectives` (seconds), `run`.
    #[must_use]
    pub fn base_scope(&self, run: &str) -> Object {
        let seconds = |ms: Option<u64>| ms.map(|ms| Value::from(std::time::Duration::from_millis(ms).as_secs_f64()));
        let mut objectives = Object::new();
        for (name, value) in [("rto", seconds(self.rto_ms)), ("rpo", seconds(self.rpo_ms))] {
            if let Some(value) = value {
                objectives.insert(name.to_owned(), value);
            }
        }
        let mut targets = Object::new();
        for (name, target) in &self.targets {
            targets.insert(name.clone(), serde_json::to_value(target).unwrap_or(Value::Null));
        }
        let run = serde_json::json!({
            "id": run,
            "operator": self.operator,
            "mode": self.mode.word(),
            "intent": self.intent,
            "started_at": super::time::rfc3339(self.started_at_ms),
        });
        let mut scope = Object::new();
        scope.insert("inputs".to_owned(), Value::Object(self.inputs.clone()));
        scope.insert("vars".to_owned(), Value::Object(self.vars.clone()));
        scope.insert("targets".to_owned(), Value::Object(targets));
        scope.insert("objectives".to_owned(), Value::Object(objectives));
        scope.insert("run".to_owned(), run);
        scope
    }

    /// The index of a step by its key.
    #[must_use]
    pub fn index_of(&self, key: &str) -> Option<StepIx> {
        self.steps.iter().position(|step| step.key == key)
    }

    /// The target a step's call goes to; the nameless default when none is declared.
    #[must_use]
    pub fn target(&self, name: Option<&str>) -> ResolvedTarget {
        name.and_then(|name| self.targets.get(name)).cloned().unwrap_or_default()
    }

    /// People who hold any of the given roles, in order, each once.
    #[must_use]
    pub fn holders(&self, roles: &[String]) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        for person in roles.iter().filter_map(|role| self.roles.get(role)).flatten() {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }

    /// A topological order of the steps; `needs` holds no cycle after resolution.
    #[must_use]
    pub fn order(&self) -> Vec<StepIx> {
        let mut order = Vec::with_capacity(self.steps.len());
        let mut open: Vec<usize> = self.steps.iter().map(|step| step.needs.len()).collect();
        let mut followers: Vec<Vec<StepIx>> = vec![Vec::new(); self.steps.len()];
        for (ix, step) in self.steps.iter().enumerate() {
            for &need in &step.needs {
                followers[need].push(ix);
            }
        }
        let mut ready: std::collections::VecDeque<StepIx> = (0..self.steps.len()).filter(|&ix| open[ix] == 0).collect();
        while let Some(ix) = ready.pop_front() {
            order.push(ix);
            for &next in &followers[ix] {
                open[next] -= 1;
                if open[next] == 0 {
                    ready.push_back(next);
                }
            }
        }
        order
    }
}
