//! What a journal asks of the disk, the careful way: private, never through a symbolic link, durable
//! once named.
//!
//! Everything that changes the disk goes through [`Disk`], so that a test can put one there which
//! fails, tears or dies at any of these points.

use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

pub(super) const JOURNAL: &str = "journal.jsonl";

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// Everything that changes a disk. What is provided is the disk of this machine.
pub trait Disk: Send + Sync + Debug {
    /// Makes a directory (and those above it) private to its owner; one that exists is made so.
    ///
    /// # Errors
    /// As the system says, and when a link stands in its place.
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        private_dir(dir)
    }

    /// Opens a file to be written: private, and through no link.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, path: &Path, how: How) -> io::Result<File> {
        let mut options = careful();
        match how {
            How::AppendNew => options.append(true).create_new(true),
            How::Append => options.append(true),
            How::Replace => options.write(true).create(true).truncate(true),
            How::New => options.write(true).create_new(true),
        };
        options.open(path)
    }

    /// Writes all of it, or fails having written a part.
    ///
    /// # Errors
    /// As the system says.
    fn write(&self, _path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Makes what was written durable, with what is needed to read it back.
    ///
    /// # Errors
    /// As the system says; what is on the disk then, nobody knows.
    fn sync(&self, _path: &Path, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Cuts a file to its first bytes, durably.
    ///
    /// # Errors
    /// As the system says.
    fn cut(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)?;
        file.sync_all()
    }

    /// Takes room for so many bytes, so that nobody else can have it.
    ///
    /// # Errors
    /// When there is none.
    fn allocate(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        allocate(file, bytes)
    }

    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// As the system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    /// What may still be written here, in bytes: the room on the disk, or what is left of the limit
    /// on the size of a file, whichever is less.
    ///
    /// # Errors
    /// As the system says.
    fn room_bytes(&self, file: &File) -> io::Result<u64> {
        room_bytes(file)
    }
}

/// How a file is opened to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// To append; it must not be there yet.
    AppendNew,
    Append,
    /// From its beginning; what was in it goes.
    Replace,
    /// From its beginning; it must not be there yet.
    New,
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {}

/// Options that refuse a symbolic link and make new files private.
pub(super) fn careful() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)?;
    let found = std::fs::symlink_metadata(dir)?;
    if !found.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            "a symbolic link stands in the place of the directory",
        ));
    }
    if found.permissions().mode() & 0o777 != DIR_MODE {
        std::fs::set_permissions(dir, Permissions::from_mode(DIR_MODE))?;
    }
    Ok(())
}

/// Where the file system cannot reserve, zeros take the room.
fn allocate(mut file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => {
            file.write_all(&vec![0; usize::try_from(bytes).unwrap_or(0)])
        }
        Err(error) => Err(error.into()),
    }
}

fn room_bytes(file: &File) -> io::Result<u64> {
    let found = rustix::fs::fstatvfs(file)?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    let below_limit = match limit {
        Some(limit) => limit.saturating_sub(file.metadata()?.len()),
        None => u64::MAX,
    };
    Ok(free.min(below_limit))
}

/// Whether a write failed because there is no room: the only failure after which writing can go on,
/// as what is in the file is known.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
