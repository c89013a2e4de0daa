//! Route 53 hosted zones.

use aws_sdk_route53::types::{HostedZone, HostedZoneConfig};
use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::action::route53 as input;
use crate::model::outcome::CloudError;

pub(super) async fn get_hosted_zone(calls: &Calls<'_>, call: &input::GetHostedZone) -> Result<CloudReply, CloudError> {
    calls
        .answer(calls.route53().get_hosted_zone().id(&call.id).send(), |answer| {
            let zone = answer.hosted_zone();
            let servers = answer.delegation_set().map_or(&[][..], |set| set.name_servers());
            json!({
                "id": zone.map(HostedZone::id),
                "name": zone.map(HostedZone::name),
                "private_zone": zone.and_then(|zone| zone.config()).is_some_and(HostedZoneConfig::private_zone),
                "resource_record_set_count": zone.and_then(HostedZone::resource_record_set_count),
                "name_servers": servers,
                "linked_service": zone.and_then(|zone| zone.linked_service()).map(|linked| linked.service_principal()),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;

    const ZONE: &str = r#"<GetHostedZoneResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZone>
        <Id>/hostedzone/Z1</Id><Name>shop.example.</Name><CallerReference>r</CallerReference>
        <Config><PrivateZone>false</PrivateZone></Config><ResourceRecordSetCount>4</ResourceRecordSetCount></HostedZone>
        <DelegationSet><NameServers><NameServer>ns-1.awsdns-00.com</NameServer></NameServers></DelegationSet>
        </GetHostedZoneResponse>"#;

    #[tokio::test]
    async fn a_zone_is_read_by_its_id_with_or_without_its_path() {
        for id in ["Z1", "/hostedzone/Z1"] {
            let request = wire::read("aws/route53.get_hosted_zone", &json!({"id": id}));
            let (reply, sent) = wire::ask(&request, [Answer::ok(ZONE)]).await;
            assert_eq!(
                reply.unwrap().value,
                json!({"id": "/hostedzone/Z1", "name": "shop.example.", "private_zone": false,
                       "resource_record_set_count": 4, "name_servers": ["ns-1.awsdns-00.com"], "linked_service": null})
            );
            assert!(sent[0].uri.ends_with("/2013-04-01/hostedzone/Z1"), "{}", sent[0].uri);
            assert_eq!(sent[0].signed_for().as_deref(), Some("us-east-1/route53"));
        }
    }

    #[tokio::test]
    async fn a_zone_that_is_not_there_is_not_found() {
        let request = wire::read("aws/route53.get_hosted_zone", &json!({"id": "Z9"}));
        let (reply, _) = wire::ask(&request, [Answer::xml_error(404, "NoSuchHostedZone", "no zone")]).await;
        assert_eq!(reply.unwrap_err().kind, crate::model::outcome::CloudErrorKind::NotFound);
    }
}
