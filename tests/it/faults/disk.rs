//! A disk that fails, tears or dies at a numbered operation, and that knows what a power cut leaves.
//!
//! The files are real; what counts is which of their bytes a sync has covered.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use lifeboat::journal::{Disk, How};

use super::dice;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    NoSpace,
    Io,
    /// A part is written, then the disk fails.
    Short,
}

/// What happens, and at which operation, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    Never,
    /// The process ends in the middle of it.
    Die(u64),
    Fail(u64, Failure),
}

#[derive(Debug)]
struct State {
    seed: u64,
    blow: Blow,
    ops: u64,
    dead: bool,
    /// Bytes of each file that a power cut leaves.
    durable: HashMap<PathBuf, u64>,
    /// Once a sync has failed, later ones say that all is well and change nothing (as Linux does).
    lost_pages: bool,
    /// The control: a sync that does nothing at all.
    syncs_lie: bool,
    sends_after_failure: usize,
}

#[derive(Debug)]
pub struct FaultyDisk {
    state: Mutex<State>,
}

/// How an operation goes.
enum Turn {
    Well,
    Dies,
    Fails(Failure),
}

impl FaultyDisk {
    pub fn new(seed: u64, blow: Blow) -> Self {
        let state = State {
            seed,
            blow,
            ops: 0,
            dead: false,
            durable: HashMap::new(),
            lost_pages: false,
            syncs_lie: false,
            sends_after_failure: 0,
        };
        Self { state: Mutex::new(state) }
    }

    pub fn lying(self) -> Self {
        self.lock().syncs_lie = true;
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Everything after this fails: the process is gone.
    pub fn die(&self) {
        self.lock().dead = true;
    }

    pub fn is_dead(&self) -> bool {
        self.lock().dead
    }

    pub fn ops(&self) -> u64 {
        self.lock().ops
    }

    /// Told of each change that leaves.
    pub fn sends(&self) {
        let mut state = self.lock();
        state.sends_after_failure += usize::from(state.lost_pages);
    }

    /// Changes that left after a sync had failed.
    pub fn sends_after_failure(&self) -> usize {
        self.lock().sends_after_failure
    }

    /// Whether the blow has been dealt.
    pub fn is_struck(&self) -> bool {
        let state = self.lock();
        match state.blow {
            Blow::Never => false,
            Blow::Die(at) | Blow::Fail(at, _) => state.ops >= at,
        }
    }

    /// How much of a file a power cut would leave.
    pub fn durable_bytes(&self, path: &Path) -> u64 {
        self.lock().durable.get(path).copied().unwrap_or(0)
    }

    /// What is in the files when the power comes back: all that was synced, and of the rest a
    /// beginning; at times with zeros behind it, where the length was written and the bytes were not.
    pub fn cut_power(&self) {
        let state = self.lock();
        for (path, durable) in &state.durable {
            let Ok(file) = File::options().write(true).open(path) else { continue };
            let length = file.metadata().unwrap().len();
            if length <= *durable {
                continue;
            }
            let pick = dice(&[state.seed, state.ops, length, *durable]);
            let kept = durable + pick % (length - durable + 1);
            file.set_len(kept).unwrap();
            if pick >> 32 & 3 == 0 && kept < length {
                file.set_len((kept + 1 + (pick >> 34) % 64).min(length)).unwrap();
            }
        }
    }
}

impl State {
    fn turn(&mut self) -> io::Result<Turn> {
        if self.dead {
            return Err(io::Error::other("the process is gone"));
        }
        self.ops += 1;
        Ok(match self.blow {
            Blow::Die(at) if at == self.ops => {
                self.dead = true;
                Turn::Dies
            }
            Blow::Fail(at, failure) if at == self.ops => Turn::Fails(failure),
            Blow::Never | Blow::Die(_) | Blow::Fail(..) => Turn::Well,
        })
    }

    /// A coin for the operation at hand.
    fn coin(&self) -> bool {
        dice(&[self.seed, self.ops]) & 1 == 0
    }
}

fn error_of(failure: Failure) -> io::Error {
    match failure {
        Failure::NoSpace => io::Error::from(io::ErrorKind::StorageFull),
        Failure::Io | Failure::Short => io::Error::from_raw_os_error(5),
    }
}

fn gone() -> io::Error {
    io::Error::other("the process is gone")
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, how: How) -> io::Result<File> {
        match self.lock().turn()? {
            Turn::Well => {}
            Turn::Dies => return Err(gone()),
            Turn::Fails(failure) => return Err(error_of(failure)),
        }
        let mut options = File::options();
        match how {
            How::AppendNew => options.append(true).create_new(true),
            How::Append => options.append(true),
            How::Replace => options.write(true).create(true).truncate(true),
            How::New => options.write(true).create_new(true),
        };
        let file = options.open(path)?;
        let length = file.metadata()?.len();
        let mut state = self.lock();
        let known = state.durable.entry(path.to_owned()).or_insert(length);
        *known = (*known).min(length);
        Ok(file)
    }

    fn write(&self, _path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        let (turn, pick) = {
            let mut state = self.lock();
            let turn = state.turn()?;
            (turn, dice(&[state.seed, state.ops, 3]))
        };
        let part = usize::try_from(pick).unwrap_or(0) % (bytes.len() + 1);
        match turn {
            Turn::Well => file.write_all(bytes),
            Turn::Dies => {
                file.write_all(&bytes[..part])?;
                Err(gone())
            }
            Turn::Fails(Failure::Io) => Err(error_of(Failure::Io)),
            Turn::Fails(failure) => {
                file.write_all(&bytes[..part])?;
                Err(error_of(failure))
            }
        }
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        let length = file.metadata()?.len();
        let mut state = self.lock();
        match state.turn()? {
            Turn::Well if state.syncs_lie || state.lost_pages => Ok(()),
            Turn::Well => {
                state.durable.insert(path.to_owned(), length);
                Ok(())
            }
            Turn::Dies => {
                if state.coin() && !state.syncs_lie {
                    state.durable.insert(path.to_owned(), length);
                }
                Err(gone())
            }
            Turn::Fails(failure) => {
                state.lost_pages = true;
                Err(error_of(failure))
            }
        }
    }

    fn cut(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        let mut state = self.lock();
        match state.turn()? {
            Turn::Well => {}
            Turn::Dies if state.coin() => {}
            Turn::Dies => return Err(gone()),
            Turn::Fails(failure) => return Err(error_of(failure)),
        }
        file.set_len(bytes)?;
        let durable = state.durable.entry(path.to_owned()).or_insert(bytes);
        *durable = (*durable).min(bytes);
        if state.dead { Err(gone()) } else { Ok(()) }
    }

    fn allocate(&self, _path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        match self.lock().turn()? {
            Turn::Well => file.set_len(bytes),
            Turn::Dies => Err(gone()),
            Turn::Fails(failure) => Err(error_of(failure)),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match self.lock().turn()? {
            Turn::Well => std::fs::remove_file(path),
            Turn::Dies => Err(gone()),
            Turn::Fails(failure) => Err(error_of(failure)),
        }
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        match self.lock().turn()? {
            Turn::Well => Ok(()),
            Turn::Dies => Err(gone()),
            Turn::Fails(failure) => Err(error_of(failure)),
        }
    }

    fn room_bytes(&self, _file: &File) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}
