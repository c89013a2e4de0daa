//! Who answers for whose code: the operator's devices, and everybody else's.
//!
//! Must not know what kind either is.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::engine::ports::{MfaDenied, MfaDevices, MfaRequest};
use crate::model::event::MfaProof;

/// The devices of a real run: the runbook says how the operator proves to be there, others come
/// to this terminal with their own device.
pub struct Devices {
    operator: String,
    operators: Arc<dyn MfaDevices>,
    others: Arc<dyn MfaDevices>,
}

impl Devices {
    #[must_use]
    pub fn new(operator: &str, operators: Arc<dyn MfaDevices>, others: Arc<dyn MfaDevices>) -> Self {
        Self { operator: operator.to_owned(), operators, others }
    }

    fn of(&self, person: &str) -> &dyn MfaDevices {
        if person == self.operator { &*self.operators } else { &*self.others }
    }
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Devices").field("operator", &self.operator).finish_non_exhaustive()
    }
}

impl MfaDevices for Devices {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        self.of(&request.person).verify(request)
    }

    fn practice_code(&self, person: &str, now_ms: i64) -> Option<(String, u64)> {
        self.of(person).practice_code(person, now_ms)
    }

    fn device(&self, person: &str) -> Option<String> {
        self.of(person).device(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mfa::DrillAuthenticator;

    const NOW_MS: i64 = 1_767_495_600_000;

    #[test]
    fn each_person_is_answered_for_by_their_own() {
        let (own, others) = (DrillAuthenticator::new(1, Vec::new()), DrillAuthenticator::new(2, Vec::new()));
        let devices = Devices::new("alice", Arc::new(own.clone()), Arc::new(others.clone()));
        assert_eq!(devices.practice_code("alice", NOW_MS), own.practice_code("alice", NOW_MS));
        assert_eq!(devices.practice_code("bob", NOW_MS), others.practice_code("bob", NOW_MS));
        assert_eq!(devices.device("bob"), others.device("bob"));
        assert_ne!(devices.device("alice"), others.device("alice"));
    }
}
