//! The form of the file: what `pack` makes comes back, and nothing else is taken for a bundle.

use tar::{Builder, EntryType, Header};

use super::archive::{pack, unpack};
use super::*;

const TOP: &str = "lifeboat-01K9AAAAAAAAAAAAAAAAAAAAAA";

fn members(pairs: &[(&str, &str)]) -> Members {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn packed(members: &Members) -> Vec<u8> {
    pack(TOP, members.iter().map(|(path, bytes)| (path, bytes.as_slice())), Vec::new()).unwrap()
}

fn small() -> Members {
    members(&[("MANIFEST", "x"), ("journal.jsonl", "{\"v\":1}\n"), ("out/7.json", &"y".repeat(700)), ("empty", "")])
}

/// A header that no bundle has, with a name that the library would not write.
fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    header
}

fn tar_of(headers: &[(Header, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (header, bytes) in headers {
        builder.append(header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn refused(bytes: &[u8]) -> String {
    unpack(bytes).map(|found| format!("{:?}", found.members.keys())).unwrap_err().to_string()
}

#[test]
fn what_was_packed_comes_back_and_is_the_same_each_time() {
    let (small, bytes) = (small(), packed(&small()));
    assert_eq!(bytes, packed(&small));
    let found = unpack(&bytes).unwrap();
    assert_eq!(found.top, TOP);
    let found: Members = found.members.into_iter().map(|(path, bytes)| (path, bytes.to_vec())).collect();
    assert_eq!(found, small);
}

#[test]
fn no_byte_of_the_file_is_free() {
    let (small, whole) = (small(), packed(&small()));
    let mut bytes = whole.clone();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            bytes[at] ^= bit;
            if let Ok(found) = unpack(&bytes) {
                let same =
                    found.members.iter().all(|(path, bytes)| small.get(path).is_some_and(|known| known == bytes));
                assert!(!same, "byte {at} may be anything");
            }
            bytes[at] ^= bit;
        }
    }
    assert_eq!(bytes, whole);
    for length in 0..whole.len() {
        assert!(unpack(&whole[..length]).is_err(), "cut to {length}");
    }
    for more in [&b"\0"[..], &[0; 512], b"x"] {
        assert!(refused(&[&whole, more].concat()).contains("after its end"));
    }
}

#[test]
fn members_in_another_order_or_added_behind_are_found() {
    let file = |name: &str| (header(&format!("{TOP}/{name}"), EntryType::Regular, 1), &b"x"[..]);
    assert!(unpack(&tar_of(&[file("a"), file("b")])).is_ok(), "negative control: this is how a bundle looks");
    assert!(refused(&tar_of(&[file("b"), file("a")])).contains("not as lifeboat packs it"));
    assert!(refused(&tar_of(&[file("a"), file("a")])).contains("twice"));
    let other = (header("elsewhere/b", EntryType::Regular, 1), &b"x"[..]);
    assert!(refused(&tar_of(&[file("a"), other])).contains("elsewhere"));
    // A second archive behind the end of the first: some programs read on.
    let twice = [tar_of(&[file("a")]), tar_of(&[file("b")])].concat();
    assert!(refused(&twice).contains("after its end"));
    assert!(refused(&[0; 1024]).contains("empty"));
    assert!(unpack(b"").is_err() && unpack(b"no tar at all").is_err());
}

#[test]
fn hostile_entries_are_refused_by_name() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::Continuous,
        EntryType::GNUSparse,
        EntryType::GNULongName,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let hostile = tar_of(&[(header(&format!("{TOP}/journal.jsonl"), kind, 0), b"")]);
        assert!(refused(&hostile).contains("no plain file"), "{kind:?}");
    }
    for name in [
        "../journal.jsonl",
        "/etc/passwd",
        "lifeboat-x/../../y",
        "lifeboat-x//y",
        "lifeboat-x/",
        "lifeboat-x",
        "lifeboat-x/.ssh",
        "lifeboat-x/a b",
        "lifeboat-x/a\\b",
        "lifeboat-x/\u{1b}[2J",
        "lifeboat-x/\u{202e}a",
        "",
    ] {
        let hostile = tar_of(&[(header(name, EntryType::Regular, 0), b"")]);
        assert!(refused(&hostile).contains("no member of such a name"), "{name:?}");
    }
    // The same file with rights, an owner or a time of its own.
    for change in [
        |header: &mut Header| header.set_mode(0o4755),
        |header: &mut Header| header.set_uid(1),
        |header: &mut Header| header.set_mtime(1),
    ] {
        let mut header = header(&format!("{TOP}/a"), EntryType::Regular, 1);
        change(&mut header);
        header.set_cksum();
        assert!(refused(&tar_of(&[(header, b"x")])).contains("not as lifeboat packs it"));
    }
}

#[test]
fn a_size_that_is_not_there_takes_no_memory() {
    for size in [1_u64 << 20, 1 << 33, u64::MAX >> 1, u64::MAX] {
        let mut bytes = header(&format!("{TOP}/a"), EntryType::Regular, size).as_bytes().to_vec();
        bytes.extend([0; 2048]);
        assert!(unpack(&bytes).is_err(), "{size}");
    }
}

#[test]
fn the_list_of_digests_names_what_differs() {
    let mut found = members(&[("a", "1"), ("b", "2")]);
    let list = manifest::render(found.iter().map(|(path, bytes)| (path, bytes.as_slice())));
    assert!(list.lines().all(|line| line.len() == 64 + 2 + 1), "as sha256sum writes it");
    found.insert(MANIFEST.to_owned(), list.clone().into_bytes());
    let faults = |found: &Members| {
        let slices = found.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice())).collect();
        manifest::faults(&slices).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(faults(&found), "");
    found.insert("b".to_owned(), b"3".to_vec());
    assert!(faults(&found).starts_with("`b`: its SHA-256 is "));
    found.remove("b");
    assert!(faults(&found).contains("`b`: the list of digests names it, but it is not there"));
    found.insert("c".to_owned(), b"3".to_vec());
    assert!(faults(&found).contains("`c`: the list of digests does not name it"));
    let again = members(&[("a", "1"), ("b", "2"), ("MANIFEST", &format!("\n{list}"))]);
    assert!(faults(&again).contains("not written as lifeboat writes it"));
}
