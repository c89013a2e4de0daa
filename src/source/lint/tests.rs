//! Each lint fires where it should, and is silent where the author has thought of it.

use crate::source::tests::{codes_of, load_text};

fn codes(text: &str) -> Vec<&'static str> {
    load_text(text).diagnostics.iter().map(|finding| finding.code).collect()
}

#[test]
fn irreversible_steps_are_looked_at_before_and_after() {
    let bare = "{ id: s, uses: aws/rds.promote_read_replica_db_cluster, with: { db_cluster_identifier: main } }";
    assert_eq!(codes_of(bare), ["LB503", "LB504", "LB505"]);
}

#[test]
fn steps_that_never_run_shells_and_half_failovers() {
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, if: 1 > 2 }"), ["LB508"]);
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, if: false }"), ["LB508"]);
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, modes: [] }"), ["LB508"]);
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, if: inputs.name == 'x' }"), Vec::<&str>::new());
    assert_eq!(codes_of("{ id: s, uses: exec, with: { argv: ['ls'], shell: true } }"), ["LB509"]);
    assert!(codes_of("{ id: s, uses: aws/rds.failover_global_cluster, with: { global_cluster_identifier: g, target_db_cluster_identifier: a } }").contains(&"LB510"));
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, on_failure: { goto: gone } }"), ["LB310"]);
    assert_eq!(codes_of("{ id: s, uses: note, with: { text: x }, on_failure: rollback }"), ["LB513"]);
}

#[test]
fn failovers_name_their_target_and_restores_one_time() {
    let failover = |more: &str| {
        codes_of(&format!("{{ id: s, uses: aws/rds.failover_db_cluster, with: {{ db_cluster_identifier: c{more} }} }}"))
    };
    assert_eq!(failover(""), ["LB514"]);
    assert_eq!(failover(", target_db_instance_identifier: i"), Vec::<&str>::new());
    let restore = |more: &str| {
        codes_of(&format!(
            "{{ id: s, uses: aws/rds.restore_db_cluster_to_point_in_time, with: {{ db_cluster_identifier: n, source_db_cluster_identifier: c{more} }} }}"
        ))
    };
    assert_eq!(restore(""), ["LB515"]);
    assert_eq!(restore(", restore_to_time: '2026-01-04T02:30:00Z', use_latest_restorable_time: true"), ["LB515"]);
    assert_eq!(restore(", use_latest_restorable_time: false"), ["LB515"]);
    assert_eq!(restore(", use_latest_restorable_time: true"), Vec::<&str>::new());
    assert_eq!(restore(", restore_to_time: '2026-01-04T02:30:00Z'"), Vec::<&str>::new());
}

const CHANGE: &str = "uses: aws/ecs.update_service, with: { cluster: c, service: s, desired_count: 1 }";
const LOOK: &str = "uses: http/check, with: { url: 'https://a.example' }";

#[test]
fn jumps_lead_on_and_pass_over_nothing_that_is_built_on() {
    let jump = |to: &str, more: &str| {
        codes_of(&format!(
            "{{ id: a, uses: manual, with: {{ ask: x }} }}, {{ id: b, {LOOK}, on_failure: {{ goto: {to} }} }}, \
             {{ id: seen, {LOOK} }}, {{ id: c, {CHANGE}{more} }}, {{ id: beside, needs: [a], {LOOK} }}"
        ))
    };
    assert_eq!(jump("a", ""), ["LB517"]);
    assert_eq!(jump("b", ""), ["LB517"]);
    assert_eq!(jump("beside", ""), ["LB517"]);
    assert_eq!(jump("c", ""), ["LB518"]);
    assert_eq!(jump("seen", ""), Vec::<&str>::new());
    assert_eq!(
        jump("c", ", check: [{ uses: aws/sts.get_caller_identity, expect: result.account }]"),
        Vec::<&str>::new()
    );
}

#[test]
fn something_can_be_verified_without_the_answer() {
    let change = "id: dns, uses: aws/route53.change_resource_record_sets, with: { hosted_zone_id: Z1, change_batch: { changes: [{ action: UPSERT, resource_record_set: { name: a.example, type: CNAME, ttl: 60, resource_records: [{ value: b.example }] } }] } }";
    let by_id = "{ uses: aws/route53.get_change, with: { id: '${{ steps.dns.result.id }}' } }";
    let seen = "{ uses: dns/resolve, with: { name: a.example } }";
    let dns = |verify: &str| {
        let found = codes_of(&format!("{{ {change}, verify: [{verify}] }}"));
        found.contains(&"LB519")
    };
    assert!(dns(by_id));
    assert!(dns("{ expect: result.status == 'INSYNC' }"));
    assert!(!dns(&format!("{by_id}, {seen}")) && !dns(seen));
    // Sent again with its token, an invalidation gives the same answer.
    let token = "{ id: i, uses: aws/cloudfront.create_invalidation, with: { distribution_id: E1, paths: ['/*'] }, \
                 verify: [{ uses: aws/cloudfront.get_invalidation, with: { distribution_id: E1, id: '${{ steps.i.result.id }}' } }] }";
    assert!(!codes_of(token).contains(&"LB519"));
}

#[test]
fn a_definition_starts_from_a_whole_service_or_from_its_family() {
    let register = |more: &str| {
        codes_of(&format!(
            "{{ id: s, uses: aws/ecs.register_task_definition, with: {{ family: web, container_definitions: []{more} }} }}"
        ))
    };
    assert_eq!(register(", service: web"), ["LB516"]);
    assert_eq!(register(", cluster: shop"), ["LB516"]);
    assert_eq!(register(", cluster: shop, service: web"), Vec::<&str>::new());
    assert_eq!(register(""), Vec::<&str>::new());
}

#[test]
fn what_no_program_is_given_is_said_before_a_run() {
    let cli =
        |name: &str, with: &str, more: &str| codes_of(&format!("{{ id: s, uses: {name}, with: {{ {with} }}{more} }}"));
    let fine = "service: ecr, operation: describe-images, args: [--repository-name, web]";
    assert_eq!(cli("aws/cli_read", fine, ""), Vec::<&str>::new());
    assert_eq!(cli("aws/cli_read", "service: ecr, operation: put-image", ""), ["LB520"]);
    assert_eq!(cli("aws/cli_read", "service: ecr, operation: get-x, args: [--profile, x]", ""), ["LB520"]);
    assert_eq!(cli("aws/cli", "service: ecr, operation: put-image", ""), Vec::<&str>::new());
    assert_eq!(cli("aws/cli", "service: cloudwatch, operation: disable-alarm-actions", ""), ["LB521"]);
    let ends = "service: cloudwatch, operation: disable-alarm-actions";
    let said = cli("aws/cli", ends, ", reversible: false, confirm: { type: x }, timeout: 1m");
    assert!(!said.contains(&"LB521"), "{said:?}");
    assert_eq!(cli("kube/set_env", "deployment: --all, env: { A: b }", ""), ["LB520"]);
    assert_eq!(cli("kube/set_env", "deployment: web, env: { A: b }", ""), Vec::<&str>::new());
}

#[test]
fn only_what_a_step_before_it_makes_may_be_deleted() {
    let of = |steps: &str| {
        let text = format!(
            "version: 1\nname: t\ninputs: {{ who: {{ default: acme }} }}\nvars: {{ copy: \"copy-${{{{inputs.who}}}}\", prod: shop }}\ntargets: {{ x: {{ region: eu-west-1 }} }}\ndefaults: {{ target: x, timeout: 1m }}\nphases:\n- id: p\n  steps:\n{steps}"
        );
        let mut found = codes(&text);
        found.retain(|code| *code == "LB522");
        found.len()
    };
    let make = "  - { id: make, uses: aws/dynamodb.restore_table_to_point_in_time, with: { source_table_name: shop, target_table_name: '${{ vars.copy }}', use_latest_restorable_time: true } }\n";
    let delete = |id: &str, name: &str| {
        format!(
            "  - {{ id: {id}, uses: aws/dynamodb.delete_table, with: {{ table_name: \"{name}\" }}, confirm: {{ type: x }} }}\n"
        )
    };
    let both = |name: &str| of(&format!("{make}{}", delete("del", name)));
    assert_eq!(both("${{ vars.copy }}"), 0);
    assert_eq!(both("copy-${{ inputs.who }}"), 0, "the same, with the var written out");
    assert_eq!(both("${{ steps.make.result.table_name }}"), 0, "left to the run");
    for production in ["shop", "${{ vars.prod }}", "${{ inputs.who }}", "copy-steps.x", "copy-each"] {
        assert_eq!(both(production), 1, "{production}");
    }
    assert_eq!(of(&format!("{}{make}", delete("del", "${{ vars.copy }}"))), 1, "before it is made");
    assert_eq!(of(&delete("del", "copy")), 1, "no step makes any");
    let rollback =
        make.replace(" } }\n", " }, rollback: [{ uses: aws/dynamodb.delete_table, with: { table_name: NAME } }] }\n");
    assert_eq!(of(&rollback.replace("NAME", "'${{ vars.copy }}'")), 0, "its own");
    assert_eq!(of(&rollback.replace("NAME", "shop")), 1);
    let program = |words: &str| {
        of(&format!("  - {{ id: e, uses: exec, with: {{ argv: [{words}] }}, confirm: {{ type: x }} }}\n"))
    };
    assert_eq!(program("aws, s3api, delete-object, --bucket, b, --key, 'test/${{ run.id }}.txt'"), 0);
    assert_eq!(program("aws, s3api, delete-object, --bucket, 'b-${{ run.id }}', --key, logo.png"), 1);
    assert_eq!(program("aws, ec2, terminate-instances, --instance-ids, '${{ steps.x.result }}'"), 1);
    assert_eq!(program("kubectl, get, pods"), 0);
}

#[test]
fn the_lost_region_and_us_east_1() {
    let text = |more: &str| {
        format!(
            "version: 1\nname: t\ninputs: {{ primary: {{ type: region, default: eu-central-1 }} }}\ntargets:\n  old: {{ region: \"${{{{ inputs.primary }}}}\" }}\n  new: {{ region: eu-west-1 }}\nphases:\n- id: p\n  steps:\n  - {{ id: s, uses: aws/s3.head_bucket, with: {{ bucket: b }}, {more} }}\n"
        )
    };
    assert_eq!(codes(&text("target: old")), ["LB506"]);
    assert_eq!(codes(&text("target: old, timeout: 1m, on_failure: continue")), Vec::<&str>::new());
    assert_eq!(codes(&text("target: new")), Vec::<&str>::new());
    let dns = "{ id: a, uses: aws/cloudfront.create_invalidation, with: { distribution_id: E1, paths: ['/*'] } },\n{ id: b, uses: aws/cloudfront.create_invalidation, with: { distribution_id: E2, paths: ['/*'] } }";
    assert_eq!(codes_of(dns), ["LB507"]);
}

#[test]
fn budgets_against_the_rto() {
    let text = |rto: &str, second: &str, more: &str| {
        format!(
            "version: 1\nname: t\nobjectives: {{ rto: {rto} }}\nphases:\n- {{ id: a, budget: 30m, steps: [{{ id: s, uses: note, with: {{ text: x }} }}] }}\n- {{ id: b, {second} steps: [{{ id: u, uses: note, with: {{ text: x }}{more} }}] }}\n"
        )
    };
    assert_eq!(codes(&text("2h", "budget: 60m,", "")), Vec::<&str>::new());
    assert_eq!(codes(&text("95m", "budget: 60m,", "")), ["LB502"]);
    assert_eq!(codes(&text("2h", "", "")), ["LB512"]);
    let over = |more: &str| load_text(&text("1h", "budget: 60m,", more)).diagnostics[0].clone();
    let free = over("");
    assert!(free.message.starts_with("30m + 60m = 1h 30m is over the RTO of 1h by 30m"), "{}", free.message);
    assert!(free.help.unwrap().contains("`b` beside `a` (`needs: []`) makes it 1h"));
    // A step that waits for one of the other phase cannot run beside it.
    assert!(!over(", needs: [s]").help.unwrap().contains("beside"));
}
