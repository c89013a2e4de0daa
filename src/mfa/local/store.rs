//! The files that hold the devices: private, never reached through a symbolic link, replaced as a
//! whole and durable before anybody is told.
//!
//! Knows: paths, owners, modes, locks. Must not know: codes, tries, what stands in a file.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const DIR: &str = "mfa";
const LOCK: &str = "lock";
const ENDING: &str = ".json";
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;
/// What group and others may do: nothing.
const OTHERS: u32 = 0o077;
/// A device's file is far smaller; a longer one is none.
const FILE_MAX_BYTES: u64 = 16 * 1024;
/// Of a person's name in a file's name; the hash tells apart what this makes equal.
const SLUG_MAX_CHARS: usize = 32;

/// Why a device's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Somebody else could have read or put it there.
    #[error("`{}` {why}", .path.display())]
    Unsafe { path: PathBuf, why: &'static str, way_out: Option<String> },
    #[error("`{}` is not a device's file: {why}", .path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("failed to {what} `{}`: {error}", .path.display())]
    Io { what: &'static str, path: PathBuf, error: io::Error },
}

impl DeviceError {
    /// What would help.
    #[must_use]
    pub fn way_out(&self) -> Option<String> {
        match self {
            Self::Unsafe { way_out, .. } => way_out.clone(),
            Self::Damaged { path, .. } => Some(format!("remove `{}` and enrol the device anew", path.display())),
            Self::Io { .. } => None,
        }
    }

    fn unsafe_at(path: &Path, why: &'static str) -> Self {
        Self::Unsafe { path: path.to_owned(), why, way_out: None }
    }
}

/// Keeps other processes out until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _lock: File,
}

/// The directory of the devices.
#[derive(Debug, Clone)]
pub(super) struct Store {
    dir: PathBuf,
}

impl Store {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self { dir: state_dir.join(DIR) }
    }

    /// The file of a person: whatever the name, it stays inside the directory, and two names that a
    /// file system may take for one do not share it.
    pub(super) fn path(&self, person: &str) -> PathBuf {
        let slug: String = person
            .chars()
            .take(SLUG_MAX_CHARS)
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let hash = hex::encode(&Sha256::digest(person.as_bytes())[..8]);
        self.dir.join(format!("{slug}-{hash}{ENDING}"))
    }

    /// Every device's file, in order of name. None when the directory is missing.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, DeviceError> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let failed = |error| DeviceError::Io { what: "list", path: self.dir.clone(), error };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(ENDING) && !name.starts_with('.')) {
                found.push(self.dir.join(name));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Makes the directory if it is missing.
    pub(super) fn prepare(&self) -> Result<(), DeviceError> {
        let failed = |error| DeviceError::Io { what: "make", path: self.dir.clone(), error };
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(&self.dir).map_err(failed)?;
        self.exists().map(drop)
    }

    /// Whether the directory is there; one that others could write or read is refused.
    pub(super) fn exists(&self) -> Result<bool, DeviceError> {
        let found = match std::fs::symlink_metadata(&self.dir) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(DeviceError::Io { what: "look at", path: self.dir.clone(), error }),
        };
        if !found.is_dir() {
            return Err(DeviceError::unsafe_at(&self.dir, "is not a directory"));
        }
        private(&self.dir, &found, DIR_MODE)?;
        Ok(true)
    }

    /// Waits for the others and keeps them out. `None` when the directory is missing: nobody is there.
    pub(super) fn hold(&self) -> Result<Option<Held>, DeviceError> {
        if !self.exists()? {
            return Ok(None);
        }
        let path = self.dir.join(LOCK);
        let failed = |error| refused(&path, "lock", error);
        let lock = careful().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Some(Held { _lock: lock }))
    }

    /// A file's text; `None` when there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, DeviceError> {
        let file = match careful().read(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(path, "read", error)),
        };
        let failed = |error| DeviceError::Io { what: "read", path: path.to_owned(), error };
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(DeviceError::unsafe_at(path, "is not a file"));
        }
        private(path, &found, FILE_MODE)?;
        if found.len() > FILE_MAX_BYTES {
            return Err(DeviceError::Damaged { path: path.to_owned(), why: "it is too long".to_owned() });
        }
        // Large enough from the start, so that no copy of the secret is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(usize::try_from(FILE_MAX_BYTES).unwrap_or(0)));
        file.take(FILE_MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
        Ok(Some(text))
    }

    /// Replaces a file as a whole; on return it is on the disk, name and all.
    pub(super) fn write(&self, _held: &Held, path: &Path, text: &[u8]) -> Result<(), DeviceError> {
        let failed = |error| DeviceError::Io { what: "write", path: path.to_owned(), error };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = self.dir.join(format!(".{name}.new"));
        let mut file = careful().write(true).create(true).truncate(true).open(&beside).map_err(failed)?;
        let written = file.write_all(text).and_then(|()| file.sync_all());
        let named = written.and_then(|()| std::fs::rename(&beside, path)).and_then(|()| sync_dir(&self.dir));
        if named.is_err() {
            // It holds the secret; if it cannot be removed it is private all the same.
            let _ = std::fs::remove_file(&beside);
        }
        named.map_err(failed)
    }
}

fn careful() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn refused(path: &Path, what: &'static str, error: io::Error) -> DeviceError {
    // What opening a symbolic link says under O_NOFOLLOW, here and on the BSDs.
    let link = [rustix::io::Errno::LOOP, rustix::io::Errno::MLINK].map(rustix::io::Errno::raw_os_error);
    if error.raw_os_error().is_some_and(|code| link.contains(&code)) {
        return DeviceError::unsafe_at(path, "is a symbolic link");
    }
    DeviceError::Io { what, path: path.to_owned(), error }
}

/// Refuses what belongs to somebody else, or what others may read or write.
fn private(path: &Path, found: &Metadata, mode: u32) -> Result<(), DeviceError> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(DeviceError::unsafe_at(path, "belongs to somebody else"));
    }
    if found.mode() & OTHERS != 0 {
        let way_out = Some(format!("chmod {mode:o} '{}', if nobody else can have read it", path.display()));
        return Err(DeviceError::Unsafe { path: path.to_owned(), why: "is open to others", way_out });
    }
    Ok(())
}
