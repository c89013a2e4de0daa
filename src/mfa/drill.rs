//! The drill's authenticator: practice devices whose codes are shown on the screen, and are checked
//! exactly as real ones are.
//!
//! Knows: a seed, and whose device is lost from when. Must not know: real secrets.

use std::future::ready;

use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::totp;
use crate::engine::ports::{MfaDenied, MfaDevices, MfaRequest};
use crate::model::event::{MfaProof, MfaRefusal};

/// A device for everybody, derived from the drill's seed.
#[derive(Debug, Clone)]
pub struct DrillAuthenticator {
    seed: u64,
    lost: Vec<(String, i64)>,
    /// A code counts as often as it is asked for.
    reusable: bool,
}

impl DrillAuthenticator {
    /// `lost`: people whose device is gone from an instant (Unix ms) on.
    #[must_use]
    pub fn new(seed: u64, lost: Vec<(String, i64)>) -> Self {
        Self { seed, lost, reusable: false }
    }

    /// For a drill in real time that nobody watches: a code counts as often as it is asked for, so that
    /// nothing waits half a minute for the next one. It proves nothing, and says so in the journal.
    #[must_use]
    pub fn without_waiting(run: &str) -> Self {
        let digest = Sha256::digest(run.as_bytes());
        let seed = digest.iter().take(8).fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte));
        Self { seed, lost: Vec::new(), reusable: true }
    }

    fn secret(&self, person: &str) -> Zeroizing<Vec<u8>> {
        let mut hash = Sha256::new();
        hash.update(b"lifeboat practice device");
        hash.update(self.seed.to_le_bytes());
        hash.update(person.as_bytes());
        Zeroizing::new(hash.finalize()[..20].to_vec())
    }

    fn is_lost(&self, person: &str, now_ms: i64) -> bool {
        self.lost.iter().any(|(who, from_ms)| who == person && now_ms >= *from_ms)
    }

    fn check(&self, person: &str, code: &str, now_ms: i64, last_counter: Option<u64>) -> Result<MfaProof, MfaRefusal> {
        let device = self.device(person).ok_or(MfaRefusal::NoDevice)?;
        if self.is_lost(person, now_ms) {
            return Err(MfaRefusal::DeviceLost);
        }
        let last_counter = last_counter.filter(|_| !self.reusable);
        let counter = totp::verify(&self.secret(person), code, now_ms, last_counter)?;
        let counter = Some(counter).filter(|_| !self.reusable);
        Ok(MfaProof { by: person.to_owned(), method: "drill_totp".to_owned(), device, counter })
    }
}

impl MfaDevices for DrillAuthenticator {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let MfaRequest { person, code, now_ms, last_counter, .. } = &request;
        Box::pin(ready(self.check(person, code.expose(), *now_ms, *last_counter).map_err(MfaDenied::from)))
    }

    fn practice_code(&self, person: &str, now_ms: i64) -> Option<(String, u64)> {
        if person.is_empty() || self.is_lost(person, now_ms) {
            return None;
        }
        Some((totp::code_at(&self.secret(person), totp::counter_at(now_ms)), totp::left_ms(now_ms)))
    }

    fn device(&self, person: &str) -> Option<String> {
        // No letters and digits that are taken for one another.
        const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        if person.is_empty() {
            return None;
        }
        let tail: String = Sha256::digest(format!("{} device of {person}", self.seed))[..2]
            .iter()
            .map(|byte| char::from(SIGNS[usize::from(byte % 32)]))
            .collect();
        Some(format!("practice device ending {tail}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_767_495_600_000;

    #[test]
    fn the_code_shown_counts_once() {
        let devices = DrillAuthenticator::new(7, Vec::new());
        let (code, left_ms) = devices.practice_code("alice", NOW_MS).unwrap();
        assert!((1..=30_000).contains(&left_ms));
        let proof = devices.check("alice", &code, NOW_MS, None).unwrap();
        assert_eq!((proof.by.as_str(), proof.method.as_str()), ("alice", "drill_totp"));
        assert_eq!(proof.device, devices.device("alice").unwrap());
        assert_eq!(devices.check("alice", &code, NOW_MS, proof.counter), Err(MfaRefusal::AlreadyUsed));
        assert_eq!(devices.check("alice", &code, NOW_MS + 90_000, None), Err(MfaRefusal::Expired));
    }

    #[test]
    fn where_nobody_waits_a_code_counts_again() {
        let devices = DrillAuthenticator::without_waiting("01K9RUN");
        let (code, _) = devices.practice_code("alice", NOW_MS).unwrap();
        let proof = devices.check("alice", &code, NOW_MS, None).unwrap();
        assert_eq!(proof.counter, None, "a counter would be waited out");
        assert!(devices.check("alice", &code, NOW_MS, proof.counter).is_ok());
        assert_eq!(devices.check("bob", &code, NOW_MS, None), Err(MfaRefusal::Wrong));
    }

    #[test]
    fn people_and_seeds_have_secrets_of_their_own() {
        let devices = DrillAuthenticator::new(7, Vec::new());
        let (code, _) = devices.practice_code("alice", NOW_MS).unwrap();
        assert_eq!(devices.check("bob", &code, NOW_MS, None), Err(MfaRefusal::Wrong));
        assert_ne!(DrillAuthenticator::new(8, Vec::new()).practice_code("alice", NOW_MS).unwrap().0, code);
        assert_eq!(devices.check("", &code, NOW_MS, None), Err(MfaRefusal::NoDevice));
    }

    #[test]
    fn a_lost_device_is_lost_from_its_time_on() {
        let devices = DrillAuthenticator::new(7, vec![("alice".to_owned(), NOW_MS)]);
        let (code, _) = devices.practice_code("alice", NOW_MS - 1).unwrap();
        assert!(devices.check("alice", &code, NOW_MS - 1, None).is_ok());
        assert_eq!(devices.practice_code("alice", NOW_MS), None);
        assert_eq!(devices.check("alice", &code, NOW_MS, None), Err(MfaRefusal::DeviceLost));
        assert!(devices.practice_code("bob", NOW_MS).is_some());
    }
}
