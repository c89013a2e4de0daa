//! The digest of this executable, so that a journal says what wrote it.
//!
//! Worked out on a thread of its own, as it takes as long as everything else before the first frame, and
//! remembered for the file that it was read from: same device, inode, size and both times. Whoever
//! changes the file changes one of these; nobody can set the time of the last change of state back.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::settings;

/// What stands in the place of a digest that could not be worked out.
const UNKNOWN: &str = "unknown";
const REMEMBERED: &str = "executable.json";
const REMEMBERED_MAX_BYTES: u64 = 4096;
/// A file that was changed just now may change again within the same tick of the file system's clock.
const SETTLED_S: i64 = 2;

/// Under way from the first moment on.
pub struct Fingerprint(io::Result<JoinHandle<String>>);

impl Fingerprint {
    #[must_use]
    pub fn begin() -> Self {
        Self(thread::Builder::new().name("fingerprint".to_owned()).spawn(of_this_executable))
    }

    /// `sha256:…`, once it is there.
    #[must_use]
    pub fn digest(self) -> String {
        match self.0 {
            Ok(thread) => thread.join().unwrap_or_else(|_| UNKNOWN.to_owned()),
            Err(_) => of_this_executable(),
        }
    }
}

fn of_this_executable() -> String {
    running().and_then(|file| digest(file, settings::cache_dir().as_deref())).unwrap_or_else(|_| UNKNOWN.to_owned())
}

/// The file that is being run: not one that has come into its place since.
fn running() -> io::Result<File> {
    File::open("/proc/self/exe").or_else(|_| File::open(std::env::current_exe()?))
}

/// Which file, in which state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    dev: u64,
    ino: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(file: &Metadata) -> Self {
        Self {
            dev: file.dev(),
            ino: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }

    /// Whether it was last changed long enough ago to be told from a later state.
    fn is_settled(&self) -> bool {
        self.changed.0.saturating_add(SETTLED_S) < crate::clock::wall_ms() / 1000
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    file: Identity,
    digest: String,
}

fn digest(mut file: File, cache: Option<&Path>) -> io::Result<String> {
    let before = Identity::of(&file.metadata()?);
    let place = cache.map(|dir| dir.join(REMEMBERED));
    if let Some(known) = place.as_deref().and_then(|place| recall(place, &before)) {
        return Ok(known);
    }
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let digest = format!("sha256:{}", hex::encode(hash.finalize()));
    if let Some(place) = place
        && before.is_settled()
        && Identity::of(&file.metadata()?) == before
    {
        // Without a place for it, the next process works it out again.
        let _ = remember(&place, &Remembered { file: before, digest: digest.clone() });
    }
    Ok(digest)
}

fn recall(place: &Path, file: &Identity) -> Option<String> {
    let mut text = String::new();
    File::open(place).ok()?.take(REMEMBERED_MAX_BYTES).read_to_string(&mut text).ok()?;
    let known: Remembered = serde_json::from_str(&text).ok()?;
    let is_digest = known.digest.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    });
    (is_digest && known.file == *file).then_some(known.digest)
}

/// Whole or not at all: another process may be reading it.
fn remember(place: &Path, what: &Remembered) -> io::Result<()> {
    let dir = place.parent().ok_or(io::ErrorKind::NotFound)?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let new: PathBuf = dir.join(format!("{REMEMBERED}.{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(&serde_json::to_vec(what)?));
    written.and_then(|()| std::fs::rename(&new, place)).inspect_err(|_| {
        let _ = std::fs::remove_file(&new);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose last change lies in the past, as that of an installed program does.
    fn settled(path: &Path) -> Identity {
        Identity::of(&std::fs::metadata(path).unwrap())
    }

    fn of(path: &Path, cache: &Path) -> String {
        digest(File::open(path).unwrap(), Some(cache)).unwrap()
    }

    #[test]
    fn a_digest_is_remembered_for_the_very_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (program, cache) = (dir.path().join("program"), dir.path().join("cache"));
        std::fs::write(&program, "one").unwrap();
        let one = of(&program, &cache);
        assert_eq!(one, format!("sha256:{}", hex::encode(Sha256::digest("one"))));
        // Changed just now: not remembered, as it could still change unseen.
        assert!(!cache.exists());
        let known = Remembered { file: settled(&program), digest: one.clone() };
        remember(&cache.join(REMEMBERED), &known).unwrap();
        assert_eq!(recall(&cache.join(REMEMBERED), &settled(&program)), Some(one));
        std::fs::write(&program, "two").unwrap();
        assert_eq!(of(&program, &cache), format!("sha256:{}", hex::encode(Sha256::digest("two"))));
    }

    #[test]
    fn what_is_no_digest_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("program");
        std::fs::write(&program, "one").unwrap();
        let place = dir.path().join(REMEMBERED);
        for lie in ["unknown", "sha256:00", "sha256:\u{1b}"] {
            remember(&place, &Remembered { file: settled(&program), digest: lie.to_owned() }).unwrap();
            assert_eq!(recall(&place, &settled(&program)), None, "{lie}");
        }
        std::fs::write(&place, "{").unwrap();
        assert_eq!(recall(&place, &settled(&program)), None);
    }

    #[test]
    fn the_running_program_is_the_one_that_is_read() {
        let digest = of_this_executable();
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(digest, format!("sha256:{}", hex::encode(Sha256::digest(file))));
    }
}
