//! CloudFront at ministack: a distribution whose only origin is home.

use serde_json::{Value, json};

use super::{Case, World, changing, reading};

pub(super) fn cases() -> Vec<Case> {
    vec![
        changing("aws/cloudfront.update_origin", distribution, config),
        changing("aws/cloudfront.create_invalidation", |world| of(&distribution(world)), invalidations),
        reading("aws/cloudfront.get_distribution", distribution),
        reading("aws/cloudfront.get_invalidation", invalidation),
    ]
}

fn of(distribution: &Value) -> Value {
    json!({"distribution_id": distribution["id"]})
}

fn distribution(world: &mut World<'_>) -> Value {
    let origin = json!({
        "Id": "app", "DomainName": "home.shop.example",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    });
    let config = json!({
        "CallerReference": "1", "Comment": "shop", "Enabled": true,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "app", "ViewerProtocolPolicy": "redirect-to-https", "MinTTL": 0,
            "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}},
        },
    });
    let made = world.call("cloudfront", "create_distribution", json!({"DistributionConfig": config}));
    let id = world.name(&made["Distribution"]["Id"], "distribution");
    json!({"id": id})
}

fn invalidation(world: &mut World<'_>) -> Value {
    let id = distribution(world)["id"].take();
    let batch = json!({"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "1"});
    let params = json!({"DistributionId": id, "InvalidationBatch": batch});
    let made = world.call("cloudfront", "create_invalidation", params);
    json!({"distribution_id": id, "id": made["Invalidation"]["Id"]})
}

fn config(world: &mut World<'_>) -> Value {
    let id = world.named("distribution");
    let found = world.call("cloudfront", "get_distribution_config", json!({"Id": id}));
    world.name(&found["ETag"], "etag");
    found
}

fn invalidations(world: &mut World<'_>) -> Value {
    let id = world.named("distribution");
    let mut list = world.call("cloudfront", "list_invalidations", json!({"DistributionId": id}));
    let items = list["InvalidationList"]["Items"].as_array().cloned().unwrap_or_default();
    let each = items.iter().map(|item| {
        let invalidation = world.name(&item["Id"], "invalidation");
        world.call("cloudfront", "get_invalidation", json!({"DistributionId": id, "Id": invalidation}))
    });
    list["InvalidationList"]["Items"] = each.collect();
    list
}
