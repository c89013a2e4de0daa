//! One-time codes: the vectors of the standard, and that no code ever counts twice.

use lifeboat::mfa::{LocalDevices, NewDevice, totp};

use super::{Tally, dice};

const SECRET: &[u8] = b"12345678901234567890";
/// RFC 6238, appendix B, SHA-1: seconds, and the last six of the eight digits.
const VECTORS: &[(i64, &str)] = &[
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
];
const START_MS: i64 = 1_767_495_600_000;

#[test]
fn suite_codes() {
    let mut tally = Tally::of("one-time codes: vectors, replays, restarts, clocks set back", "codes");
    for (at_s, code) in VECTORS {
        tally.cases += 1;
        if totp::verify(SECRET, code, at_s * 1000, None).is_err()
            || totp::code_at(SECRET, totp::counter_at(at_s * 1000)) != *code
        {
            tally.violations.push(format!("the vector of {at_s} s"));
        }
    }
    let mut unguarded = 0;
    for n in 0..2_000 {
        let now_ms = START_MS + i64::try_from(dice(&[n, 61]) % 100_000_000).unwrap() * 10;
        let code = totp::code_at(SECRET, totp::counter_at(now_ms));
        let Ok(counter) = totp::verify(SECRET, &code, now_ms, None) else {
            tally.violations.push(format!("a right code was refused at {now_ms}"));
            continue;
        };
        // The same code, at once, a step later, and by a clock that was set back.
        for later_ms in [0, 1, 29_999, 30_000, -30_000, -60_000, 59_999] {
            tally.cases += 1;
            if totp::verify(SECRET, &code, now_ms + later_ms, Some(counter)).is_ok() {
                tally.violations.push(format!("a replay after {later_ms} ms at {now_ms}"));
            }
            unguarded += u64::from(totp::verify(SECRET, &code, now_ms + later_ms, None).is_ok());
        }
        // And every code of a counter that is not above the last one.
        for back in 0..3 {
            let old = totp::code_at(SECRET, counter - back);
            tally.cases += 1;
            if totp::verify(SECRET, &old, now_ms - 60_000, Some(counter)).is_ok() {
                tally.violations.push(format!("an older code by a clock set back at {now_ms}"));
            }
        }
    }
    tally.control("the last counter", unguarded > 0);
    devices(&mut tally);
    tally.close();
}

/// Devices kept on the disk: what was used stays used in the next process.
fn devices(tally: &mut Tally) {
    let place = tempfile::tempdir().unwrap();
    let mut is_replayed = true;
    for n in 0..60 {
        let person = format!("person{n}");
        let mut now_ms = START_MS + n * 600_000;
        let secret = enrol(place.path(), &person, now_ms);
        let file = LocalDevices::new(place.path()).path(&person);
        let unused = std::fs::read(&file).unwrap();
        now_ms += 120_000;
        let code = totp::code_at(&secret, totp::counter_at(now_ms));
        // Another process each time: it knows what is on the disk, and nothing else.
        let is_taken = |at_ms| LocalDevices::new(place.path()).check(&person, &code, at_ms, None).is_ok();
        if !is_taken(now_ms) {
            tally.violations.push(format!("{person}: a right code was refused"));
        }
        for later_ms in [0, 20_000, -60_000] {
            tally.cases += 1;
            if is_taken(now_ms + later_ms) {
                tally.violations.push(format!("{person}: a replay after a restart, {later_ms} ms later"));
            }
        }
        // The control: a device that has forgotten takes it once more.
        std::fs::write(&file, &unused).unwrap();
        is_replayed &= is_taken(now_ms);
        // Guessing: after a few wrong codes the right one has to wait, in the next process as well.
        let right = totp::code_at(&secret, totp::counter_at(now_ms + 300_000));
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            let _ = LocalDevices::new(place.path()).check(&person, wrong, now_ms + 300_000, None);
        }
        tally.cases += 1;
        if LocalDevices::new(place.path()).check(&person, &right, now_ms + 300_000, None).is_ok() {
            tally.violations.push(format!("{person}: no pause after five wrong codes"));
        }
    }
    tally.control("the memory of a device", is_replayed);
}

/// A device of this person. Gives its secret, as the person's app would have it.
pub(super) fn enrol(place: &std::path::Path, person: &str, now_ms: i64) -> Vec<u8> {
    let new = NewDevice::new(person).unwrap();
    let secret = base32(&new.secret_text());
    let code = totp::code_at(&secret, totp::counter_at(now_ms));
    LocalDevices::new(place).enrol(&new, &code, now_ms, false).unwrap();
    secret
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for sign in text.bytes().filter(u8::is_ascii_alphanumeric) {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == sign).unwrap();
        held = held << 5 | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}
