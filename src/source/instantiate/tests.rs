//! Inputs, instances, edges and variants of a plan.

use serde_json::json;

use super::*;
use crate::model::Object;
use crate::model::runbook::Confirm;
use crate::source::tests::{context, load_text, plan_of, with_steps};

fn refused(text: &str, given: Object) -> Vec<&'static str> {
    let loaded = load_text(text);
    // Where every input has a default, `load` makes the plan already.
    let Some(runbook) = loaded.runbook else {
        return loaded.diagnostics.iter().map(|finding| finding.code).collect();
    };
    let found = instantiate(&runbook, &RunContext { given, ..context() }).unwrap_err();
    found.iter().map(|finding| finding.code).collect()
}

fn given(pairs: &[(&str, Value)]) -> Object {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

const TYPES: &str = "version: 1
name: t
objectives: { rto: 1h, clock: since }
inputs:
  word: { type: string, pattern: '[a-z]+', default: abc }
  tier: { type: string, options: [gold, silver], default: gold }
  count: { type: integer, default: 3 }
  share: { type: number, default: 0.5 }
  sure: { type: boolean, default: true }
  since: { type: timestamp, default: now }
  grace: { type: duration, default: 90s }
  where: { type: region, default: eu-central-1 }
  must: { type: string }
vars: { b: \"${{ vars.a }}-b\", a: \"${{ inputs.word }}\", wait: \"${{ inputs.grace }}\" }
phases:
  - { id: p, budget: 30m, steps: [{ id: s, uses: note, with: { text: \"${{ vars.b }}\" } }] }
";

#[test]
fn inputs_get_their_types_and_the_clock_its_time() {
    let runbook = load_text(TYPES).runbook.unwrap();
    let texts = given(&[
        ("must", json!("x")),
        ("since", json!("2026-01-04T04:00:00+01:00")),
        ("count", json!("7")),
        ("sure", json!("false")),
        ("grace", json!("2m")),
    ]);
    let plan = instantiate(&runbook, &RunContext { given: texts, ..context() }).unwrap();
    assert_eq!(plan.inputs["count"], json!(7));
    assert_eq!(plan.inputs["sure"], json!(false));
    assert_eq!(plan.inputs["grace"], json!(120));
    assert_eq!(plan.inputs["since"], json!("2026-01-04T03:00:00.000Z"));
    assert_eq!(plan.clock_at_ms, 1_767_495_600_000);
    assert_eq!(plan.vars.keys().collect::<Vec<_>>(), ["b", "a", "wait"]);
    assert_eq!((&plan.vars["b"], &plan.vars["wait"]), (&json!("abc-b"), &json!(120)));
    // A resume gives back what the first start had resolved, at another time of day.
    let again = RunContext { given: plan.inputs.clone(), now_ms: 0, ..context() };
    let resumed = instantiate(&runbook, &again).unwrap();
    assert_eq!((&resumed.inputs, resumed.clock_at_ms), (&plan.inputs, plan.clock_at_ms));
}

#[test]
fn inputs_that_do_not_fit_are_all_named() {
    let wrong = given(&[
        ("word", json!("ABC")),
        ("tier", json!("bronze")),
        ("count", json!("many")),
        ("since", json!("yesterday")),
        ("grace", json!("90")),
        ("where", json!("europe")),
        ("sur", json!("true")),
    ]);
    assert_eq!(refused(TYPES, wrong), ["LB601", "LB604", "LB605", "LB603", "LB603", "LB603", "LB603", "LB602"]);
}

#[test]
fn foreach_makes_instances_and_needs_all_of_them() {
    let plan = plan_of(&with_steps(
        "{ id: a, foreach: [x, y], uses: note, with: { text: 'to ${{ each }}' } },\n{ id: b, uses: note, with: { text: done } }",
    ));
    assert_eq!(plan.steps.iter().map(|step| step.key.as_str()).collect::<Vec<_>>(), ["a[x]", "a[y]", "b"]);
    assert_eq!(plan.steps[2].needs, [0, 1]);
    assert_eq!(plan.phases[0].steps, [0, 1, 2]);
    let text = |items: &str| with_steps(&format!("{{ id: a, foreach: {items}, uses: note, with: {{ text: x }} }}"));
    assert_eq!(refused(&text("[]"), Object::new()), ["LB607"]);
    assert_eq!(refused(&text("[x, x]"), Object::new()), ["LB607"]);
    assert_eq!(refused(&text("inputs.name"), Object::new()), ["LB607"]);
    assert_eq!(refused(&text("range(3000) | list"), Object::new()), ["LB110"]);
}

#[test]
fn phases_follow_each_other_unless_they_say_otherwise() {
    let step = |id: &str, more: &str| format!("{{ id: {id}, uses: note, with: {{ text: x }}{more} }}");
    let text = format!(
        "version: 1\nname: t\nphases:\n- {{ id: p, steps: [{}, {}] }}\n- {{ id: q, steps: [{}, {}] }}\n- {{ id: r, needs: [p], steps: [{}] }}\n- {{ id: s, needs: [], steps: [{}] }}\n",
        step("a", ""),
        step("b", ", needs: []"),
        step("c", ""),
        step("d", ", needs: [b]"),
        step("e", ""),
        step("f", ""),
    );
    let plan = plan_of(&text);
    let needs = |key: &str| plan.steps[plan.index_of(key).unwrap()].needs.clone();
    assert_eq!((needs("a"), needs("b")), (vec![], vec![]));
    assert_eq!((needs("c"), needs("d")), (vec![0, 1], vec![0, 1]));
    assert_eq!((needs("e"), needs("f")), (vec![0, 1], vec![]));
    assert_eq!(
        plan.phases.iter().map(|phase| phase.needs.clone()).collect::<Vec<_>>(),
        [vec![], vec![0], vec![0], vec![]]
    );
}

#[test]
fn the_emergency_variant_has_its_own_action_and_gates() {
    let step = "{ id: s, uses: aws/rds.switchover_global_cluster, with: { global_cluster_identifier: g, target_db_cluster_identifier: arn }, timeout: 20m, emergency: { uses: aws/rds.failover_global_cluster, with: { allow_data_loss: true } }, verify: [{ uses: aws/rds.describe_global_clusters, expect: not result.failover_state }] }";
    let runbook = load_text(&with_steps(step)).runbook.unwrap();
    let planned = instantiate(&runbook, &context()).unwrap();
    assert!(matches!(planned.steps[0].gates.confirm, Confirm::Press));
    let emergency = instantiate(&runbook, &RunContext { intent: Intent::Emergency, ..context() }).unwrap();
    let step = &emergency.steps[0];
    assert_eq!(step.uses.action.value, "aws/rds.failover_global_cluster");
    let members: Vec<_> = step.uses.with.as_map().unwrap().keys().cloned().collect();
    assert_eq!(members, ["allow_data_loss", "global_cluster_identifier", "target_db_cluster_identifier"]);
    assert_eq!(step.risk, crate::model::outcome::Risk::Irreversible);
    assert!(matches!(&step.gates.confirm, Confirm::Type(text) if text.source == "g"));
}

#[test]
fn what_can_be_rendered_is_parsed_before_the_run() {
    let text = with_steps(
        "{ id: s, uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: '${{ inputs.name }}' } }",
    );
    assert_eq!(refused(&text, Object::new()), ["LB207"]);
    let plan = plan_of(&with_steps("{ id: w, uses: wait, with: { for: 25m } }"));
    assert_eq!((plan.steps[0].usual_ms, plan.steps[0].timeout_ms), (1_500_000, 1_560_000));
}
