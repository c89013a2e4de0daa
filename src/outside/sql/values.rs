//! Values as PostgreSQL sends them, as JSON. What JSON has no exact word for stays a text.
//!
//! Must not know: connections.

use std::error::Error;

use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta};
use serde_json::Number;
use tokio_postgres::types::{FromSql, Kind, Type};

use crate::model::Value;

type Bad = Box<dyn Error + Sync + Send>;

/// 2000-01-01, from which PostgreSQL counts, in Unix time.
const EPOCH_S: i64 = 946_684_800;
const DAY_S: i64 = 86_400;
const SECOND_US: i64 = 1_000_000;
/// How many days of an interval a month is.
const MONTH_DAYS: i64 = 30;

/// One value of a row.
#[derive(Debug)]
pub(super) struct Cell(pub Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Bad> {
        value(kind, raw).map(Cell)
    }

    fn from_sql_null(_kind: &Type) -> Result<Self, Bad> {
        Ok(Self(Value::Null))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

/// Whether a type is read here.
pub(super) fn is_known(kind: &Type) -> bool {
    match kind.kind() {
        Kind::Enum(_) => true,
        Kind::Array(member) | Kind::Domain(member) => is_known(member),
        _ => is_text(kind) || KNOWN.contains(kind),
    }
}

const KNOWN: &[Type] = &[
    Type::BOOL,
    Type::CHAR,
    Type::INT2,
    Type::INT4,
    Type::INT8,
    Type::OID,
    Type::REGCLASS,
    Type::XID,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::NUMERIC,
    Type::JSON,
    Type::JSONB,
    Type::UUID,
    Type::DATE,
    Type::TIME,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::INTERVAL,
    Type::BYTEA,
    Type::VOID,
];

/// Types that are sent as the text they are written as.
fn is_text(kind: &Type) -> bool {
    let known = [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN, Type::XML];
    known.contains(kind) || kind.name() == "citext"
}

fn value(kind: &Type, raw: &[u8]) -> Result<Value, Bad> {
    match kind.kind() {
        Kind::Array(_) => {
            let items = Vec::<Cell>::from_sql(kind, raw)?;
            return Ok(items.into_iter().map(|Cell(value)| value).collect());
        }
        Kind::Domain(member) => return value(member, raw),
        Kind::Enum(_) => return text(raw),
        _ if is_text(kind) => return text(raw),
        _ => {}
    }
    Ok(match *kind {
        Type::BOOL => (array::<1>(raw)?[0] != 0).into(),
        Type::CHAR => char::from(array::<1>(raw)?[0]).to_string().into(),
        Type::INT2 => i16::from_be_bytes(array(raw)?).into(),
        Type::INT4 => i32::from_be_bytes(array(raw)?).into(),
        Type::INT8 => i64::from_be_bytes(array(raw)?).into(),
        Type::OID | Type::REGCLASS | Type::XID => u32::from_be_bytes(array(raw)?).into(),
        // By its text, or 0.1 would become 0.10000000149.
        Type::FLOAT4 => float(f32::from_be_bytes(array(raw)?).to_string()),
        Type::FLOAT8 => float(f64::from_be_bytes(array(raw)?).to_string()),
        Type::NUMERIC => numeric(raw)?,
        Type::JSON => serde_json::from_slice(raw)?,
        Type::JSONB => serde_json::from_slice(raw.get(1..).unwrap_or_default())?,
        Type::UUID => uuid::Uuid::from_bytes(array(raw)?).to_string().into(),
        Type::DATE => date(i32::from_be_bytes(array(raw)?)),
        Type::TIME => time(i64::from_be_bytes(array(raw)?)),
        Type::TIMESTAMP => instant(i64::from_be_bytes(array(raw)?), ""),
        Type::TIMESTAMPTZ => instant(i64::from_be_bytes(array(raw)?), "Z"),
        Type::INTERVAL => interval(raw)?,
        Type::BYTEA => format!("\\x{}", hex::encode(raw)).into(),
        Type::VOID => Value::Null,
        _ => return Err(format!("no value of type {kind} is read").into()),
    })
}

fn array<const N: usize>(raw: &[u8]) -> Result<[u8; N], Bad> {
    raw.try_into().map_err(|_| format!("a value has {} bytes in place of {N}", raw.len()).into())
}

fn text(raw: &[u8]) -> Result<Value, Bad> {
    Ok(std::str::from_utf8(raw)?.into())
}

/// A float by its shortest text; what is no number stays one.
fn float(text: String) -> Value {
    let number = text.parse().ok().and_then(Number::from_f64);
    number.map_or(Value::String(text), Value::Number)
}

/// A decimal: a number where that loses nothing.
fn numeric(raw: &[u8]) -> Result<Value, Bad> {
    let text = numeric_text(raw).ok_or("a numeric is damaged")?;
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    // As written by the server, without the zeros that only say how exact it is.
    let plain = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if let Ok(whole) = plain.parse::<i64>() {
        return Ok(whole.into());
    }
    let exact = plain.parse::<f64>().ok().filter(|float| float.to_string() == plain);
    Ok(exact.and_then(Number::from_f64).map_or(Value::String(text), Value::Number))
}

/// As PostgreSQL writes it.
fn numeric_text(raw: &[u8]) -> Option<String> {
    let mut words = raw.chunks(2).map(|two| two.try_into().ok().map(u16::from_be_bytes));
    let mut word = || words.next().flatten();
    let (count, weight, sign, scale) = (word()?, word()?.cast_signed(), word()?, usize::from(word()?));
    let minus = match sign {
        0x0000 => "",
        0x4000 => "-",
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    let digits: Vec<u16> = (0..count).map(|_| word()).collect::<Option<_>>()?;
    // Each digit is one of ten thousand; the first stands `weight` places before the point.
    let digit = |place: i32| {
        let ix = usize::try_from(i32::from(weight) - place).ok();
        ix.and_then(|ix| digits.get(ix)).copied().unwrap_or(0)
    };
    let four = |place: i32| format!("{:04}", digit(place));
    let whole: Vec<String> = (0..=i32::from(weight.max(0))).rev().map(four).collect();
    let whole = whole.concat();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    if scale == 0 {
        return Some(format!("{minus}{whole}"));
    }
    let places = i32::try_from(scale.div_ceil(4)).ok()?;
    let fraction: Vec<String> = (1..=places).map(|place| four(-place)).collect();
    let mut fraction = fraction.concat();
    fraction.truncate(scale);
    Some(format!("{minus}{whole}.{fraction}"))
}

fn date(days: i32) -> Value {
    let beyond = |days: i32| if days > 0 { "infinity" } else { "-infinity" };
    let day = DateTime::from_timestamp(EPOCH_S + i64::from(days) * DAY_S, 0);
    let day = day.filter(|_| days != i32::MAX && days != i32::MIN);
    day.map_or_else(|| beyond(days).to_owned(), |day| day.format("%Y-%m-%d").to_string()).into()
}

fn time(us: i64) -> Value {
    let time = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(us)).0;
    let form = if us % SECOND_US == 0 { "%H:%M:%S" } else { "%H:%M:%S%.6f" };
    // 24:00:00 is a time of its own there.
    if us == DAY_S * SECOND_US { "24:00:00".into() } else { time.format(form).to_string().into() }
}

/// RFC 3339; of a time without a zone, without one.
fn instant(us: i64, zone: &str) -> Value {
    let at = us.checked_add(EPOCH_S * SECOND_US).and_then(DateTime::from_timestamp_micros);
    match at.filter(|_| us != i64::MAX && us != i64::MIN) {
        Some(at) => {
            let text = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            format!("{}{zone}", text.trim_end_matches('Z')).into()
        }
        None => (if us > 0 { "infinity" } else { "-infinity" }).into(),
    }
}

/// In seconds, to the microsecond.
fn interval(raw: &[u8]) -> Result<Value, Bad> {
    let raw: [u8; 16] = array(raw)?;
    let us = i64::from_be_bytes(array(&raw[..8])?);
    let days = i64::from(i32::from_be_bytes(array(&raw[8..12])?));
    let months = i64::from(i32::from_be_bytes(array(&raw[12..])?));
    let whole = (months * MONTH_DAYS + days) * DAY_S;
    let total_us = i128::from(whole) * i128::from(SECOND_US) + i128::from(us);
    let second_us = i128::from(SECOND_US);
    if total_us % second_us == 0 {
        return Ok(i64::try_from(total_us / second_us)?.into());
    }
    let (sign, rest) = (if total_us < 0 { "-" } else { "" }, total_us.unsigned_abs());
    let (seconds, part) = (rest / second_us.unsigned_abs(), rest % second_us.unsigned_abs());
    Ok(float(format!("{sign}{seconds}.{part:06}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decimal(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> Value {
        let head = [u16::try_from(digits.len()).unwrap(), weight.cast_unsigned(), sign, scale];
        let raw: Vec<u8> = head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect();
        value(&Type::NUMERIC, &raw).unwrap()
    }

    #[test]
    fn a_decimal_is_a_number_where_that_loses_nothing() {
        assert_eq!(decimal(0, 0, 0, &[]), json!(0));
        assert_eq!(decimal(1, 0, 0, &[45, 8921]), json!(458_921));
        assert_eq!(decimal(1, 0, 0, &[3]), json!(30_000));
        assert_eq!(decimal(0, 0x4000, 2, &[12, 5000]), json!(-12.5));
        assert_eq!(decimal(-1, 0, 4, &[1]), json!(0.0001));
        assert_eq!(decimal(-2, 0, 8, &[1]), json!(0.000_000_01));
        assert_eq!(decimal(0, 0, 2, &[95]), json!(95));
        assert_eq!(decimal(4, 0, 0, &[9, 9999, 9999, 9999, 9999]), json!(99_999_999_999_999_999_i64));
        let long = [1, 2345, 6789, 123, 4567, 8901];
        assert_eq!(decimal(5, 0, 0, &long), json!("123456789012345678901"));
        assert_eq!(decimal(0, 0, 20, &[1, 1, 1, 1, 1, 1]), json!("1.00010001000100010001"));
        assert_eq!(decimal(0, 0xC000, 0, &[]), json!("NaN"));
        assert_eq!(decimal(0, 0xD000, 0, &[]), json!("Infinity"));
        assert!(value(&Type::NUMERIC, &[0, 5, 0]).is_err());
    }

    #[test]
    fn times_and_spans() {
        let at = |us: i64| value(&Type::TIMESTAMPTZ, &us.to_be_bytes()).unwrap();
        assert_eq!(at(0), json!("2000-01-01T00:00:00Z"));
        assert_eq!(at(820_724_400_250_000), json!("2026-01-03T03:00:00.250Z"));
        assert_eq!((at(i64::MAX), at(i64::MIN)), (json!("infinity"), json!("-infinity")));
        assert_eq!(value(&Type::TIMESTAMP, &0_i64.to_be_bytes()).unwrap(), json!("2000-01-01T00:00:00"));
        assert_eq!(value(&Type::DATE, &(-1_i32).to_be_bytes()).unwrap(), json!("1999-12-31"));
        assert_eq!(value(&Type::TIME, &3_600_500_000_i64.to_be_bytes()).unwrap(), json!("01:00:00.500000"));
        let span = |months: i32, days: i32, us: i64| {
            let raw = [&us.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat();
            value(&Type::INTERVAL, &raw).unwrap()
        };
        assert_eq!(span(0, 2, 0), json!(172_800));
        assert_eq!(span(1, 0, 1_500_000), json!(2_592_001.5));
        assert_eq!(span(0, 0, -250_000), json!(-0.25));
    }

    #[test]
    fn nothing_that_a_server_sends_is_a_panic() {
        for kind in KNOWN.iter().chain(&[Type::INT4_ARRAY, Type::TEXT_ARRAY, Type::TEXT]) {
            for len in 0..24_u8 {
                for fill in [0, 1, 0x7f, 0x80, 0xff] {
                    let _ = value(kind, &vec![fill; usize::from(len)]);
                }
            }
        }
    }
}
