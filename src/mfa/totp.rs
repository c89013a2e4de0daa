//! Time-based one-time passwords (RFC 6238): SHA-1, 6 digits, 30 seconds, one step of tolerance.
//!
//! Knows: a secret, a code, a time, the last counter used up. Must not know: people, devices.

use totp_rs::{Builder, Totp};

use crate::model::event::MfaRefusal;

const STEP_S: u64 = 30;
const DIGITS: usize = 6;
/// Steps before and after now whose codes count.
const WINDOW: u64 = 1;
/// Steps back within which a code that no longer counts is told apart from a wrong one.
const EXPIRED_STEPS: u64 = 10;

/// The step a time lies in.
#[must_use]
pub fn counter_at(now_ms: i64) -> u64 {
    u64::try_from(now_ms).unwrap_or(0) / 1000 / STEP_S
}

/// Milliseconds until the next code.
#[must_use]
pub fn left_ms(now_ms: i64) -> u64 {
    let step_ms = STEP_S * 1000;
    step_ms - u64::try_from(now_ms).unwrap_or(0) % step_ms
}

/// The code of a step: six digits.
#[must_use]
pub fn code_at(secret: &[u8], counter: u64) -> String {
    code_of(&totp(secret), counter)
}

fn totp(secret: &[u8]) -> Totp {
    Builder::new().with_secret(secret.to_vec()).build_noncompliant()
}

fn code_of(totp: &Totp, counter: u64) -> String {
    totp.generate(counter.saturating_mul(STEP_S)).to_string()
}

/// Checks a code and returns the counter it uses up, to be kept before anything is done with it.
///
/// Takes the same time whether and where a code matches.
///
/// # Errors
/// `Wrong` for anything but a code of now, `Expired` for one of the last minutes, `AlreadyUsed` when
/// its counter is not above `last_counter`.
pub fn verify(secret: &[u8], code: &str, now_ms: i64, last_counter: Option<u64>) -> Result<u64, MfaRefusal> {
    if !is_code(code) {
        return Err(MfaRefusal::Wrong);
    }
    let totp = totp(secret);
    let now = counter_at(now_ms);
    let (mut counts, mut used, mut old) = (None, false, false);
    for counter in now.saturating_sub(EXPIRED_STEPS)..=now + WINDOW {
        let equal = same(code.as_bytes(), code_of(&totp, counter).as_bytes());
        let fresh = last_counter.is_none_or(|last| counter > last);
        let in_window = counter + WINDOW >= now;
        if equal && in_window && fresh {
            counts = Some(counter);
        }
        used |= equal && !fresh;
        old |= equal && fresh && !in_window;
    }
    match (counts, used, old) {
        (Some(counter), _, _) => Ok(counter),
        (None, true, _) => Err(MfaRefusal::AlreadyUsed),
        (None, false, true) => Err(MfaRefusal::Expired),
        (None, false, false) => Err(MfaRefusal::Wrong),
    }
}

/// Whether a text could be a code at all.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Equality in constant time for texts of one length.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";
    const NOW_MS: i64 = 1_111_111_109_000;

    #[test]
    fn rfc_6238_appendix_b() {
        // The RFC's codes have 8 digits; 6-digit codes are their ends.
        let vectors = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (at_s, code) in vectors {
            let counter = counter_at(at_s * 1000);
            assert_eq!(code_at(SECRET, counter), code[2..]);
            assert_eq!(verify(SECRET, &code[2..], at_s * 1000, None), Ok(counter));
        }
    }

    #[test]
    fn one_step_of_tolerance_to_either_side() {
        let now = counter_at(NOW_MS);
        for counter in [now - 1, now, now + 1] {
            assert_eq!(verify(SECRET, &code_at(SECRET, counter), NOW_MS, None), Ok(counter));
        }
        assert_eq!(verify(SECRET, &code_at(SECRET, now + 2), NOW_MS, None), Err(MfaRefusal::Wrong));
    }

    #[test]
    fn a_code_counts_once() {
        let now = counter_at(NOW_MS);
        let code = code_at(SECRET, now);
        assert_eq!(verify(SECRET, &code, NOW_MS, Some(now - 1)), Ok(now));
        assert_eq!(verify(SECRET, &code, NOW_MS, Some(now)), Err(MfaRefusal::AlreadyUsed));
        // Also minutes later, and also one of a step before the last that counted.
        assert_eq!(verify(SECRET, &code, NOW_MS + 120_000, Some(now)), Err(MfaRefusal::AlreadyUsed));
        assert_eq!(verify(SECRET, &code_at(SECRET, now - 1), NOW_MS, Some(now)), Err(MfaRefusal::AlreadyUsed));
    }

    #[test]
    fn an_old_code_has_expired() {
        let now = counter_at(NOW_MS);
        assert_eq!(verify(SECRET, &code_at(SECRET, now - 2), NOW_MS, None), Err(MfaRefusal::Expired));
        assert_eq!(verify(SECRET, &code_at(SECRET, now - 10), NOW_MS, None), Err(MfaRefusal::Expired));
        assert_eq!(verify(SECRET, &code_at(SECRET, now - 11), NOW_MS, None), Err(MfaRefusal::Wrong));
    }

    #[test]
    fn only_six_ascii_digits_are_a_code() {
        let code = code_at(SECRET, counter_at(NOW_MS));
        for wrong in ["", "12345", "1234567", " 12345", "+12345", "１２３４５６", "12345\n", &format!("{code} ")]
        {
            assert_eq!(verify(SECRET, wrong, NOW_MS, None), Err(MfaRefusal::Wrong), "{wrong:?}");
        }
    }

    #[test]
    fn the_code_lasts_until_the_step_ends() {
        assert_eq!(left_ms(0), 30_000);
        assert_eq!(left_ms(29_999), 1);
        assert_eq!(counter_at(-5), 0);
    }
}
