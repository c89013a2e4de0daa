//! What expressions may name, where, and what the finding says.

use crate::source::tests::{codes_of, load_text, places, with_steps};

const LAG: &str = "{ id: lag, uses: aws/cloudwatch.get_metric, with: { namespace: N, metric_name: M, dimensions: {} }, outputs: { lag: '${{ result.latest }}' } },\n";

fn after_lag(step: &str) -> Vec<&'static str> {
    codes_of(&format!("{LAG}{step}"))
}

fn note(text: &str) -> String {
    format!("{{ id: n, uses: note, with: {{ text: \"{text}\" }} }}")
}

#[test]
fn names_exist_and_are_settled() {
    let none = Vec::<&str>::new();
    assert_eq!(after_lag(&note("${{ steps.lag.outputs.lag | human }} ${{ run.id }} ${{ inputs.grace }}")), none);
    assert_eq!(after_lag(&note("${{ steps.lag.outputs.lagg }}")), ["LB306"]);
    assert_eq!(after_lag(&note("${{ steps.lagg.outputs.lag }}")), ["LB304"]);
    assert_eq!(after_lag(&note("${{ steps.lag.output.lag }}")), ["LB304"]);
    assert_eq!(after_lag(&note("${{ steps.n.status }}")), ["LB305"]);
    assert_eq!(after_lag(&note("${{ nmae }}")), ["LB304"]);
    assert_eq!(after_lag(&note("${{ result.x }}")), ["LB311"]);
    assert_eq!(after_lag(&note("${{ each }}")), ["LB311"]);
    assert_eq!(after_lag(&note("${{ phases.p.status }}")), ["LB305"]);
    assert_eq!(after_lag(&note("${{ inputs.name ")), ["LB303"]);
    let beside = "{ id: n, needs: [], uses: note, with: { text: '${{ steps.lag.outputs.lag }}' } }";
    assert_eq!(after_lag(beside), ["LB305"]);
}

#[test]
fn a_bare_name_is_told_where_it_lives() {
    let loaded = load_text(&with_steps(&note("${{ name }}")));
    assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("did you mean `inputs.name`?"));
}

#[test]
fn a_step_sees_of_itself_what_is_there_by_then() {
    let scale = |more: &str| {
        codes_of(&format!(
            "{{ id: s, uses: aws/ecs.update_service, with: {{ cluster: c, service: x, desired_count: 1 }}, {more} }}"
        ))
    };
    let none = Vec::<&str>::new();
    assert_eq!(scale("rollback: [{ with: { desired_count: '${{ steps.s.before.desired_count }}' } }]"), none);
    assert_eq!(scale("check: [{ expect: steps.s.before.running_count > 0 }]"), none);
    assert_eq!(scale("check: [{ expect: steps.s.result.x }]"), ["LB305"]);
    assert_eq!(scale("verify: [{ uses: aws/ecs.services_stable, expect: result.stable and steps.s.result.x }]"), none);
    assert_eq!(scale("outputs: { n: '${{ verified.x }}' }"), ["LB311"]);
    assert_eq!(scale("if: steps.s.before.x"), ["LB305"]);
}

#[test]
fn instances_are_named_one_by_one() {
    let each = "{ id: e, foreach: [a, b], uses: note, with: { text: '${{ each }}' } },\n";
    let codes = |text: &str| codes_of(&format!("{each}{}", note(text)));
    assert_eq!(codes("${{ steps.e.each.a.status }} ${{ steps.e.status }}"), Vec::<&str>::new());
    assert_eq!(codes("${{ steps.e.outputs.x }}"), ["LB304"]);
}

#[test]
fn sections_know_only_what_comes_before_the_run() {
    let text = |vars: &str, targets: &str| {
        format!(
            "version: 1\nname: t\nvars: {{ {vars} }}\ntargets: {{ d: {{ {targets} }} }}\nphases:\n- {{ id: p, steps: [{{ id: s, uses: note, with: {{ text: x }} }}] }}\n"
        )
    };
    assert_eq!(places(&text("a: '${{ steps.s.status }}'", "region: eu-west-1")), [("LB311", 3, 17)]);
    assert_eq!(places(&text("a: '${{ targets.d.region }}'", "region: eu-west-1")), [("LB311", 3, 17)]);
    assert_eq!(places(&text("a: '${{ objectives.rto }}'", "region: eu-west-1")), [("LB304", 3, 17)]);
    assert_eq!(places(&text("a: '${{ vars.a }}'", "region: eu-west-1")), [("LB309", 3, 17)]);
    assert_eq!(places(&text("a: b", "region: '${{ vars.c }}'")), [("LB304", 4, 30)]);
}
