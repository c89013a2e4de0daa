//! STS: who am I.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Result: `{account, arn, user_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetCallerIdentity {}
