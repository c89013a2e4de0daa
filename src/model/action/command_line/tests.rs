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
fn a_record_that_has_been_seen_is_changed_only_if_it_still_is_like_that() {
    let set = |target: &str| json!({"name": "www.example.com", "type": "CNAME", "ttl": 60, "resource_records": [{"value": target}]});
    let with = json!({"hosted_zone_id": "Z1", "change_batch": {"changes": [
        {"action": "UPSERT", "resource_record_set": set("dr.example.com")}]}});
    let flip = Action::parse("aws/route53.change_resource_record_sets", &with).unwrap();
    let changes = |before: Option<&Value>| {
        let lines = flip.command_lines_seen(&ResolvedTarget::default(), before);
        lines.first().map(|line| serde_json::from_str::<Value>(&line[6]).unwrap()["Changes"].clone())
    };
    assert_eq!(changes(None).unwrap()[0]["Action"], "UPSERT");
    let mut seen = json!({"resource_record_sets": [set("old.example.com")], "is_truncated": false});
    let swapped = changes(Some(&seen)).unwrap();
    assert_eq!((&swapped[0]["Action"], &swapped[1]["Action"]), (&json!("DELETE"), &json!("CREATE")));
    assert_eq!(swapped[0]["ResourceRecordSet"]["ResourceRecords"][0]["Value"], "old.example.com");
    seen["resource_record_sets"][0]["geo_location"] = json!({"country_code": "DE"});
    assert_eq!(changes(Some(&seen)), None, "the line would lose where the record answers");
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
    assert!(edit[1].ends_with("' E1.json E1-new.json dr.example.com o"), "{}", edit[1]);
    let only = lines("aws/cloudfront.update_origin", &json!({"id": "E1", "domain_name": "dr.example.com"}));
    assert!(only[1].ends_with("' E1.json E1-new.json dr.example.com"), "{}", only[1]);
    assert!(
        edit[2].contains(
            "--distribution-config file://E1-new.json --region us-east-1 --profile dr --if-match \"$(python3"
        )
    );
    assert_eq!(
        lines("aws/s3.restore_object_version", &json!({"bucket": "b", "key": "a dir/é.txt", "version_id": "v+1"})),
        ["aws s3api copy-object --bucket b --key 'a dir/é.txt' --copy-source 'b/a dir/é.txt?versionId=v+1' \
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

/// The edit is a program inside a line: it has to do what it says.
#[test]
fn the_edit_of_an_origin_changes_one_domain_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let read = json!({"ETag": "E9", "DistributionConfig": {"Comment": "it's", "Origins": {"Quantity": 2, "Items": [
        {"Id": "a", "DomainName": "a.example"}, {"Id": "b", "DomainName": "b.example"}]}}});
    std::fs::write(dir.path().join("E1.json"), read.to_string()).unwrap();
    let run = |with: &Value, ix: usize| {
        let line = &lines("aws/cloudfront.update_origin", with)[ix];
        std::process::Command::new("sh").args(["-c", line]).current_dir(dir.path()).output().unwrap()
    };
    let edit = run(&json!({"id": "E1", "origin_id": "b", "domain_name": "dr.example"}), 1);
    assert!(edit.status.success(), "{edit:?}");
    let new = std::fs::read_to_string(dir.path().join("E1-new.json")).unwrap();
    let mut wanted = read["DistributionConfig"].clone();
    wanted["Origins"]["Items"][1]["DomainName"] = json!("dr.example");
    assert_eq!(serde_json::from_str::<Value>(&new).unwrap(), wanted);
    let which = run(&json!({"id": "E1", "domain_name": "dr.example"}), 1);
    assert!(!which.status.success(), "two origins and no name: {which:?}");
}

#[test]
fn a_role_is_taken_in_the_same_line() {
    let target = ResolvedTarget {
        region: Some("us-east-1".into()),
        profile: Some("base".into()),
        role: Some("arn:aws:iam::111122223333:role/dr".into()),
        ..Default::default()
    };
    let all = |name: &str, with: &Value| {
        let lines = Action::parse(name, with).unwrap().command_lines(&target);
        lines.iter().map(|line| shell_line(line)).collect::<Vec<_>>()
    };
    let promote = all("aws/rds.promote_read_replica_db_cluster", &json!({"db_cluster_identifier": "it's"}));
    assert!(promote[0].contains("aws sts assume-role --role-arn arn:aws:iam::111122223333:role/dr"), "{promote:?}");
    assert_eq!(promote[0].matches("--profile base").count(), 1, "the profile opens the role only: {promote:?}");
    // What the shell would run: the keys come first, and without them nothing does.
    let dir = tempfile::tempdir().unwrap();
    let fake = "#!/bin/sh\n[ \"$1\" = sts ] && { [ -z \"$REFUSE\" ] && echo 'AK SK ST'; exit; }\n\
                echo \"$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN $*\"\n";
    // Another process writes it: what another test starts in this moment would keep our own copy open, and busy.
    let write = ["-c", "printf %s \"$2\" >\"$1/aws\" && chmod 755 \"$1/aws\"", "sh"];
    assert!(std::process::Command::new("sh").args(write).arg(dir.path()).arg(fake).status().unwrap().success());
    let run = |refuse: &str| {
        let path = format!("{}:/usr/bin:/bin", dir.path().display());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &promote[0]]).env("PATH", path).env("REFUSE", refuse).output().unwrap()
    };
    let said = run("");
    assert_eq!(
        String::from_utf8_lossy(&said.stdout).trim(),
        "AK SK ST rds promote-read-replica-db-cluster --db-cluster-identifier it's --region us-east-1",
        "{said:?}"
    );
    assert!(run("yes").stdout.is_empty(), "without the role nothing may be sent as somebody else");
    let origin = all("aws/cloudfront.update_origin", &json!({"id": "E1", "domain_name": "d"}));
    assert!(
        origin[0].contains("assume-role") && !origin[1].contains("assume-role") && origin[2].contains("assume-role")
    );
    assert!(!all("http/check", &json!({"url": "https://a.example/"}))[0].contains("assume-role"));
}

#[test]
fn keys_of_the_caller_are_left_as_written() {
    let with = json!({"recovery_point_arn": "arn:p", "metadata": {"targetTableName": "t", "n_x": "y"}});
    let line = lines("aws/backup.start_restore_job", &with).remove(0);
    assert!(line.contains(r#"--metadata '{"n_x":"y","targetTableName":"t"}'"#), "{line}");
    let look = json!({"global_replication_group_id": "g"});
    assert_eq!(
        lines("aws/elasticache.describe_global_replication_groups", &look),
        ["aws elasticache describe-global-replication-groups --global-replication-group-id g --show-member-info \
          --region us-east-1 --profile dr"]
    );
    let bounds =
        json!({"service_namespace": "ecs", "resource_id": "service/c/s", "scalable_dimension": "d", "min_capacity": 1});
    assert!(lines("aws/application_autoscaling.register_scalable_target", &bounds)[0].starts_with(
        "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/c/s"
    ));
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
    assert_eq!(
        lines("exec", &json!({"argv": ["./fence.sh", "two words"]})),
        ["env AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_PROFILE=dr ./fence.sh 'two words'"]
    );
    assert_eq!(
        lines("exec", &json!({"argv": ["a | b"], "shell": true, "env": {"K": "v w", "AWS_PROFILE": "own"}})),
        ["env AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_PROFILE=own 'K=v w' sh -c 'a | b'"]
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
