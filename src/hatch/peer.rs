//! Who stands at the hatch, as the system says.
//!
//! Must not know what they want.

use std::path::Path;

use tokio::net::UnixStream;

use crate::model::event::Origin;

/// Somebody who logged in without being recorded.
const NOT_RECORDED: u32 = u32::MAX;
/// Majors of the pseudo-terminals of Linux, and how many each numbers.
const PTS_MAJORS: std::ops::RangeInclusive<u64> = 136..=143;

/// Whoever is at the other end, or none of our business: another login than ours, and not root.
pub fn of(stream: &UnixStream) -> Option<Origin> {
    let peer = stream.peer_cred().ok()?;
    let uid = peer.uid();
    if !is_ours(uid) {
        return None;
    }
    let process = peer.pid().and_then(|pid| u32::try_from(pid).ok());
    let session = process.and_then(session_of).filter(|first| *first != uid);
    Some(Origin {
        login: login_of(uid).unwrap_or_default(),
        uid,
        session: session.map(|first| login_of(first).unwrap_or_else(|| format!("uid {first}"))),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        terminal: process.and_then(terminal_of),
    })
}

/// Whether a process of this login may be talked to through a socket of ours.
fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

/// Whether the run behind the hatch is one of ours: a code is given to nobody else.
pub fn is_trusted(stream: &UnixStream) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    stream.peer_cred().is_ok_and(|peer| is_root || is_ours(peer.uid()))
}

/// The name of a login, where the system keeps a list of them.
fn login_of(uid: u32) -> Option<String> {
    named(&std::fs::read_to_string("/etc/passwd").ok()?, uid)
}

fn named(list: &str, uid: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// Who logged in at the start of the session that a process belongs to, `sudo` or not.
fn session_of(process: u32) -> Option<u32> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != NOT_RECORDED)
}

fn terminal_of(process: u32) -> Option<String> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    controlling(&text)
}

/// The controlling terminal by the seventh field of a process's `stat`: `pts/3`, `tty1`.
fn controlling(stat: &str) -> Option<String> {
    // The second field is the program's name in brackets, whatever that holds.
    let number: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(4)?.parse().ok()?;
    let (major, minor) = (number >> 8 & 0xfff, (number & 0xff) | (number >> 12 & 0xfff00));
    match major {
        major if PTS_MAJORS.contains(&major) => Some(format!("pts/{}", (major - PTS_MAJORS.start()) * 256 + minor)),
        4 if minor < 64 => Some(format!("tty{minor}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_its_name() {
        let list = "root:x:0:0::/root:/bin/sh\nbroken\nbob:x:1001:1001:Bob:/home/bob:/bin/sh\n";
        assert_eq!(named(list, 1001).as_deref(), Some("bob"));
        assert_eq!(named(list, 0).as_deref(), Some("root"));
        assert_eq!(named(list, 7), None);
    }

    #[test]
    fn a_terminal_is_told_by_its_number() {
        let stat = |number: u32| format!("42 (a ) b) S 1 2 3 {number} 0 0");
        assert_eq!(controlling(&stat(136 << 8 | 3)).as_deref(), Some("pts/3"));
        assert_eq!(controlling(&stat(137 << 8 | 1)).as_deref(), Some("pts/257"));
        assert_eq!(controlling(&stat(4 << 8 | 1)).as_deref(), Some("tty1"));
        assert_eq!(controlling(&stat(0)), None);
        assert_eq!(controlling("42"), None);
    }
}
