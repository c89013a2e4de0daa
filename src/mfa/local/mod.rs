//! Real devices kept on this machine: an authenticator app's codes, each accepted once for ever.
//!
//! A proof that its owner is present and no more: whoever can read the device's file can make codes,
//! and AWS knows nothing of it. The journal calls it `totp`, and `sts` where AWS itself asked.
//!
//! Knows: devices' files, what a code does to them. Must not know: runs, gates, AWS.

mod enrolment;
mod record;
mod store;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

pub use enrolment::{EnrolError, NewDevice};
pub use record::DeviceInfo;
pub use store::DeviceError;

use crate::engine::ports::{MfaDenied, MfaDevices, MfaRequest};
use crate::model::event::{MfaProof, MfaRefusal};
use record::Record;
use store::{Held, Store};

/// The devices enrolled on this machine.
#[derive(Debug, Clone)]
pub struct LocalDevices {
    store: Store,
    /// Judge by the run's time and not by the machine's.
    run_time: bool,
}

impl LocalDevices {
    /// The devices under a state directory.
    ///
    /// An app's codes follow the world's clock, so they are judged by this machine's wall clock as
    /// it is now: the run's own time takes no notice when a wrong clock is put right.
    #[must_use]
    pub fn new(state_dir: &Path) -> Self {
        Self { store: Store::new(state_dir), run_time: false }
    }

    /// Judges by the time in the request: for runs whose time is made up.
    #[must_use]
    pub fn on_run_time(mut self) -> Self {
        self.run_time = true;
        self
    }

    /// Checks a code and uses it up: on return, whatever it says, it is on the disk.
    ///
    /// # Errors
    /// Why the code does not count.
    pub fn check(
        &self,
        person: &str,
        code: &str,
        now_ms: i64,
        run_counter: Option<u64>,
    ) -> Result<MfaProof, MfaDenied> {
        let Some((held, mut record)) = self.take(person).map_err(|error| cannot_check(&error))? else {
            return Err(MfaRefusal::NoDevice.into());
        };
        let judged = record.judge(code, now_ms, run_counter);
        self.keep(&held, &record).map_err(|error| cannot_check(&error))?;
        let counter = judged?;
        let (by, device) = (person.to_owned(), record.device.clone());
        Ok(MfaProof { by, method: "totp".to_owned(), device, counter: Some(counter) })
    }

    /// What is known about a person's device.
    ///
    /// # Errors
    /// When its file cannot be used.
    pub fn info(&self, person: &str, now_ms: i64) -> Result<Option<DeviceInfo>, DeviceError> {
        Ok(self.load(person)?.map(|record| record.info(now_ms)))
    }

    /// Every device, in order of name; one whose file cannot be used says why.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn list(&self, now_ms: i64) -> Result<Vec<Result<DeviceInfo, DeviceError>>, DeviceError> {
        let known = |path: &Path| match Self::load_at(path) {
            Ok(Some(record)) => Some(Ok(record.info(now_ms))),
            // Removed since.
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        Ok(self.store.paths()?.iter().filter_map(|path| known(path)).collect())
    }

    /// The file of a person's device, there or not: removing it forgets a lost device.
    #[must_use]
    pub fn path(&self, person: &str) -> std::path::PathBuf {
        self.store.path(person)
    }

    fn load(&self, person: &str) -> Result<Option<Record>, DeviceError> {
        // An unsafe directory makes every file in it so.
        if person.is_empty() || !self.store.exists()? {
            return Ok(None);
        }
        let path = self.store.path(person);
        match Self::load_at(&path)? {
            Some(record) if record.person != person => {
                let why = format!("it is that of {}", record.person);
                Err(DeviceError::Damaged { path, why })
            }
            found => Ok(found),
        }
    }

    fn load_at(path: &Path) -> Result<Option<Record>, DeviceError> {
        let Some(text) = Store::read(path)? else { return Ok(None) };
        Record::read(&text).map(Some).map_err(|why| DeviceError::Damaged { path: path.to_owned(), why })
    }

    /// A person's device, and nobody else at it.
    fn take(&self, person: &str) -> Result<Option<(Held, Record)>, DeviceError> {
        let Some(held) = self.store.hold()? else { return Ok(None) };
        Ok(self.load(person)?.map(|record| (held, record)))
    }

    fn keep(&self, held: &Held, record: &Record) -> Result<(), DeviceError> {
        let path = self.store.path(&record.person);
        let text = record.write().map_err(|error| DeviceError::Io {
            what: "write",
            path: path.clone(),
            error: error.into(),
        })?;
        self.store.write(held, &path, &text)
    }
}

impl MfaDevices for LocalDevices {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let devices = self.clone();
        Box::pin(async move {
            let MfaRequest { person, code, now_ms, last_counter, .. } = request;
            let now_ms = if devices.run_time { now_ms } else { wall_ms() };
            // Disks can be slow, and another process may be at it.
            let checked =
                tokio::task::spawn_blocking(move || devices.check(&person, code.expose(), now_ms, last_counter));
            checked.await.unwrap_or_else(|error| {
                Err(MfaDenied { why: MfaRefusal::Unreachable, detail: Some(error.to_string()) })
            })
        })
    }

    /// Only their owner sees the codes of real devices.
    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, person: &str) -> Option<String> {
        self.load(person).ok().flatten().map(|record| record.device.clone())
    }
}

/// The code was not looked at, or what it did could not be kept: either way it does not count.
fn cannot_check(error: &DeviceError) -> MfaDenied {
    let detail = match error.way_out() {
        Some(way_out) => format!("{error}: {way_out}"),
        None => error.to_string(),
    };
    MfaDenied { why: MfaRefusal::Unreachable, detail: Some(detail) }
}

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
