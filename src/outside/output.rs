//! What a program prints, caught in a file: unlike a pipe it does not break when this process ends,
//! so the program goes on in peace.
//!
//! Must not know which program it is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of what a program prints, this much of the end is kept in an answer.
pub(super) const KEPT_BYTES: u64 = 16 * 1024;
/// Above this the file is cut to its end while the program runs, so that no disk fills up.
const FILE_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Room in an answer for the line that says what was cut.
const NOTE_BYTES: u64 = 64;
const NAMES_TRIED: u32 = 16;

/// A file that one stream of one program is written to.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    dropped_bytes: u64,
    max_bytes: u64,
}

impl Output {
    /// A file without a name: it is gone when both this process and the program are.
    pub(super) fn unnamed() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut tried = 0;
        loop {
            let name = format!("lifeboat-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            match private().create_new(true).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path)?;
                    return Ok(Self::of(file));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < NAMES_TRIED => tried += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// A file that stays.
    pub(super) fn named(dir: &Path, name: &str) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let file = private().create(true).open(dir.join(name))?;
        file.set_len(0)?;
        Ok(Self::of(file))
    }

    const fn of(file: File) -> Self {
        Self { file, dropped_bytes: 0, max_bytes: FILE_MAX_BYTES }
    }

    /// The end that the program writes to.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        self.file.try_clone().map(Stdio::from)
    }

    /// Cuts a file that has grown too long down to its end. The program writes on behind that, as
    /// both append.
    pub(super) fn bound(&mut self) -> io::Result<()> {
        let len_bytes = self.file.metadata()?.len();
        if len_bytes <= self.max_bytes {
            return Ok(());
        }
        let end = self.end(KEPT_BYTES)?;
        self.file.set_len(0)?;
        self.file.write_all(&end)?;
        self.dropped_bytes += len_bytes - end.len() as u64;
        Ok(())
    }

    /// The text, or its end behind a line that says how much is missing.
    pub(super) fn text(&self) -> String {
        let len_bytes = self.file.metadata().map_or(0, |found| found.len());
        let whole = self.dropped_bytes == 0 && len_bytes <= KEPT_BYTES;
        let wanted = if whole { KEPT_BYTES } else { KEPT_BYTES - NOTE_BYTES };
        let bytes = match self.end(wanted) {
            Ok(bytes) => bytes,
            Err(error) => return format!("(the output could not be read: {error})"),
        };
        if whole {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        // Not from the middle of a character on.
        let start = bytes.iter().take(3).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
        let missing = self.dropped_bytes + len_bytes.saturating_sub(bytes.len() as u64) + start as u64;
        format!("({missing} bytes before this are left out)\n{}", String::from_utf8_lossy(&bytes[start..]))
    }

    fn end(&self, wanted_bytes: u64) -> io::Result<Vec<u8>> {
        let len_bytes = self.file.metadata()?.len();
        let wanted = wanted_bytes.min(len_bytes);
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, len_bytes - wanted)?;
        Ok(bytes)
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    options.read(true).append(true).mode(0o600).custom_flags(flags);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Output {
        let mut output = Output::unnamed().unwrap();
        output.file.write_all(text.as_bytes()).unwrap();
        output
    }

    #[test]
    fn short_output_is_whole_and_of_long_output_the_end_is_kept() {
        assert_eq!(written("").text(), "");
        assert_eq!(written("done\n").text(), "done\n");
        let exact = "x".repeat(16 * 1024);
        assert_eq!(written(&exact).text(), exact);
        let long = written(&format!("first{}last", "x".repeat(16 * 1024))).text();
        assert!(long.starts_with("(73 bytes before this are left out)\nx"), "{}", &long[..60]);
        assert!(long.ends_with("xlast"));
        assert!(long.len() <= 16 * 1024);
    }

    #[test]
    fn a_cut_leaves_no_half_character_and_no_bytes_that_are_no_text() {
        let long = written(&format!("{}e", "é".repeat(9_000))).text();
        assert!(!long.contains('\u{fffd}'));
        assert_eq!(written("é").text(), "é");
        let mut output = Output::unnamed().unwrap();
        output.file.write_all(&[b'a', 0xff, b'b']).unwrap();
        assert_eq!(output.text(), "a\u{fffd}b");
    }

    #[test]
    fn a_file_that_grows_is_cut_to_its_end_and_goes_on() {
        let mut output = written(&"a".repeat(40_000));
        output.max_bytes = 32_000;
        output.bound().unwrap();
        assert_eq!(output.file.metadata().unwrap().len(), KEPT_BYTES);
        output.file.write_all(b"more").unwrap();
        output.bound().unwrap();
        let text = output.text();
        assert!(text.starts_with("(23684 bytes before this are left out)\n"), "{}", &text[..60]);
        assert!(text.ends_with("amore"));
    }
}
