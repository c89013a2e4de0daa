//! STS: the identity that calls are made with.

use serde_json::json;

use super::{Context, World};
use crate::model::Value;
use crate::model::plan::ResolvedTarget;
use crate::sim::naming::short;

/// Who a target's credentials turn out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

/// The account that nameless targets mean.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

impl World {
    pub(super) fn get_caller_identity(&self, context: &Context<'_>) -> Value {
        let identity = self.identity(context.target);
        json!({"account": identity.account, "arn": identity.arn, "user_id": identity.user_id})
    }

    /// The account of a target, or the one that nameless targets mean.
    #[must_use]
    pub fn account_of(target: &ResolvedTarget) -> &str {
        target.account.as_deref().unwrap_or(DEFAULT_ACCOUNT)
    }

    /// The identity of a target: as a scenario set it, else derived from account, role and operator.
    #[must_use]
    pub fn identity(&self, target: &ResolvedTarget) -> Identity {
        let account = Self::account_of(target);
        if let Some(identity) = self.identities.get(account) {
            return identity.clone();
        }
        let role = target.role.as_deref().map_or("dr-operator", short);
        let mut dice = super::Dice::named(self.seed, &format!("identity {account} {role}"));
        let id = dice.text(crate::sim::dice::ID, 17);
        Identity {
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{}", self.operator),
            user_id: format!("AROA{id}:{}", self.operator),
        }
    }

    pub(super) fn caller_arn(&self, target: &ResolvedTarget) -> String {
        self.identity(target).arn
    }
}
