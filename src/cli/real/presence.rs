//! Who will have to show a code in this run, and who has no device for it.
//!
//! Must not know how codes are checked.

use crate::cli::exit::{CliError, Exit};
use crate::engine::ports::MfaDevices;
use crate::model::plan::{Plan, PlanStep};
use crate::model::runbook::MfaRule;

/// People who will be asked for a code, and have no device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    pub operator: Option<String>,
    pub others: Vec<String>,
}

/// Looks at every gate of the run.
#[must_use]
pub fn missing(plan: &Plan, devices: &dyn MfaDevices) -> Missing {
    let steps = || plan.steps.iter().filter(|step| step.in_mode);
    let has_none = |person: &String| devices.device(person).is_none();
    let operator = steps().any(asks_operator).then(|| plan.operator.clone()).filter(has_none);
    let mut others: Vec<String> = Vec::new();
    for approvals in steps().filter_map(|step| step.gates.approvals.as_ref()) {
        for person in plan.holders(&approvals.from) {
            if person != plan.operator && !others.contains(&person) && has_none(&person) {
                others.push(person);
            }
        }
    }
    Missing { operator, others }
}

fn asks_operator(step: &PlanStep) -> bool {
    step.gates.mfa != MfaRule::Never
}

impl Missing {
    /// Nobody can drive a run whose gates they cannot open.
    ///
    /// # Errors
    /// Exit 4.
    pub fn refuse_operator(&self) -> Result<(), CliError> {
        let Some(operator) = &self.operator else { return Ok(()) };
        let message = format!("{operator} has no MFA device here, and this runbook asks the operator for codes");
        Err(CliError::new(Exit::Credentials, message)
            .hint(format!("lifeboat mfa enroll {operator}; or name another operator with --operator NAME")))
    }

    /// What those who approve have to do before their gate opens.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let first = self.others.first()?;
        let have = if self.others.len() == 1 { "has" } else { "have" };
        Some(format!(
            "{} may have to approve and {have} no MFA device here: lifeboat mfa enroll {first}",
            self.others.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::cli::real::testing::plan;
    use crate::engine::ports::{MfaDenied, MfaRequest};
    use crate::model::event::{MfaProof, MfaRefusal};
    use crate::model::outcome::Mode;

    /// Those named have one.
    struct Enrolled(&'static [&'static str]);

    impl MfaDevices for Enrolled {
        fn verify(&self, _request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
            Box::pin(std::future::ready(Err(MfaRefusal::NoDevice.into())))
        }

        fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
            None
        }

        fn device(&self, person: &str) -> Option<String> {
            self.0.contains(&person).then(|| "a device".to_owned())
        }
    }

    const SCALE: &str = "
      - id: scale
        uses: aws/ecs.update_service
        target: dr
        with: { cluster: c, service: s, desired_count: 3 }
        approvals: { min: 1, from: [commander, dba] }
";
    const LOOK: &str = "\n      - { id: who, uses: aws/sts.get_caller_identity, target: dr }\n";

    #[test]
    fn whoever_is_asked_for_codes_needs_a_device() {
        let scale = plan(SCALE, Mode::Real);
        assert_eq!(missing(&scale, &Enrolled(&["alice", "bob", "carol"])), Missing::default());
        let found = missing(&scale, &Enrolled(&["bob"]));
        assert_eq!(found, Missing { operator: Some("alice".to_owned()), others: vec!["carol".to_owned()] });
        let refused = found.refuse_operator().unwrap_err();
        assert_eq!(refused.exit, Exit::Credentials);
        assert!(refused.hint.unwrap().starts_with("lifeboat mfa enroll alice"));
        assert!(found.warning().unwrap().ends_with("lifeboat mfa enroll carol"));
    }

    #[test]
    fn who_only_looks_needs_none() {
        let found = missing(&plan(LOOK, Mode::Real), &Enrolled(&[]));
        assert_eq!((found.refuse_operator(), found.warning()), (Ok(()), None));
    }
}
