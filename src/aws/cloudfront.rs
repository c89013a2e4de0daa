//! CloudFront distributions: their origins, and what their edges keep.

use aws_sdk_cloudfront::error::BuildError;
use aws_sdk_cloudfront::types::{
    Aliases, Distribution, DistributionConfig, Invalidation, InvalidationBatch, Origin, Origins, Paths,
};
use serde_json::json;

use super::calls::Calls;
use super::error::{invalid, not_found};
use super::shape::empty_answer;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::cloudfront as input;
use crate::model::outcome::CloudError;

/// Two requests, one of which changes: the config is read, one origin's domain is edited, and the
/// whole is written back on the condition that nobody wrote in between.
pub(super) async fn update_origin(calls: &Calls<'_>, call: &input::UpdateOrigin) -> Result<CloudReply, CloudError> {
    let read = calls.look(calls.cloudfront().get_distribution_config().id(&call.id).send()).await?;
    let (Some(mut config), Some(etag)) = (read.distribution_config, read.e_tag) else {
        return Err(invalid("NoConfig", format!("AWS answered without the config of distribution {}", call.id)));
    };
    let shown = calls.before.and_then(|before| before["etag"].as_str());
    if shown.is_some_and(|shown| shown != etag) {
        return Err(config_changed());
    }
    let origin = origin_of(&mut config, call)?;
    let (origin_id, domain) = (origin.id.clone(), call.domain_name.clone());
    let previous = std::mem::replace(&mut origin.domain_name, domain);
    let request =
        calls.cloudfront().update_distribution().id(&call.id).if_match(etag).distribution_config(config).send();
    calls
        .try_answer(request, |output| {
            let distribution = output.distribution.as_ref().ok_or_else(|| empty_answer("distribution"))?;
            Ok(json!({
                "id": distribution.id(),
                "status": distribution.status(),
                "etag": output.e_tag,
                "origin_id": origin_id,
                "domain_name": call.domain_name,
                "previous_domain_name": previous,
            }))
        })
        .await
        .map_err(|error| match error.code.as_str() {
            "PreconditionFailed" | "InvalidIfMatchVersion" => {
                CloudError { request_id: error.request_id, ..config_changed() }
            }
            _ => error,
        })
}

fn config_changed() -> CloudError {
    invalid("ConfigChanged", "the distribution has changed since it was shown; look again")
}

/// The origin that is meant: the one named, or the only one.
fn origin_of<'a>(config: &'a mut DistributionConfig, call: &input::UpdateOrigin) -> Result<&'a mut Origin, CloudError> {
    let origins = config.origins.as_mut().map_or(&mut [][..], |origins| &mut origins.items);
    match &call.origin_id {
        Some(id) => origins
            .iter_mut()
            .find(|origin| origin.id == *id)
            .ok_or_else(|| not_found("NoSuchOrigin", "No origin exists with the specified origin id.")),
        None => match origins {
            [only] => Ok(only),
            _ => Err(invalid("InvalidOrigin", "The distribution has several origins: say which with `origin_id`.")),
        },
    }
}

pub(super) async fn create_invalidation(
    calls: &Calls<'_>,
    call: &input::CreateInvalidation,
) -> Result<CloudReply, CloudError> {
    let reference = call.caller_reference.as_deref().unwrap_or(calls.token);
    let batch = batch(&call.paths, reference).map_err(|error| invalid("InvalidArgument", error.to_string()))?;
    let request = calls
        .cloudfront()
        .create_invalidation()
        .distribution_id(&call.distribution_id)
        .invalidation_batch(batch)
        .send();
    calls
        .try_answer(request, |output| {
            let made = output.invalidation.as_ref().ok_or_else(|| empty_answer("invalidation"))?;
            Ok(invalidation(made, &call.distribution_id))
        })
        .await
}

fn batch(paths: &[String], reference: &str) -> Result<InvalidationBatch, BuildError> {
    let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
    let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build()?;
    InvalidationBatch::builder().paths(paths).caller_reference(reference).build()
}

pub(super) async fn get_distribution(
    calls: &Calls<'_>,
    call: &input::GetDistribution,
) -> Result<CloudReply, CloudError> {
    let request = calls.cloudfront().get_distribution().id(&call.id).send();
    let missing = || not_found("NoSuchDistribution", "AWS answered without the distribution.");
    calls
        .try_answer(request, |output| {
            output.distribution.as_ref().map(|found| distribution(found, output.e_tag())).ok_or_else(missing)
        })
        .await
}

pub(super) async fn get_invalidation(
    calls: &Calls<'_>,
    call: &input::GetInvalidation,
) -> Result<CloudReply, CloudError> {
    let request = calls.cloudfront().get_invalidation().distribution_id(&call.distribution_id).id(&call.id).send();
    let missing = || not_found("NoSuchInvalidation", "AWS answered without the invalidation.");
    calls
        .try_answer(request, |output| {
            output.invalidation.as_ref().map(|found| invalidation(found, &call.distribution_id)).ok_or_else(missing)
        })
        .await
}

fn distribution(distribution: &Distribution, etag: Option<&str>) -> Value {
    let config = distribution.distribution_config();
    let origins: Vec<Value> = config
        .and_then(DistributionConfig::origins)
        .map(Origins::items)
        .unwrap_or_default()
        .iter()
        .map(|origin| json!({"id": origin.id(), "domain_name": origin.domain_name()}))
        .collect();
    let aliases = config.and_then(DistributionConfig::aliases).map(Aliases::items).unwrap_or_default();
    json!({
        "id": distribution.id(),
        "status": distribution.status(),
        "enabled": config.is_some_and(DistributionConfig::enabled),
        "domain_name": distribution.domain_name(),
        "etag": etag,
        "aliases": aliases,
        "origins": origins,
    })
}

fn invalidation(invalidation: &Invalidation, distribution_id: &str) -> Value {
    let paths = invalidation.invalidation_batch().and_then(InvalidationBatch::paths);
    json!({
        "id": invalidation.id(),
        "status": invalidation.status(),
        "distribution_id": distribution_id,
        "paths": paths.map(Paths::items).unwrap_or_default(),
    })
}
