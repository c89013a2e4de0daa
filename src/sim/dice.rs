//! Randomness of a drill: small, seeded, and bound to one call or one name, so that no order of
//! other calls can shift it.
//!
//! Knows: numbers. Must not know: what they are used for.

use sha2::{Digest, Sha256};

/// A stream of numbers (`SplitMix64`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// For the n-th call that the world was sent; `purpose` keeps its uses apart.
    #[must_use]
    pub fn of_call(seed: u64, n: u64, purpose: &str) -> Self {
        Self::named(seed, &format!("call {n} {purpose}"))
    }

    /// For a thing with a name.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        let digest = Sha256::digest([&seed.to_le_bytes(), name.as_bytes()].concat());
        let mut state = [0; 8];
        state.copy_from_slice(&digest[..8]);
        Self(u64::from_le_bytes(state))
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high.saturating_sub(low) + 1)
    }

    /// A number from 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let fraction = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        fraction
    }

    /// Text of `len` signs of an alphabet (ASCII).
    pub fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        let last = alphabet.len().saturating_sub(1) as u64;
        (0..len)
            .filter_map(|_| usize::try_from(self.between(0, last)).ok().and_then(|ix| alphabet.get(ix)))
            .map(|sign| char::from(*sign))
            .collect()
    }

    /// A request id as most services make them.
    pub fn uuid(&mut self) -> String {
        let bytes = (u128::from(self.roll()) << 64) | u128::from(self.roll());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid().to_string()
    }
}

/// Capital letters and digits, as in AWS ids.
pub const ID: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Small letters and digits, as in host names.
pub const HOST: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// Hexadecimal digits.
pub const HEX: &[u8] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_rolls_the_same() {
        let rolls = |seed, n| {
            let mut dice = Dice::of_call(seed, n, "answer");
            [dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(7, 1), rolls(7, 1));
        assert_ne!(rolls(7, 1), rolls(7, 2));
        assert_ne!(rolls(7, 1), rolls(8, 1));
        assert_ne!(rolls(7, 1)[0], rolls(7, 1)[1]);
    }

    #[test]
    fn ranges_hold_their_ends() {
        let mut dice = Dice::named(7, "range");
        let seen: std::collections::BTreeSet<u64> = (0..200).map(|_| dice.between(3, 5)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(dice.between(9, 9), 9);
        assert!((0..200).all(|_| (0.0..1.0).contains(&dice.fraction())));
    }

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = Dice::named(7, "id").uuid();
        assert_eq!(uuid::Uuid::parse_str(&id).map(|id| id.get_version_num()), Ok(4));
    }
}
