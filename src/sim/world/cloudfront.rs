//! CloudFront: distributions that deploy for minutes, and invalidations.

use serde_json::json;

use super::{Answer, Context, Due, Refusal, World};
use crate::model::Value;
use crate::model::action::cloudfront as calls;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    pub id: String,
    pub status: String,
    pub enabled: bool,
    pub domain_name: String,
    pub etag: String,
    pub aliases: Vec<String>,
    /// Id and domain of each origin.
    pub origins: Vec<(String, String)>,
    /// When its config was last written.
    pub written_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    pub id: String,
    pub status: String,
    pub distribution: String,
    pub paths: Vec<String>,
    pub caller_reference: String,
}

const DEPLOYED_MS: (u64, u64) = (3 * 60_000, 6 * 60_000);
const COMPLETED_MS: (u64, u64) = (30_000, 90_000);
/// Between the read of the config and its write, another write makes the `ETag` stale.
const READ_TO_WRITE_MS: i64 = 300;

impl Invalidation {
    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status,
            "distribution_id": self.distribution,
            "paths": self.paths,
        })
    }
}

/// An id of a distribution, an invalidation or a version of a config.
pub fn new_id(dice: &mut super::Dice, first: char) -> String {
    format!("{first}{}", dice.text(crate::sim::dice::ID, 13))
}

impl World {
    fn distribution(&self, id: &str) -> Result<&Distribution, Refusal> {
        let missing = || Refusal::not_found("NoSuchDistribution", "The specified distribution does not exist.");
        self.distributions.get(id).ok_or_else(missing)
    }

    pub(super) fn get_distribution(&self, call: &calls::GetDistribution) -> Answer {
        let distribution = self.distribution(&call.id)?;
        let origins: Vec<Value> =
            distribution.origins.iter().map(|(id, domain)| json!({"id": id, "domain_name": domain})).collect();
        Ok(json!({
            "id": distribution.id,
            "status": distribution.status,
            "enabled": distribution.enabled,
            "domain_name": distribution.domain_name,
            "etag": distribution.etag,
            "aliases": distribution.aliases,
            "origins": origins,
        }))
    }

    pub(super) fn update_origin(&mut self, call: &calls::UpdateOrigin, context: &mut Context<'_>) -> Answer {
        let distribution = self.distribution(&call.id)?;
        let ix = match (&call.origin_id, distribution.origins.len()) {
            (Some(id), _) => distribution.origins.iter().position(|(origin, _)| origin == id),
            (None, 1) => Some(0),
            (None, _) => {
                let why = "The distribution has several origins: say which with `origin_id`.";
                return Err(Refusal::invalid("InvalidOrigin", why));
            }
        };
        let missing = || Refusal::not_found("NoSuchOrigin", "No origin exists with the specified origin id.");
        let ix = ix.ok_or_else(missing)?;
        if self.now_ms.saturating_sub(distribution.written_ms) < READ_TO_WRITE_MS {
            let why = "The request failed because it didn't meet the preconditions in the If-Match header.";
            return Err(Refusal::invalid("PreconditionFailed", why));
        }
        let etag = new_id(&mut context.dice, 'E');
        let deployed_at = self.after(context.dice.between(DEPLOYED_MS.0, DEPLOYED_MS.1) + context.fate.hang_ms);
        let now_ms = self.now_ms;
        let distribution = self.distributions.get_mut(&call.id).ok_or_else(missing)?;
        let (origin, domain) = distribution.origins.get_mut(ix).ok_or_else(missing)?;
        let previous = std::mem::replace(domain, call.domain_name.clone());
        let origin = origin.clone();
        "InProgress".clone_into(&mut distribution.status);
        distribution.etag.clone_from(&etag);
        distribution.written_ms = now_ms;
        self.agenda.put(deployed_at, Due::DistributionDeployed { id: call.id.clone(), etag: etag.clone() });
        Ok(json!({
            "id": call.id,
            "status": "InProgress",
            "etag": etag,
            "origin_id": origin,
            "domain_name": call.domain_name,
            "previous_domain_name": previous,
        }))
    }

    /// Only the last config that was written ends the deployment.
    pub(super) fn distribution_deployed(&mut self, id: &str, etag: &str) {
        if let Some(distribution) = self.distributions.get_mut(id).filter(|distribution| distribution.etag == etag) {
            "Deployed".clone_into(&mut distribution.status);
        }
    }

    pub(super) fn create_invalidation(
        &mut self,
        call: &calls::CreateInvalidation,
        context: &mut Context<'_>,
    ) -> Answer {
        let distribution = self.distribution(&call.distribution_id)?.id.clone();
        let reference = call.caller_reference.clone().unwrap_or_else(|| context.token.to_owned());
        let known = self
            .invalidations
            .values()
            .find(|known| known.distribution == distribution && known.caller_reference == reference);
        match known {
            Some(known) if known.paths == call.paths => return Ok(known.view()),
            Some(_) => {
                let why = "The caller reference belongs to another batch of paths.";
                return Err(Refusal::invalid("InvalidArgument", why));
            }
            None => {}
        }
        let invalidation = Invalidation {
            id: new_id(&mut context.dice, 'I'),
            status: "InProgress".to_owned(),
            distribution: distribution.clone(),
            paths: call.paths.clone(),
            caller_reference: reference,
        };
        let view = invalidation.view();
        let id = invalidation.id.clone();
        let done_at = self.after(context.dice.between(COMPLETED_MS.0, COMPLETED_MS.1) + context.fate.hang_ms);
        self.invalidations.insert((distribution.clone(), id.clone()), invalidation);
        self.agenda.put(done_at, Due::InvalidationCompleted { distribution, id });
        Ok(view)
    }

    pub(super) fn invalidation_completed(&mut self, distribution: String, id: String) {
        if let Some(invalidation) = self.invalidations.get_mut(&(distribution, id)) {
            "Completed".clone_into(&mut invalidation.status);
        }
    }

    pub(super) fn get_invalidation(&self, call: &calls::GetInvalidation) -> Answer {
        self.distribution(&call.distribution_id)?;
        let missing = || Refusal::not_found("NoSuchInvalidation", "The specified invalidation does not exist.");
        self.invalidations
            .get(&(call.distribution_id.clone(), call.id.clone()))
            .map(Invalidation::view)
            .ok_or_else(missing)
    }
}
