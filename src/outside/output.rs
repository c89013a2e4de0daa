//! What a program has printed, out of its file: the one place where it becomes text.
//!
//! Must not know which program it is.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Of what a program prints, this much of the end is in an answer.
const SHOWN_BYTES: u64 = 16 * 1024;
/// Room in an answer for the line that says what was left out.
const NOTE_BYTES: u64 = 64;

/// The text, or its end behind a line that says how much is missing. `printed_bytes` may be more than
/// the file holds.
pub(super) fn text(path: &Path, printed_bytes: u64) -> String {
    let nofollow = OFlags::NOFOLLOW.bits().cast_signed();
    let shown =
        OpenOptions::new().read(true).custom_flags(nofollow).open(path).and_then(|file| end(&file, printed_bytes));
    shown.unwrap_or_else(|error| format!("(the output could not be read: {error})"))
}

fn end(file: &File, printed_bytes: u64) -> io::Result<String> {
    let len_bytes = file.metadata()?.len();
    let whole = printed_bytes <= len_bytes && len_bytes <= SHOWN_BYTES;
    let wanted = if whole { len_bytes } else { len_bytes.min(SHOWN_BYTES - NOTE_BYTES) };
    let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0)];
    file.read_exact_at(&mut bytes, len_bytes - wanted)?;
    if whole {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    // Not from the middle of a character on.
    let start = bytes.iter().take(3).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    let missing = printed_bytes.max(len_bytes) - (bytes.len() - start) as u64;
    Ok(format!("({missing} bytes before this are left out)\n{}", String::from_utf8_lossy(&bytes[start..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], printed_bytes: u64) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout");
        std::fs::write(&path, bytes).unwrap();
        text(&path, printed_bytes)
    }

    #[test]
    fn short_output_is_whole_and_of_long_output_the_end_is_shown() {
        assert_eq!(shown(b"", 0), "");
        assert_eq!(shown(b"done\n", 5), "done\n");
        let exact = "x".repeat(16 * 1024);
        assert_eq!(shown(exact.as_bytes(), 16 * 1024), exact);
        let long = shown(format!("first{exact}last").as_bytes(), 16 * 1024 + 9);
        assert!(long.starts_with("(73 bytes before this are left out)\nx"), "{}", &long[..60]);
        assert!(long.ends_with("xlast"));
        assert!(long.len() <= 16 * 1024);
    }

    #[test]
    fn what_was_not_kept_counts_as_left_out() {
        assert_eq!(shown(b"end", 103), "(100 bytes before this are left out)\nend");
    }

    #[test]
    fn a_cut_leaves_no_half_character_and_bytes_that_are_no_text_are_marked() {
        let long = "é".repeat(9_000) + "e";
        assert!(!shown(long.as_bytes(), long.len() as u64).contains('\u{fffd}'));
        assert_eq!(shown(&[b'a', 0, 0xff, b'b'], 4), "a\0\u{fffd}b");
    }

    #[test]
    fn a_link_is_not_followed_and_a_missing_file_is_said() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("link")).unwrap();
        for name in ["link", "none"] {
            assert!(text(&dir.path().join(name), 6).starts_with("(the output could not be read: "), "{name}");
        }
    }
}
