//! A file as lines of bounded length, and what stands after its last newline.

use std::io::{self, BufRead, BufReader, Read};

use super::record::LINE_MAX_BYTES;

const BUFFER_BYTES: usize = 256 * 1024;

pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    whole_bytes: u64,
}

pub(super) enum Next<'a> {
    /// Without its newline.
    Line(&'a [u8]),
    TooLong,
    End,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, reader), line: Vec::new(), whole_bytes: 0 }
    }

    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        self.line.clear();
        let limit = LINE_MAX_BYTES as u64;
        let bytes = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            self.whole_bytes += bytes as u64;
            return Ok(Next::Line(&self.line[..bytes - 1]));
        }
        if bytes == LINE_MAX_BYTES { Ok(Next::TooLong) } else { Ok(Next::End) }
    }

    /// At the end: the bytes after the last newline.
    pub(super) fn tail(&self) -> &[u8] {
        if self.line.last() == Some(&b'\n') { &[] } else { &self.line }
    }

    pub(super) const fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }
}
