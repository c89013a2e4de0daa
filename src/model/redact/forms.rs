//! The forms in which programs write a value: as it is, in JSON, in an address, in base64 and in hex.
//!
//! Must not know texts.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::SHORTEST_BYTES;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_ADDRESSES: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Fewer letters of base64 stand in ordinary text by chance.
const SHORTEST_CODED: usize = 6;
/// Letters beside the middle of a base64 text that carry bits of the value and of its neighbour.
const SPILL: usize = 2;
/// A line of a value of several lines is looked for by itself from this length on.
const SHORTEST_LINE: usize = 12;

type Form = (Zeroizing<Vec<u8>>, usize);

/// Every form of a value, each once, with the letters around it that may belong to it.
pub(super) fn of(value: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut add = |bytes: Vec<u8>, spill: usize| forms.push((Zeroizing::new(bytes), spill));
    let plain: Vec<&str> = std::iter::once(value)
        // A key in several lines is often printed, indented or cut line by line.
        .chain(value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----")))
        .collect();
    for text in plain {
        add(text.as_bytes().to_vec(), 0);
        add(json(text), 0);
        add(
            json(text).iter().flat_map(|byte| if *byte == b'/' { vec![b'\\', b'/'] } else { vec![*byte] }).collect(),
            0,
        );
        for (upper, blank) in [(true, "%20"), (true, "+"), (false, "%20"), (false, "+")] {
            add(percent(text, upper, blank, false), 0);
            add(percent(text, upper, blank, true), 0);
        }
    }
    let bytes = value.as_bytes();
    add(hex::encode(bytes).into_bytes(), 0);
    add(hex::encode_upper(bytes).into_bytes(), 0);
    for alphabet in [STANDARD, FOR_ADDRESSES] {
        add(base64(bytes, alphabet), SPILL);
        // The value in the middle of something longer, as `user:value` in a basic authorization.
        for shift in 0..3 {
            let middle = base64_middle(bytes, shift, alphabet);
            if middle.len() >= SHORTEST_CODED {
                add(middle, SPILL);
            }
        }
    }
    let mut seen = HashSet::new();
    forms.retain(|(bytes, _)| bytes.len() >= SHORTEST_BYTES && seen.insert(bytes.to_vec()));
    forms
}

/// Inside the quotes of a JSON text.
fn json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::String(text.to_owned()).to_string().into_bytes();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_vec()
}

/// In an address or a form. Some leave the marks that a path may hold as they are.
fn percent(text: &str, upper: bool, blank: &str, is_path: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b'/' | b':' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
                if is_path =>
            {
                out.push(byte);
            }
            b' ' => out.extend_from_slice(blank.as_bytes()),
            other if upper => out.extend_from_slice(format!("%{other:02X}").as_bytes()),
            other => out.extend_from_slice(format!("%{other:02x}").as_bytes()),
        }
    }
    out
}

/// Without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for letter in 0..=chunk.len() {
            let six = bits >> (18 - 6 * letter) & 0x3f;
            out.push(alphabet[usize::try_from(six).unwrap_or(0)]);
        }
    }
    out
}

/// Those letters that are the same whatever stands before (`shift` bytes beyond whole groups) and after.
fn base64_middle(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let shifted: Vec<u8> = std::iter::repeat_n(0, shift).chain(bytes.iter().copied()).collect();
    let coded = Zeroizing::new(base64(&shifted, alphabet));
    let first = (shift * 8).div_ceil(6);
    let last = shifted.len() * 8 / 6;
    coded.get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_one_of_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes(), STANDARD), coded.as_bytes());
        }
        assert_eq!(base64(&[0xfb, 0xff], STANDARD), b"+/8");
        assert_eq!(base64(&[0xfb, 0xff], FOR_ADDRESSES), b"-_8");
    }

    #[test]
    fn the_middle_stands_in_every_text_around() {
        for before in ["", "u", "us", "use", "user"] {
            for after in ["", "x", "xy", "xyz"] {
                let whole = base64(format!("{before}hunter22{after}").as_bytes(), STANDARD);
                let middle = base64_middle(b"hunter22", before.len() % 3, STANDARD);
                assert!(middle.len() >= 8, "{before} {after}");
                assert!(whole.windows(middle.len()).any(|part| part == middle), "{before} {after}");
            }
        }
    }
}
