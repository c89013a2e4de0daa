//! CloudFront distributions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{id, status, etag, origin_id, domain_name, previous_domain_name}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrigin {
    /// The distribution.
    pub id: String,
    /// Which origin; may be left out when there is just one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_id: Option<String>,
    /// The origin's new domain.
    pub domain_name: String,
}

/// Result: `{id, status, distribution_id, paths}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvalidation {
    pub distribution_id: String,
    pub paths: Vec<String>,
    /// Idempotency key; derived from run, step and attempt when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_reference: Option<String>,
}

/// Result: `{id, status, enabled, domain_name, etag, aliases, origins: [{id, domain_name}]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetDistribution {
    pub id: String,
}

/// Result: `{id, status, distribution_id, paths}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetInvalidation {
    pub distribution_id: String,
    pub id: String,
}
