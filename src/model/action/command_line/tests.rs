//! Every action's command line, word for word.

use serde_json::json;

use super::*;

fn lines(action: &str, with: &Value) -> Vec<String> {
    let target = ResolvedTarget { region: Some("us-east-1".into()), profile: Some("dr".into()), ..Default::default() };
    let action = Action::parse(action, with).unwrap();
    action.command_lines(&target).iter().map(|line| shell_line(line)).collect()
}

#[test]
fn one_operation_is_one_line() {
    assert_eq!(
        lines("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "shop-dr"})),
        ["aws rds promote-read-replica-db-cluster --db-cluster-identifier shop-dr --region us-east-1 --profile dr"]
    );
    assert_eq!(
        lines(
            "aws/rds.failover_global_cluster",
            &json!({"global_cluster_identifier": "g", "target_db_cluster_identifier": "arn:aws:rds:us-east-1:1:cluster:c", "allow_data_loss": false})
        ),
        ["aws rds failover-global-cluster --global-cluster-identifier g --target-db-cluster-identifier \
          arn:aws:rds:us-east-1:1:cluster:c --no-allow-data-loss --region us-east-1 --profile dr"]
    );
    assert_eq!(
        lines("aws/ecs.describe_services", &json!({"cluster": "c", "services": ["a", "b"]})),
        ["aws ecs describe-services --cluster c --services a b --region us-east-1 --profile dr"]
    );
    assert_eq!(
        lines("aws/s3.head_bucket", &json!({"bucket": "-b"})),
        ["aws s3api head-bucket --bucket=-b --region us-east-1 --profile dr"]
    );
}

#[test]
fn nested_members_go_as_json_with_their_wire_names() {
    let with = json!({"hosted_zone_id": "Z1", "change_batch": {"comment": "it's time", "changes": [
        {"action": "UPSERT", "resource_record_set": {"name": "www.example.com", "type": "CNAME", "ttl": 60,
         "resource_records": [{"value": "dr.example.com"}]}},
        {"action": "UPSERT", "resource_record_set": {"name": "example.com", "type": "A", "alias_target":
         {"hosted_zone_id": "Z2", "dns_name": "lb.example.com", "evaluate_target_health": false}}}]}});
    let argv = Action::parse("aws/route53.change_resource_record_sets", &with).unwrap();
    let argv = argv.command_lines(&ResolvedTarget::default()).remove(0);
    assert_eq!(argv[..5], ["aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z1"]);
    let batch: Value = serde_json::from_str(&argv[6]).unwrap();
    assert_eq!(batch["Changes"][0]["ResourceRecordSet"]["TTL"], json!(60));
    assert_eq!(batch["Changes"][0]["ResourceRecordSet"]["ResourceRecords"][0]["Value"], json!("dr.example.com"));
    assert_eq!(batch["Changes"][1]["ResourceRecordSet"]["AliasTarget"]["DNSName"], json!("lb.example.com"));
    assert!(shell_line(&argv).contains(r"it'\''s time"));
}

#[test]
fn composite_actions_say_what_they_are_made_of() {
    let edit =
        lines("aws/cloudfront.update_origin", &json!({"id": "E1", "origin_id": "o", "domain_name": "dr.example.com"}));
    assert_eq!(edit.len(), 3);
    assert_eq!(
        edit[0],
        "sh -c 'aws cloudfront get-distribution-config --id E1 --region us-east-1 --profile dr --output json > E1.json'"
    );
    assert!(edit[1].contains("select(.Id == \\$origin)).DomainName = \\$domain"), "{}", edit[1]);
    let only = lines("aws/cloudfront.update_origin", &json!({"id": "E1", "domain_name": "dr.example.com"}));
    assert!(only[1].contains("if length == 1 then .[0] else error("), "{}", only[1]);
    assert!(edit[2].contains("--if-match \"$(jq -r .ETag E1.json)\""), "{}", edit[2]);
    assert_eq!(
        lines("aws/s3.restore_object_version", &json!({"bucket": "b", "key": "a dir/é.txt", "version_id": "v+1"})),
        ["aws s3api copy-object --bucket b --key 'a dir/é.txt' --copy-source 'b/a%20dir/%C3%A9.txt?versionId=v%2B1' \
          --region us-east-1 --profile dr"]
    );
    let stable = lines("aws/ecs.services_stable", &json!({"cluster": "c", "service": "s"}));
    assert!(stable[0].starts_with("aws ecs describe-services --cluster c --services s --query "), "{}", stable[0]);
    let metric = lines(
        "aws/cloudwatch.get_metric",
        &json!({"namespace": "AWS/RDS", "metric_name": "ReplicaLag", "dimensions": {"DBInstanceIdentifier": "d"}}),
    );
    assert!(metric[0].contains("--dimensions Name=DBInstanceIdentifier,Value=d --statistics Average --period 60"));
}

#[test]
fn an_invalidation_with_a_reference_carries_it() {
    let plain = lines("aws/cloudfront.create_invalidation", &json!({"distribution_id": "E1", "paths": ["/*"]}));
    assert!(plain[0].contains("--paths '/*'"), "{}", plain[0]);
    let with = json!({"distribution_id": "E1", "paths": ["/*"], "caller_reference": "r1"});
    let batch = lines("aws/cloudfront.create_invalidation", &with);
    assert!(batch[0].contains(r#"{"Paths":{"Quantity":1,"Items":["/*"]},"CallerReference":"r1"}"#), "{}", batch[0]);
}

#[test]
fn the_outside_has_its_own_tools_and_people_have_none() {
    assert_eq!(lines("exec", &json!({"argv": ["./fence.sh", "two words"]})), ["./fence.sh 'two words'"]);
    assert_eq!(
        lines("exec", &json!({"argv": ["a | b"], "shell": true, "env": {"K": "v w"}})),
        ["env 'K=v w' sh -c 'a | b'"]
    );
    assert_eq!(
        lines("http/check", &json!({"url": "https://a.example/?x=1&y"})),
        ["curl -sS -i --max-time 10 --url 'https://a.example/?x=1&y'"]
    );
    assert_eq!(
        lines("dns/resolve", &json!({"name": "a.example", "resolvers": ["1.1.1.1"]})),
        ["dig +noall +answer @1.1.1.1 a.example A"]
    );
    assert_eq!(lines("dns/resolve", &json!({"name": "a.example"})).len(), 3);
    assert!(lines("manual", &json!({"ask": "?"})).is_empty());
    assert!(lines("wait", &json!({"for": "5m"})).is_empty());
}

#[test]
fn a_line_stays_one_line() {
    let line = shell_line(&["echo".into(), "a\nb\\n'c".into(), String::new()]);
    assert!(!line.contains('\n'), "{line}");
    assert!(line.starts_with("eval "), "{line}");
}
