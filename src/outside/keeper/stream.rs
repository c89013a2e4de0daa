//! One stream of output on its way into a file: the beginning up to a bound, then only the end.
//!
//! Whatever goes wrong with the file, reading goes on: a program never waits for us.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;

use sha2::{Digest as _, Sha256};

use super::END_BYTES;
use super::place::Stream;
use crate::model::redact::{self, Redactor};

pub struct Catcher {
    /// Gone once it could not be written.
    file: Option<File>,
    room_bytes: u64,
    kept_bytes: u64,
    bytes: u64,
    end: VecDeque<u8>,
    hash: Sha256,
    /// Secrets go no further; nothing that is counted or written here has one.
    clean: redact::Stream,
}

impl Catcher {
    pub fn new(file: File, room_bytes: u64, redactor: Redactor) -> Self {
        let (end, hash, clean) = (VecDeque::new(), Sha256::new(), redact::Stream::new(redactor));
        Self { file: Some(file), room_bytes, kept_bytes: 0, bytes: 0, end, hash, clean }
    }

    pub fn take(&mut self, bytes: &[u8]) {
        let clean = self.clean.push(bytes);
        self.keep(&clean);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        let room = usize::try_from(self.room_bytes).unwrap_or(usize::MAX).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        if !first.is_empty() && self.write(first) {
            self.room_bytes -= first.len() as u64;
            self.kept_bytes += first.len() as u64;
        }
        self.end.extend(rest);
        let excess = self.end.len().saturating_sub(END_BYTES);
        self.end.drain(..excess);
    }

    /// Writes the end behind a line that says what is missing before it.
    pub fn finish(mut self, left_open: bool) -> Stream {
        let rest = self.clean.finish();
        self.keep(&rest);
        let end: Vec<u8> = std::mem::take(&mut self.end).into();
        let missing = self.bytes - self.kept_bytes - end.len() as u64;
        let is_noted = missing == 0 || self.write(format!("\n({missing} bytes are left out here)\n").as_bytes());
        if is_noted && self.write(&end) {
            self.kept_bytes += end.len() as u64;
        }
        if let Some(file) = &self.file {
            // The end of the program is told either way.
            let _ = file.sync_all();
        }
        Stream {
            bytes: self.bytes,
            kept_bytes: self.kept_bytes,
            sha256: hex::encode(self.hash.finalize_reset()),
            left_open,
        }
    }

    /// What a full disk takes a part of is not counted as kept, and nothing is written after it.
    fn write(&mut self, bytes: &[u8]) -> bool {
        let is_written = self.file.as_mut().is_some_and(|file| file.write_all(bytes).is_ok());
        if !is_written {
            self.file = None;
            self.room_bytes = 0;
        }
        is_written
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;

    fn caught(room_bytes: u64, pieces: &[&[u8]]) -> (Vec<u8>, Stream) {
        let mut file = tempfile::tempfile().unwrap();
        let mut catcher = Catcher::new(file.try_clone().unwrap(), room_bytes, Redactor::default());
        for piece in pieces {
            catcher.take(piece);
        }
        let stream = catcher.finish(false);
        let mut text = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        (text, stream)
    }

    #[test]
    fn any_bytes_are_kept_as_they_are() {
        let (text, stream) = caught(100, &[b"a\0b", &[0xff, 0xfe], b"\n"]);
        assert_eq!(text, b"a\0b\xff\xfe\n");
        assert_eq!((stream.bytes, stream.kept_bytes), (6, 6));
        assert_eq!(stream.sha256, hex::encode(Sha256::digest(&text)));
        let (text, stream) = caught(100, &[]);
        assert_eq!((text.len(), stream.bytes, stream.kept_bytes), (0, 0, 0));
    }

    #[test]
    fn beyond_the_bound_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let many = vec![b'x'; 100_000];
        let (text, stream) = caught(10, &[b"beginning", &many, b"the end"]);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("beginningx\n(83622 bytes are left out here)\nxx"), "{}", &text[..60]);
        assert!(text.ends_with("xthe end"));
        assert_eq!((stream.bytes, stream.kept_bytes), (100_016, 10 + 16_384));
        assert_eq!(stream.sha256, hex::encode(Sha256::digest([b"beginning", &many[..], b"the end"].concat())));
    }

    #[test]
    fn what_fits_with_the_end_is_whole() {
        let (text, stream) = caught(4, &[b"four", b"and more"]);
        assert_eq!((text.as_slice(), stream.bytes, stream.kept_bytes), (&b"fourand more"[..], 12, 12));
    }

    #[test]
    fn a_file_that_takes_nothing_stops_nobody() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut catcher = Catcher::new(full, 1_000, Redactor::default());
        for _ in 0..100 {
            catcher.take(&[b'x'; 1_000]);
        }
        let stream = catcher.finish(true);
        assert_eq!((stream.bytes, stream.kept_bytes, stream.left_open), (100_000, 0, true));
    }

    #[test]
    fn a_secret_is_not_kept_wherever_it_is_cut() {
        let redactor = Redactor::default();
        redactor.learn("hunter22");
        let mut file = tempfile::tempfile().unwrap();
        let mut catcher = Catcher::new(file.try_clone().unwrap(), 12, redactor);
        for piece in [&b"token hun"[..], b"ter", b"22 and h", b"unter22"] {
            catcher.take(piece);
        }
        let stream = catcher.finish(false);
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "token •••• and ••••");
        assert_eq!(stream.sha256, hex::encode(Sha256::digest(&text)));
    }
}
