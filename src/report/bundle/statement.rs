//! What is signed: a run, and where its journal stood, in words that a person can read.
//!
//! Must not know: how a signature is made or checked.

use crate::model::digest::sha256_hex;
use crate::model::outcome::Mode;

/// The namespace of the signatures (`ssh-keygen -n`): one made for something else does not count here.
pub const NAMESPACE: &str = "lifeboat";
/// No signature of SSH is longer.
pub const SIGNATURE_MAX_BYTES: u64 = 16 * 1024;

/// A journal's head at one of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub run: String,
    pub mode: Mode,
    /// `sha256:…` of the runbook.
    pub digest: String,
    pub records: u64,
    /// 64 hex digits.
    pub head: String,
}

impl Head {
    /// The text that is signed.
    #[must_use]
    pub fn statement(&self) -> String {
        let Self { run, mode, digest, records, head } = self;
        let mode = mode.word();
        format!(
            "The journal of a lifeboat run, up to this record, is as it is kept.\n\
             form: lifeboat/head/1\nrun: {run}\nmode: {mode}\nrunbook: {digest}\nrecords: {records}\nhead: sha256:{head}\n"
        )
    }
}

/// The file that keeps what was signed at a record.
#[must_use]
pub fn statement_name(records: u64) -> String {
    format!("{records}.txt")
}

/// The file that keeps a signature: the same one twice is one file.
#[must_use]
pub fn signature_name(records: u64, signature: &[u8]) -> String {
    format!("{records}.{}.sig", &sha256_hex(signature)[..8])
}

/// At which record the file of a signature or a statement was made, and whether it is a signature.
#[must_use]
pub fn read_name(name: &str) -> Option<(u64, bool)> {
    let (number, rest) = name.split_once('.')?;
    let records: u64 = number.parse().ok().filter(|records: &u64| records.to_string() == number)?;
    match rest.strip_suffix(".sig") {
        Some(mark) if mark.len() == 8 && mark.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some((records, true)),
        None if rest == "txt" => Some((records, false)),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_file_is() {
        assert_eq!(read_name(&statement_name(412)), Some((412, false)));
        assert_eq!(read_name(&signature_name(412, b"x")), Some((412, true)));
        for other in
            ["0412.txt", "412", "412.sig", "412.0123456.sig", "412.0123456g.sig", "-1.txt", "a.txt", "../4.txt"]
        {
            assert_eq!(read_name(other), None, "{other}");
        }
    }
}
