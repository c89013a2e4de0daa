//! One line of a journal: its shape, its hash, its bytes.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::model::event::{Event, Stamped};
use crate::model::outcome::Mode;
use crate::model::text::is_hidden;
use crate::model::time;

/// The version of the line format.
pub(super) const VERSION: u32 = 1;
/// The longest line, newline included.
pub(super) const LINE_MAX_BYTES: usize = 64 * 1024;

const SEAL_KEY: &[u8] = b",\"h\":\"";
const HEX_BYTES: usize = 64;
/// `,"h":"` + 64 hex digits + `"}`
const SEAL_BYTES: usize = SEAL_KEY.len() + HEX_BYTES + 2;

/// What a lowercase hex digit stands for; more than 15 for every other byte. A table, as a chain is
/// read two links a line.
const NIBBLES: [u8; 256] = {
    let mut table = [u8::MAX; 256];
    let mut value = 0_u8;
    while value < 16 {
        table[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    table
};

/// One record, as scripts and `jq` see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    pub seq: u64,
    pub run: Arc<str>,
    /// How many processes had opened the run, from 1.
    pub epoch: u32,
    /// The run's wall clock, Unix ms; RFC 3339 in the file.
    #[serde(rename = "wall", with = "wall")]
    pub wall_ms: i64,
    pub boot_ns: u64,
    pub boot_id: Arc<str>,
    pub who: Arc<str>,
    pub ev: Event,
    pub prev: Link,
    pub h: Link,
}

impl Record {
    #[must_use]
    pub fn stamped(&self) -> Stamped {
        self.clone().into_stamped()
    }

    #[must_use]
    pub fn into_stamped(self) -> Stamped {
        let Self { seq, epoch, wall_ms, who, ev, .. } = self;
        Stamped { seq, epoch, at_ms: wall_ms, who: who.to_string(), event: ev }
    }
}

/// One link of the chain: a SHA-256, shown as 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

impl Link {
    /// What line 1 is chained to.
    pub(super) fn seed(run: &str, mode: Mode) -> Self {
        let hash = Sha256::new().chain_update(b"lifeboat/1\n").chain_update(run).chain_update(b"\n");
        Self(hash.chain_update(mode.word()).finalize().into())
    }

    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Upper case is refused: two spellings of a hash would let a changed byte pass.
    fn parse(text: &[u8]) -> Option<Self> {
        let (pairs, []) = text.as_chunks::<2>() else { return None };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return None;
        }
        let mut all = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (NIBBLES[usize::from(*high)], NIBBLES[usize::from(*low)]);
            all |= high | low;
            *byte = high << 4 | low & 0xf;
        }
        (all <= 0xf).then_some(Self(bytes))
    }

    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; HEX_BYTES];
        hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl Visitor<'_> for Hex {
            type Value = Link;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lowercase hex digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Link, E> {
                Link::parse(text.as_bytes()).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

/// RFC 3339 in the file, milliseconds in memory.
mod wall {
    use super::{Deserializer, Serializer, Visitor, de, fmt, time};

    /// What RFC 3339 can say.
    const YEARS_0_TO_9999_MS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(at_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        if !YEARS_0_TO_9999_MS.contains(at_ms) {
            return Err(serde::ser::Error::custom("the time is out of range"));
        }
        serializer.serialize_str(&time::rfc3339(*at_ms))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        struct Rfc3339;
        impl Visitor<'_> for Rfc3339 {
            type Value = i64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
                time::parse_rfc3339_ms(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Rfc3339)
    }
}

/// A line without its seal, as it is written. `ev` is an event, or its JSON with big members moved out.
#[derive(Serialize)]
pub(super) struct Body<'a, E> {
    pub v: u32,
    pub seq: u64,
    pub run: &'a str,
    pub epoch: u32,
    #[serde(rename = "wall", with = "wall")]
    pub wall_ms: i64,
    pub boot_ns: u64,
    pub boot_id: &'a str,
    pub who: &'a str,
    pub ev: &'a E,
    pub prev: Link,
}

/// A line as it is read, borrowing what it can. `ev` as in [`Body`], or as its bare text.
#[derive(Deserialize)]
pub(super) struct Line<'a, E> {
    pub v: u32,
    pub seq: u64,
    #[serde(borrow)]
    pub run: Cow<'a, str>,
    pub epoch: u32,
    #[serde(rename = "wall", with = "wall")]
    pub wall_ms: i64,
    pub boot_ns: u64,
    #[serde(borrow)]
    pub boot_id: Cow<'a, str>,
    #[serde(borrow)]
    pub who: Cow<'a, str>,
    pub ev: E,
    pub prev: Link,
}

/// Writes a line's JSON so that a terminal that shows the file obeys nothing in it: `tail -f` on a
/// journal is what people do at 3 a.m.
pub(super) struct Visible;

impl serde_json::ser::Formatter for Visible {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| *c == '\u{7f}' || is_hidden(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Ends a body (`{…}`) with its own hash and a newline.
pub(super) fn seal(line: &mut Vec<u8>) -> Link {
    let hash = Link::of(line);
    line.pop();
    line.extend_from_slice(SEAL_KEY);
    line.extend_from_slice(hash.to_hex().as_bytes());
    line.extend_from_slice(b"\"}\n");
    hash
}

/// What a line (without its newline) says its hash is, and what it is.
pub(super) struct Seal {
    pub stated: Link,
    pub actual: Link,
}

/// Reads the seal at the end of a line; `None` if there is none.
pub(super) fn read_seal(line: &[u8]) -> Option<Seal> {
    let (content, seal) = line.split_at_checked(line.len().checked_sub(SEAL_BYTES)?)?;
    let stated = seal.strip_prefix(SEAL_KEY)?.strip_suffix(b"\"}").and_then(Link::parse)?;
    let actual = Link(Sha256::new().chain_update(content).chain_update(b"}").finalize().into());
    Some(Seal { stated, actual })
}
