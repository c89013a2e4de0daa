//! Redaction of text that comes in pieces: a secret may begin in one and end in the next.

use super::{MARK, Redactor, replaced};

/// Secrets that stand one in another without an end are given up as one after this much.
const HELD_MAX_BYTES: usize = 64 * 1024;

/// Holds back what may be the beginning of a secret, until the next piece tells.
#[derive(Debug)]
pub struct Stream {
    redactor: Redactor,
    held: Vec<u8>,
}

impl Stream {
    #[must_use]
    pub const fn new(redactor: Redactor) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// Takes a piece; gives what is safe to pass on by now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        // Any secret that is not yet complete begins behind this place.
        let mut cut = self.redactor.open_from(&self.held);
        let mut found = self.redactor.found(&self.held);
        let mut is_given_up = false;
        // One that lies across the place is held back as a whole: the next piece may make it longer.
        if let Some(across) = found.iter().find(|range| range.start < cut && cut <= range.end) {
            is_given_up = self.held.len() > HELD_MAX_BYTES;
            cut = if is_given_up { across.end } else { across.start };
        }
        found.retain(|range| range.end <= cut);
        let out = replaced(&self.held[..cut], &found);
        debug_assert!(!is_given_up || out.ends_with(MARK.as_bytes()), "what is given up is hidden");
        self.held.drain(..cut);
        out
    }

    /// The rest, once nothing more comes.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.held);
        self.redactor.bytes(&rest).into_owned()
    }

    #[cfg(test)]
    pub(super) const fn held_bytes(&self) -> usize {
        self.held.len()
    }
}
