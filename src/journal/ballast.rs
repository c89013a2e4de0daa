//! Room kept for the outcome of a call in flight: a file that is let go of when the disk is full.
//!
//! Must not know what is written into that room.

use std::path::{Path, PathBuf};

use super::disk::{Disk, How};

const NAME: &str = "ballast";
/// The outcomes of a few calls, and that the run was left.
const BALLAST_BYTES: u64 = 512 * 1024;
/// What has to be free beside the ballast before another call may go out.
pub(super) const RESERVE_BYTES: u64 = 1024 * 1024;

/// The file, held as long as the journal is.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    held: bool,
}

impl Ballast {
    /// Takes the room, if it is there.
    pub(super) fn take(disk: &dyn Disk, run_dir: &Path) -> Self {
        let mut ballast = Self { path: run_dir.join(NAME), held: false };
        ballast.retake(disk);
        ballast
    }

    /// Takes the room again once there is some. True when it is held.
    pub(super) fn retake(&mut self, disk: &dyn Disk) -> bool {
        if !self.held {
            let taken =
                disk.open(&self.path, How::Replace).and_then(|file| disk.allocate(&self.path, &file, BALLAST_BYTES));
            self.held = taken.is_ok();
            if !self.held {
                // What it did get is better used for records.
                let _ = disk.remove(&self.path);
            }
        }
        self.held
    }

    /// Lets go of the room. True when there was some to let go of.
    pub(super) fn free(&mut self, disk: &dyn Disk) -> bool {
        std::mem::take(&mut self.held) && disk.remove(&self.path).is_ok()
    }
}
