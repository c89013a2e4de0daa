//! Reads until when a certificate holds: the one thing of it that an operator wants to know early.
//!
//! Only walks to the place; whether the certificate is worth anything was decided by the handshake.

use chrono::{NaiveDate, NaiveDateTime};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const DAY_S: i64 = 86_400;

/// Whole days from an instant (Unix s) until a certificate (DER) ends; below 0 after it.
pub(super) fn days_left(der: &[u8], now_s: i64) -> Option<i64> {
    not_after_s(der).map(|end_s| (end_s - now_s).div_euclid(DAY_S))
}

/// The end of a certificate's validity, Unix s.
fn not_after_s(der: &[u8]) -> Option<i64> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (signed, _) = expect(certificate, SEQUENCE)?;
    // The version may be left out.
    let rest = expect(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_serial, rest) = expect(rest, INTEGER)?;
    let (_algorithm, rest) = expect(rest, SEQUENCE)?;
    let (_issuer, rest) = expect(rest, SEQUENCE)?;
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, end, _) = element(rest)?;
    instant_s(tag, std::str::from_utf8(end).ok()?)
}

/// Splits off the element at the beginning: tag, content, what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        // A certificate of 16 MB is none; no length at all is not DER.
        if bytes.is_empty() || bytes.len() > 3 {
            return None;
        }
        (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

fn expect(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(tag, _, _)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

fn instant_s(tag: u8, text: &str) -> Option<i64> {
    let full = match tag {
        // Years of two digits: 50 to 99 are of the last century (RFC 5280).
        UTC_TIME if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let digits = full.strip_suffix('Z').filter(|digits| digits.len() == 14)?;
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(part(0, 4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, part(4, 6)?, part(6, 8)?)?;
    let at: NaiveDateTime = day.and_hms_opt(part(8, 10)?, part(10, 12)?, part(12, 14)?)?;
    Some(at.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-04T03:00:00Z.
    const NOW_S: i64 = 1_767_495_600;

    fn certificate(year: i32, month: u8, day: u8) -> Vec<u8> {
        let mut wanted = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        wanted.not_before = rcgen::date_time_ymd(1960, 1, 1);
        wanted.not_after = rcgen::date_time_ymd(year, month, day);
        wanted.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_of_writing_a_year_are_read() {
        assert_eq!(days_left(&certificate(2026, 2, 4), NOW_S), Some(30));
        assert_eq!(days_left(&certificate(2026, 1, 5), NOW_S), Some(0));
        assert_eq!(days_left(&certificate(2026, 1, 4), NOW_S), Some(-1));
        assert_eq!(days_left(&certificate(2051, 1, 4), NOW_S), Some(25 * 365 + 6 - 1));
        assert_eq!(days_left(&certificate(1999, 1, 4), NOW_S), Some(-(27 * 365 + 7) - 1));
    }

    #[test]
    fn whatever_else_comes_is_no_answer_and_no_panic() {
        let good = certificate(2026, 2, 4);
        for end in 0..good.len() {
            let _ = days_left(&good[..end], NOW_S);
        }
        assert_eq!(days_left(&good[..40], NOW_S), None);
        for ix in 0..good.len().min(200) {
            let mut bad = good.clone();
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                bad[ix] = value;
                let _ = days_left(&bad, NOW_S);
            }
        }
        assert_eq!(days_left(b"", NOW_S), None);
        assert_eq!(instant_s(UTC_TIME, "2602040000Z"), None);
        assert_eq!(instant_s(GENERALIZED_TIME, "20261304000000Z"), None);
        assert_eq!(instant_s(INTEGER, "20261204000000Z"), None);
    }
}
