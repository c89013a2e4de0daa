//! Keeps known secrets out of text: every form in which one may turn up is replaced by `••••`.
//!
//! Knows: the values of this process's secrets, and the ways in which programs write such values.
//! Must not know: where a secret comes from, or which sink a text is for.
//!
//! Decided: a value below four bytes is not looked for (every second word would be hidden), so
//! whoever takes secrets in refuses it. Where several forms overlap, all that any of them covers is
//! hidden under one mark. Text that arrives in pieces goes through a [`Stream`].

mod event;
mod forms;
mod stream;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};

use memchr::memmem;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::Value;
use super::outcome::CloudError;

pub use stream::Stream;

/// What stands where a secret stood.
pub const MARK: &str = "••••";
/// A shorter value cannot be told from ordinary text.
pub const SHORTEST_BYTES: usize = 4;

/// One text to look for.
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    /// How many letters of a code around it may carry further bits of the secret.
    spill: usize,
}

#[derive(Default)]
struct Known {
    values: Vec<SecretString>,
    needles: Vec<Needle>,
}

/// The secrets known so far. Clones share them.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

/// The redactor of this process: a panic has no other way to find one.
#[must_use]
pub fn shared() -> &'static Redactor {
    static SHARED: LazyLock<Redactor> = LazyLock::new(Redactor::default);
    &SHARED
}

impl Redactor {
    /// Looks for this value from now on; one that is too short is not taken.
    pub fn learn(&self, secret: &str) {
        if secret.len() < SHORTEST_BYTES {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.values.iter().any(|value| value.expose_secret() == secret) {
            return;
        }
        known.values.push(SecretString::from(secret));
        for (bytes, spill) in forms::of(secret) {
            if !known.needles.iter().any(|needle| needle.bytes == bytes) {
                known.needles.push(Needle { bytes, spill });
            }
        }
    }

    /// The secrets themselves, for another process of ours that has to hide them too.
    #[must_use]
    pub fn values(&self) -> Vec<SecretString> {
        self.known().values.clone()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known().needles.is_empty()
    }

    /// The text without secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.found(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let hidden = replaced(text.as_bytes(), &found);
        // What is cut out are whole texts, so what is left is one too.
        Cow::Owned(String::from_utf8(hidden).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into()))
    }

    /// The bytes without secrets.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let found = self.found(bytes);
        if found.is_empty() { Cow::Borrowed(bytes) } else { Cow::Owned(replaced(bytes, &found)) }
    }

    pub fn hide(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.text(text) {
            Zeroizing::new(std::mem::replace(text, hidden));
        }
    }

    /// Hides secrets in every text of a value, names of members included.
    pub fn hide_in(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => self.hide(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(members) => {
                if members.keys().any(|name| !self.found(name.as_bytes()).is_empty()) {
                    let renamed = std::mem::take(members).into_iter();
                    members.extend(renamed.map(|(name, member)| (self.text(&name).into_owned(), member)));
                }
                members.values_mut().for_each(|member| self.hide_in(member));
            }
        }
    }

    fn hide_in_error(&self, error: &mut CloudError) {
        self.hide(&mut error.code);
        self.hide(&mut error.message);
        error.request_id.iter_mut().for_each(|id| self.hide(id));
    }

    /// Where something begins that may turn out to be a secret when more comes; the end, if nothing does.
    fn open_from(&self, text: &[u8]) -> usize {
        let open = |needle: &Needle| {
            let longest = needle.bytes.len().saturating_sub(1).min(text.len());
            let begun = (1..=longest).rev().find(|count| text.ends_with(&needle.bytes[..*count])).unwrap_or(0);
            let start = text.len() - begun;
            // Letters of a code before it go with it.
            start - text[..start].iter().rev().take(needle.spill).take_while(|byte| is_letter(**byte)).count()
        };
        self.known().needles.iter().map(open).min().unwrap_or(text.len())
    }

    /// What has to go, in order, not touching one another.
    fn found(&self, text: &[u8]) -> Vec<Range<usize>> {
        let known = self.known();
        let mut found: Vec<Range<usize>> = Vec::new();
        for needle in known.needles.iter().filter(|needle| needle.bytes.len() <= text.len()) {
            let mut from = 0;
            // Occurrences may overlap: `abab` stands twice in `ababab`.
            while let Some(at) = memmem::find(&text[from..], &needle.bytes) {
                let start = from + at;
                let end = start + needle.bytes.len();
                found.push(widened(text, start..end, needle.spill));
                from = start + 1;
            }
        }
        found.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }
}

/// A letter of base64.
const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// A range with up to `spill` further letters of a code at either side.
fn widened(text: &[u8], range: Range<usize>, spill: usize) -> Range<usize> {
    let before = text[..range.start].iter().rev().take(spill).take_while(|byte| is_letter(**byte)).count();
    let after = text[range.end..].iter().take(spill).take_while(|byte| is_letter(**byte)).count();
    range.start - before..range.end + after
}

fn replaced(text: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        out.extend_from_slice(&text[from..range.start]);
        out.extend_from_slice(MARK.as_bytes());
        from = range.end;
    }
    out.extend_from_slice(&text[from..]);
    out
}

#[cfg(test)]
mod tests;
