//! The list of digests, one form only: as `sha256sum` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Fault, MANIFEST};
use crate::model::digest::sha256_hex;

/// `<64 hex>  <path>` for every member, in order.
pub(super) fn render<'m>(members: impl IntoIterator<Item = (&'m String, &'m [u8])>) -> String {
    let mut text = String::new();
    for (path, bytes) in members {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {path}", sha256_hex(bytes));
    }
    text
}

/// Every member whose digest is not the listed one, and whatever is listed or there alone.
pub(super) fn faults(members: &BTreeMap<String, &[u8]>) -> Vec<Fault> {
    let Some(listed) = members.get(MANIFEST) else { return vec![Fault::of(MANIFEST, "it is missing")] };
    let others = || members.iter().filter(|(path, _)| *path != MANIFEST).map(|(path, bytes)| (path, *bytes));
    let expected = render(others());
    if *listed == expected.as_bytes() {
        return Vec::new();
    }
    let Ok(listed) = std::str::from_utf8(listed) else { return vec![Fault::of(MANIFEST, "it is not text")] };
    let lines = |text: &str| -> BTreeMap<String, String> {
        let pairs = text.lines().filter_map(|line| line.split_once("  "));
        pairs.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect()
    };
    let (listed, found) = (lines(listed), lines(&expected));
    let mut faults = Vec::new();
    for (path, digest) in &found {
        match listed.get(path) {
            None => faults.push(Fault::of(path, "the list of digests does not name it")),
            Some(wanted) if wanted != digest => {
                faults.push(Fault::of(path, format!("its SHA-256 is {digest}, the list of digests says {wanted}")));
            }
            Some(_) => {}
        }
    }
    let gone = listed.keys().filter(|path| !found.contains_key(*path));
    faults.extend(gone.map(|path| Fault::of(path, "the list of digests names it, but it is not there")));
    if faults.is_empty() {
        faults.push(Fault::of(MANIFEST, "it is not written as lifeboat writes it"));
    }
    faults
}
