//! Command lines of actions that are not one API operation under its own name.

use serde_json::json;

use super::{aws_line, object, quoted, script, shell_line};
use crate::model::Value;
use crate::model::action::{cloudfront, cloudwatch, ecs, s3};
use crate::model::plan::ResolvedTarget;

/// Sets one origin's domain in a distribution's config. Without a name there must be just one origin:
/// pointing all of them elsewhere is nobody's wish.
const EDIT_ORIGIN: &str = "import json,sys; old,new,domain,*name=sys.argv[1:]; \
    config=json.load(open(old))[\"DistributionConfig\"]; \
    found=[o for o in config[\"Origins\"][\"Items\"] if not name or o[\"Id\"] in name]; \
    len(found)==1 or sys.exit(\"which origin?\"); found[0][\"DomainName\"]=domain; \
    json.dump(config,open(new,\"w\"))";

/// The `ETag` that the config was read with.
const READ_ETAG: &str = "import json,sys; print(json.load(open(sys.argv[1]))[\"ETag\"])";

/// No single operation edits an origin: read config and `ETag`, edit, write with `If-Match`. Python
/// edits, as whoever has the `aws` command line has it as well.
pub(super) fn update_origin_lines(update: &cloudfront::UpdateOrigin, target: &ResolvedTarget) -> Vec<Vec<String>> {
    let (old, new) = (format!("{}.json", update.id), format!("{}-new.json", update.id));
    let id = object(json!({"id": update.id}));
    let read = shell_line(&aws_line("cloudfront", "get-distribution-config", &id, target));
    let mut edit = ["python3", "-c", EDIT_ORIGIN, &old, &new, &update.domain_name].map(str::to_owned).to_vec();
    edit.extend(update.origin_id.clone());
    let write = object(json!({"id": update.id, "distribution_config": format!("file://{new}")}));
    let write = shell_line(&aws_line("cloudfront", "update-distribution", &write, target));
    let etag = shell_line(&["python3", "-c", READ_ETAG, &old].map(str::to_owned));
    vec![
        script(format!("{read} --output json > {}", quoted(&old))),
        edit,
        script(format!("{write} --if-match \"$({etag})\"")),
    ]
}

/// A caller reference makes the call repeatable; without one the CLI makes up its own.
pub(super) fn invalidation_line(create: &cloudfront::CreateInvalidation, target: &ResolvedTarget) -> Vec<String> {
    let members = match &create.caller_reference {
        None => json!({"distribution_id": create.distribution_id, "paths": create.paths}),
        Some(reference) => json!({
            "distribution_id": create.distribution_id,
            "invalidation_batch": {
                "paths": {"quantity": create.paths.len(), "items": create.paths},
                "caller_reference": reference,
            },
        }),
    };
    aws_line("cloudfront", "create-invalidation", &object(members), target)
}

/// Restoring a version is a copy of it onto its own key. The command line encodes the source itself.
pub(super) fn copy_object_line(restore: &s3::RestoreObjectVersion, target: &ResolvedTarget) -> Vec<String> {
    let source = format!("{}/{}?versionId={}", restore.bucket, restore.key, restore.version_id);
    let members = json!({"bucket": restore.bucket, "key": restore.key, "copy_source": source});
    aws_line("s3api", "copy-object", &object(members), target)
}

/// "Stable" is read off a description: one deployment, all its tasks running.
pub(super) fn services_stable_line(stable: &ecs::ServicesStable, target: &ResolvedTarget) -> Vec<String> {
    let query = "services[0].{desired: desiredCount, running: runningCount, \
                 deployments: length(deployments), rollout: deployments[0].rolloutState}";
    let members = json!({"cluster": stable.cluster, "services": [stable.service], "query": query});
    aws_line("ecs", "describe-services", &object(members), target)
}

/// The window ends now, so the line works out its times when it is run.
pub(super) fn metric_line(metric: &cloudwatch::GetMetric, target: &ResolvedTarget) -> Vec<String> {
    let dimensions: Vec<Value> =
        metric.dimensions.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let simple = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:".contains(&b));
    let dimensions = if metric.dimensions.iter().all(|(name, value)| simple(name) && simple(value)) {
        json!(metric.dimensions.iter().map(|(name, value)| format!("Name={name},Value={value}")).collect::<Vec<_>>())
    } else {
        Value::Array(dimensions)
    };
    let members = json!({
        "namespace": metric.namespace,
        "metric_name": metric.metric_name,
        "dimensions": dimensions,
        "statistics": [metric.statistic.as_deref().unwrap_or("Average")],
        "period": metric.period_seconds.unwrap_or(60),
    });
    let line = shell_line(&aws_line("cloudwatch", "get-metric-statistics", &object(members), target));
    let window = metric.window_seconds.unwrap_or(600);
    script(format!("{line} --start-time \"$(($(date +%s) - {window}))\" --end-time \"$(date +%s)\""))
}
