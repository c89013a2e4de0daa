//! Route 53 and CloudFront at the wire.

use serde_json::{Value, json};

use super::scripts::{config, records, script};
use super::{play, refusal, replay, request};
use crate::aws::wire::{self, Answer, Sent};
use crate::engine::effect::CallRequest;
use crate::model::action::examples;
use crate::model::outcome::{CloudError, CloudErrorKind, ProbeAnswer};

const CHANGE: &str = "aws/route53.change_resource_record_sets";
const UPDATE: &str = "aws/cloudfront.update_origin";

/// The example, sent after a look that showed this.
async fn after(name: &str, before: Value, answers: Vec<Answer>) -> (Result<Value, CloudError>, Vec<Sent>) {
    let request = request(name, &examples::example_with(name).unwrap());
    let (reply, sent) = wire::ask(&CallRequest { before: Some(before), ..request }, answers).await;
    (reply.map(|reply| reply.value), sent)
}

fn shown(target: &str, ttl: u32) -> Value {
    let records = json!([{"value": target}]);
    let set = json!({"name": "www.shop.example.", "type": "CNAME", "ttl": ttl, "resource_records": records});
    json!({"resource_record_sets": [set], "is_truncated": false})
}

fn set(name: &str, ttl: u32, target: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{name}</Name><Type>CNAME</Type><TTL>{ttl}</TTL><ResourceRecords><ResourceRecord>\
         <Value>{target}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
    )
}

#[tokio::test]
async fn a_record_is_swapped_in_one_batch() {
    let (answer, sent) = after(CHANGE, shown("home.shop.example", 300), script(CHANGE).unwrap()).await;
    assert_eq!(
        answer.unwrap(),
        json!({"id": "/change/C0EXAMPLE", "status": "PENDING", "submitted_at": "2026-11-21T14:00:00.123Z", "old_ttl": 300})
    );
    assert_eq!(sent.len(), 1);
    assert!(sent[0].uri.ends_with("/2013-04-01/hostedzone/Z0EXAMPLE/rrset"), "{}", sent[0].uri);
    assert_eq!(sent[0].signed_for().as_deref(), Some("us-east-1/route53"));
    let delete =
        format!("<Change><Action>DELETE</Action>{}</Change>", set("www.shop.example.", 300, "home.shop.example"));
    let create = format!("<Change><Action>CREATE</Action>{}</Change>", set("www.shop.example", 60, "dr.shop.example"));
    assert!(sent[0].body.contains(&format!("<Changes>{delete}{create}</Changes>")), "{}", sent[0].body);
}

#[tokio::test]
async fn without_a_look_a_record_is_upserted() {
    let (answer, sent) = play(CHANGE).await;
    assert_eq!(answer.get("old_ttl"), None);
    let upsert = format!("<Change><Action>UPSERT</Action>{}</Change>", set("www.shop.example", 60, "dr.shop.example"));
    assert!(sent[0].body.contains(&format!("<Changes>{upsert}</Changes>")), "{}", sent[0].body);
}

#[tokio::test]
async fn every_member_of_a_record_goes_over_the_wire() {
    let alias = json!({"hosted_zone_id": "Z1", "dns_name": "lb.example", "evaluate_target_health": true});
    let record = json!({
        "name": "a.shop.example", "type": "A", "alias_target": alias, "set_identifier": "blue", "weight": 10,
        "failover": "PRIMARY", "region": "eu-central-1", "health_check_id": "h-1",
    });
    let changes = json!([{"action": "CREATE", "resource_record_set": record}]);
    let with =
        json!({"hosted_zone_id": "/hostedzone/Z0EXAMPLE", "change_batch": {"comment": "move", "changes": changes}});
    let (_, sent) = wire::ask(&request(CHANGE, &with), script(CHANGE).unwrap()).await;
    assert!(sent[0].uri.ends_with("/hostedzone/Z0EXAMPLE/rrset"), "{}", sent[0].uri);
    for xml in [
        "<Comment>move</Comment>",
        "<SetIdentifier>blue</SetIdentifier><Weight>10</Weight><Region>eu-central-1</Region><Failover>PRIMARY</Failover>",
        "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>lb.example</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>",
        "<HealthCheckId>h-1</HealthCheckId>",
    ] {
        assert!(sent[0].body.contains(xml), "{xml}\n{}", sent[0].body);
    }
}

#[tokio::test]
async fn a_record_that_changed_since_it_was_shown_is_left_alone() {
    let said = "Tried to delete resource record set [name='www.shop.example.', type='CNAME'] but the values provided do not match the current values";
    // Route 53 has two forms for it.
    let bare = format!(
        "<InvalidChangeBatch xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages><Message>{}</Message></Messages>\
         <RequestId>r-1</RequestId></InvalidChangeBatch>",
        said.replace('\'', "&apos;")
    );
    for refused in [
        Answer::xml_error(400, "InvalidChangeBatch", &format!("[{said}]")),
        Answer::status(400, &bare).with_header("x-amzn-requestid", "r-1"),
    ] {
        let (answer, sent) = after(CHANGE, shown("home.shop.example", 300), vec![refused]).await;
        let error = answer.unwrap_err();
        assert_eq!(refusal(&error), (CloudErrorKind::Invalid, "InvalidChangeBatch"));
        assert!(error.message.contains("has changed since it was shown; look again"), "{}", error.message);
        assert!(error.message.contains(said), "{}", error.message);
        assert_eq!(sent.len(), 1);
    }
    // With a 5xx not even this is believed.
    let (answer, _) = after(CHANGE, shown("home.shop.example", 300), vec![Answer::status(500, &bare)]).await;
    assert_eq!(answer.unwrap_err().kind, CloudErrorKind::UnknownOutcome);
    let (busy, _) = replay(CHANGE, [Answer::xml_error(400, "PriorRequestNotComplete", "wait")]).await;
    assert_eq!(refusal(&busy.unwrap_err()), (CloudErrorKind::Throttled, "PriorRequestNotComplete"));
}

#[tokio::test]
async fn a_record_with_more_than_we_know_is_refused_unsent() {
    let mut before = shown("home.shop.example", 300);
    before["resource_record_sets"][0]["multi_value_answer"] = json!(true);
    let (answer, sent) = after(CHANGE, before, Vec::new()).await;
    assert_eq!(refusal(&answer.unwrap_err()), (CloudErrorKind::Invalid, "RecordHasMore"));
    assert!(sent.is_empty());
}

#[tokio::test]
async fn a_change_is_read_by_either_id() {
    let (change, sent) = play("aws/route53.get_change").await;
    assert_eq!(
        change,
        json!({"id": "/change/C0EXAMPLE", "status": "INSYNC", "submitted_at": "2026-11-21T14:00:00.123Z"})
    );
    let with = json!({"id": "/change/C0EXAMPLE"});
    let name = "aws/route53.get_change";
    let (_, long) = wire::ask(&request(name, &with), script(name).unwrap()).await;
    assert_eq!(long[0].uri, sent[0].uri);
    assert!(sent[0].uri.ends_with("/2013-04-01/change/C0EXAMPLE"), "{}", sent[0].uri);
}

#[tokio::test]
async fn records_are_listed_as_a_change_has_them() {
    let change = examples::example(CHANGE).unwrap();
    let probe = change.probe().unwrap();
    let listing = async |sets: &str| wire::ask(&request(probe.name(), &probe.with()), [records(sets)]).await;
    let (reply, sent) = listing(&set("www.shop.example.", 300, "home.shop.example")).await;
    assert!(sent[0].uri.contains("name=www.shop.example&type=CNAME&maxitems=100"), "{}", sent[0].uri);
    let reply = reply.unwrap().value;
    assert_eq!(reply, shown("home.shop.example", 300));
    assert_eq!(change.judge(None, &reply), ProbeAnswer::Before);
    let (reply, _) = listing(&set("WWW.shop.example.", 60, "dr.shop.example.")).await;
    assert_eq!(change.judge(None, &reply.unwrap().value), ProbeAnswer::After);
    let more = "<ResourceRecordSet><Name>\\052.shop.example.</Name><Type>A</Type><SetIdentifier>eu</SetIdentifier>\
        <GeoLocation><ContinentCode>EU</ContinentCode></GeoLocation><AliasTarget><HostedZoneId>Z1</HostedZoneId>\
        <DNSName>lb.example.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>\
        <HealthCheckId>h-1</HealthCheckId></ResourceRecordSet>";
    let (reply, _) = listing(more).await;
    let alias = json!({"hosted_zone_id": "Z1", "dns_name": "lb.example.", "evaluate_target_health": false});
    let geo = json!({"continent_code": "EU", "country_code": null, "subdivision_code": null});
    assert_eq!(
        reply.unwrap().value["resource_record_sets"][0],
        json!({"name": "\\052.shop.example.", "type": "A", "alias_target": alias, "set_identifier": "eu",
               "health_check_id": "h-1", "geo_location": geo})
    );
}

#[tokio::test]
async fn one_origin_is_changed_and_everything_else_written_back() {
    let (answer, sent) = play(UPDATE).await;
    assert_eq!(
        answer,
        json!({"id": "E0EXAMPLE", "status": "InProgress", "etag": "E2", "origin_id": "app",
               "domain_name": "dr.shop.example", "previous_domain_name": "home.shop.example"})
    );
    let [read, write] = &sent[..] else { panic!("{sent:?}") };
    assert!(read.method == "GET" && read.uri.ends_with("/2020-05-31/distribution/E0EXAMPLE/config"), "{}", read.uri);
    assert!(write.method == "PUT" && write.uri.ends_with("/2020-05-31/distribution/E0EXAMPLE/config"), "{}", write.uri);
    assert_eq!(write.header("if-match"), Some("E1"));
    for xml in [
        "<Id>app</Id><DomainName>dr.shop.example</DomainName><OriginPath>/v2</OriginPath>",
        "<Id>files</Id><DomainName>files.s3.amazonaws.com</DomainName>",
        "<CachePolicyId>p-1</CachePolicyId>",
        "<WebACLId>acl-1</WebACLId>",
        "<CNAME>www.shop.example</CNAME>",
    ] {
        assert!(write.body.contains(xml), "{xml}\n{}", write.body);
    }
    assert!(!write.body.contains("home.shop.example"));
}

#[tokio::test]
async fn a_config_that_changed_since_it_was_shown_is_left_alone() {
    let (answer, sent) = after(UPDATE, json!({"etag": "E0"}), script(UPDATE).unwrap()).await;
    let error = answer.unwrap_err();
    assert_eq!(refusal(&error), (CloudErrorKind::Invalid, "ConfigChanged"));
    assert!(error.message.contains("look again"));
    assert_eq!(sent.len(), 1, "nothing was written");
    let (answer, _) = after(UPDATE, json!({"etag": "E1"}), script(UPDATE).unwrap()).await;
    assert_eq!(answer.unwrap()["etag"], "E2");
    let between = [
        Answer::ok(&config("home.shop.example")).with_header("etag", "E1"),
        Answer::xml_error(412, "PreconditionFailed", "no match"),
    ];
    let (answer, sent) = replay(UPDATE, between).await;
    assert_eq!(refusal(&answer.unwrap_err()), (CloudErrorKind::Invalid, "ConfigChanged"));
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn an_origin_must_be_meant() {
    let one = async |with: Value| {
        let answer = Answer::ok(&config("home.shop.example")).with_header("etag", "E1");
        let (reply, sent) = wire::ask(&request(UPDATE, &with), [answer]).await;
        assert_eq!(sent.len(), 1, "nothing was written");
        reply.unwrap_err()
    };
    let several = one(json!({"id": "E0EXAMPLE", "domain_name": "x"})).await;
    assert_eq!(refusal(&several), (CloudErrorKind::Invalid, "InvalidOrigin"));
    let nobody = one(json!({"id": "E0EXAMPLE", "origin_id": "x", "domain_name": "x"})).await;
    assert_eq!(refusal(&nobody), (CloudErrorKind::NotFound, "NoSuchOrigin"));
}

#[tokio::test]
async fn a_distribution_is_read() {
    let (read, sent) = play("aws/cloudfront.get_distribution").await;
    assert!(sent[0].uri.ends_with("/2020-05-31/distribution/E0EXAMPLE"), "{}", sent[0].uri);
    assert_eq!(sent[0].signed_for().as_deref(), Some("us-east-1/cloudfront"));
    assert_eq!(
        read,
        json!({
            "id": "E0EXAMPLE", "status": "Deployed", "enabled": true, "domain_name": "d1.cloudfront.net", "etag": "E1",
            "aliases": ["www.shop.example"],
            "origins": [{"id": "files", "domain_name": "files.s3.amazonaws.com"}, {"id": "app", "domain_name": "home.shop.example"}],
        })
    );
    let update = examples::example(UPDATE).unwrap();
    assert_eq!(update.judge(None, &read), ProbeAnswer::Before);
    assert_eq!(update.before_view(&read)["etag"], "E1");
}

#[tokio::test]
async fn an_invalidation_carries_its_reference() {
    let (made, sent) = play("aws/cloudfront.create_invalidation").await;
    let expected =
        |status: &str| json!({"id": "I0EXAMPLE", "status": status, "distribution_id": "E0EXAMPLE", "paths": ["/*"]});
    assert_eq!(made, expected("InProgress"));
    assert!(sent[0].uri.ends_with("/2020-05-31/distribution/E0EXAMPLE/invalidation"), "{}", sent[0].uri);
    assert!(sent[0].body.contains("<Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths><CallerReference>example-1</CallerReference>"));
    let name = "aws/cloudfront.create_invalidation";
    let with = json!({"distribution_id": "E0EXAMPLE", "paths": ["/*"]});
    let (_, sent) = wire::ask(&request(name, &with), script(name).unwrap()).await;
    assert!(sent[0].body.contains("<CallerReference>token-1</CallerReference>"), "{}", sent[0].body);
    let (read, sent) = play("aws/cloudfront.get_invalidation").await;
    assert_eq!(read, expected("Completed"));
    assert!(sent[0].uri.ends_with("/distribution/E0EXAMPLE/invalidation/I0EXAMPLE"), "{}", sent[0].uri);
}
