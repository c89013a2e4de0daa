//! Gates, checks and words of steps, read from small runbooks.

use crate::model::outcome::Risk;
use crate::model::runbook::{Confirm, MfaRule};
use crate::source::tests::{codes_of, plan_of, with_steps};

const PROMOTE: &str = "{ id: s, uses: aws/rds.promote_read_replica_db_cluster, with: { db_cluster_identifier: main }, timeout: 9m, check: [{ expect: inputs.name == 'main' }], verify: [{ uses: aws/rds.describe_db_clusters, expect: not result.replication_source_identifier }]";
const SCALE: &str = "{ id: s, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 1 }";
const READ: &str = "{ id: s, uses: aws/ecs.describe_services, with: { cluster: c, services: [s] }";

fn gates(step: &str, more: &str) -> (Confirm, MfaRule) {
    let plan = plan_of(&with_steps(&format!("{step}{more} }}")));
    (plan.steps[0].gates.confirm.clone(), plan.steps[0].gates.mfa)
}

fn typed(confirm: &Confirm) -> Option<&str> {
    match confirm {
        Confirm::Type(text) => Some(&text.source),
        Confirm::None | Confirm::Press => None,
    }
}

#[test]
fn by_default_every_step_waits_and_changes_ask_for_a_code() {
    assert!(matches!(gates(READ, ""), (Confirm::Press, MfaRule::Never)));
    assert!(matches!(gates(SCALE, ""), (Confirm::Press, MfaRule::Fresh)));
    let (confirm, mfa) = gates(PROMOTE, "");
    assert_eq!((typed(&confirm), mfa), (Some("main"), MfaRule::Fresh));
}

#[test]
fn no_policy_takes_the_confirmation_from_a_change() {
    let lax = ", gates: { confirm: changes, mfa: 15m }";
    assert!(matches!(gates(READ, lax), (Confirm::None, MfaRule::Never)));
    assert!(matches!(gates(SCALE, lax), (Confirm::Press, MfaRule::Within { ms: 900_000 })));
    let (confirm, mfa) = gates(PROMOTE, lax);
    assert_eq!((typed(&confirm), mfa), (Some("main"), MfaRule::Fresh));
    assert_eq!(gates(PROMOTE, ", mfa: phase").1, MfaRule::Fresh);
    assert_eq!(codes_of(&format!("{SCALE}, mfa: false }}")), ["LB405"]);
    assert_eq!(gates(READ, ", gates: { mfa: every_step }").1, MfaRule::Fresh);
}

/// A policy that lets reads go ahead by themselves does not answer for people.
#[test]
fn a_question_waits_for_a_person_whatever_the_policy() {
    let asks = "{ id: s, uses: manual, with: { ask: Is the export through? }";
    assert!(matches!(gates(asks, ", gates: { confirm: changes }"), (Confirm::Press, MfaRule::Never)));
    assert!(matches!(gates(asks, ""), (Confirm::Press, MfaRule::Never)));
    let note = "{ id: s, uses: note, with: { text: Done }";
    assert!(matches!(gates(note, ", gates: { confirm: changes }"), (Confirm::None, MfaRule::Never)));
}

#[test]
fn what_cannot_be_taken_back_needs_a_text_to_type() {
    let exec = "{ id: s, uses: exec, with: { argv: [./x] }, reversible: false, timeout: 1m, check: [{ expect: inputs.name == 'main' }], verify: [{ expect: result.exit_code == 0 }]";
    assert_eq!(codes_of(&format!("{exec} }}")), ["LB401"]);
    assert_eq!(codes_of(&format!("{exec}, confirm: {{ type: '' }} }}")), ["LB401"]);
    let (confirm, _) = gates(exec, ", confirm: { type: 'drop ${{ inputs.name }}', message: Gone }");
    assert_eq!(typed(&confirm), Some("drop ${{ inputs.name }}"));
    let plan = plan_of(&with_steps(&format!("{exec}, confirm: {{ type: x }} }}")));
    assert_eq!(plan.steps[0].risk, Risk::Irreversible);
    assert_eq!(codes_of(&format!("{PROMOTE}, reversible: true }}")), ["LB208"]);
    assert_eq!(codes_of(&format!("{READ}, reversible: true }}")), ["LB208"]);
}

#[test]
fn gates_that_cannot_open_are_found() {
    let with = |approvals: &str| codes_of(&format!("{READ}, approvals: {approvals} }}"));
    assert_eq!(with("{ min: 3, from: [commander] }"), ["LB402"]);
    assert_eq!(with("{ min: 2, from: [commander] }"), ["LB403"]);
    assert_eq!(with("{ min: 1, from: [commander] }"), Vec::<&str>::new());
    assert_eq!(with("{ min: 1, from: [comander] }"), ["LB308"]);
    assert_eq!(with("{ min: 1 }"), ["LB103"]);
    assert_eq!(codes_of(&format!("{READ}, check: [{{ expect: inputs.name == 'x', override: nobody }}] }}")), ["LB404"]);
}

#[test]
fn checks_read_and_expect_something() {
    assert_eq!(
        codes_of(&format!("{READ}, check: [{{ uses: aws/rds.failover_global_cluster, expect: result.x }}] }}")),
        ["LB203", "LB205"]
    );
    assert_eq!(codes_of(&format!("{READ}, verify: [{{ for: 1m }}] }}")), ["LB206"]);
    assert_eq!(codes_of(&format!("{SCALE}, verify: [{{ uses: aws/ecs.services_stable }}] }}")), Vec::<&str>::new());
    assert_eq!(codes_of(&format!("{SCALE}, verify: [{{ uses: aws/ecs.services_stable, for: 20m }}] }}")), ["LB511"]);
    assert_eq!(
        codes_of(&format!("{READ}, check: [{{ with: {{ cluster: c }}, expect: inputs.name == 'x' }}] }}")),
        ["LB103"]
    );
}

#[test]
fn unsafe_repetition_is_refused() {
    assert_eq!(codes_of(&format!("{SCALE}, resume: rerun }}")), ["LB106"]);
    assert_eq!(codes_of(&format!("{READ}, resume: rerun }}")), Vec::<&str>::new());
    assert_eq!(codes_of(&format!("{SCALE}, retry: {{ max: 3, on: [unknown_outcome] }} }}")), ["LB106"]);
    assert_eq!(codes_of(&format!("{SCALE}, retry: {{ max: 0 }} }}")), ["LB102"]);
}

#[test]
fn targets_are_named_when_there_is_a_choice() {
    let two = "targets: { a: { region: eu-west-1 }, b: { region: eu-west-2 } }\n";
    let text = with_steps(&format!("{READ} }}"));
    let with_two = text.replace("phases:", &format!("{two}phases:"));
    assert!(crate::source::tests::load_text(&with_two).diagnostics.iter().any(|finding| finding.code == "LB307"));
    let one = text.replace("phases:", "targets: { only: { region: eu-west-1 } }\nphases:");
    assert_eq!(plan_of(&one).steps[0].target.as_deref(), Some("only"));
}
