//! One device as it is kept: its secret, the last code that counted, the wrong ones since.
//!
//! Pure: time and codes are handed in. Must not know files.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::engine::ports::MfaDenied;
use crate::mfa::totp;
use crate::model::event::MfaRefusal;
use crate::model::time::{hms_utc, rfc3339};

const VERSION: u32 = 1;
/// Wrong codes in a row before a pause.
const TRIES: u32 = 5;
const FIRST_PAUSE_MS: i64 = 60_000;
/// Each further pause is twice the last, up to this.
const LONGEST_PAUSE_MS: i64 = 3_600_000;

/// A device's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u32,
    pub(super) person: String,
    /// A short name, also in the app's list.
    pub(super) device: String,
    /// Base 32.
    secret: String,
    pub(super) enrolled_ms: i64,
    pub(super) last_used_ms: Option<i64>,
    /// The last RFC 6238 counter that counted; it and all below it are used up.
    pub(super) last_counter: Option<u64>,
    /// Wrong codes since the last one that counted.
    wrong: u32,
    locked_until_ms: Option<i64>,
}

impl Drop for Record {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// What may be known about a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    pub person: String,
    pub device: String,
    pub enrolled_ms: i64,
    pub last_used_ms: Option<i64>,
    /// Too many wrong codes: none is looked at before this instant.
    pub locked_until_ms: Option<i64>,
}

impl Record {
    /// A new device; the code that proved it is used up.
    pub(super) fn new(person: &str, device: &str, secret: &[u8], now_ms: i64, counter: u64) -> Self {
        Self {
            version: VERSION,
            person: person.to_owned(),
            device: device.to_owned(),
            secret: totp_rs::Secret::from(secret.to_vec()).to_base32(),
            enrolled_ms: now_ms,
            last_used_ms: None,
            last_counter: Some(counter),
            wrong: 0,
            locked_until_ms: None,
        }
    }

    /// # Errors
    /// What is wrong with the text.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // The error's own text could hold a piece of the secret.
        let record: Self = serde_json::from_str(text)
            .map_err(|error| format!("line {}, column {} is not as written", error.line(), error.column()))?;
        if record.version != VERSION {
            return Err(format!("it is of version {}, this program knows {VERSION}", record.version));
        }
        record.key().map(|_| record)
    }

    /// # Errors
    /// When it cannot be written down.
    pub(super) fn write(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        // Large enough from the start, so that no copy of the secret is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(4096 + 6 * (self.person.len() + self.secret.len())));
        serde_json::to_writer(&mut *text, self)?;
        text.push(b'\n');
        Ok(text)
    }

    fn key(&self) -> Result<totp_rs::Secret, String> {
        totp_rs::Secret::try_from_base32(&self.secret).map_err(|_| "its secret is not base 32".to_owned())
    }

    /// Until when no code is looked at. A clock that was set back cannot make a pause longer than
    /// the longest there is.
    pub(super) fn locked_until(&self, now_ms: i64) -> Option<i64> {
        let until_ms = self.locked_until_ms?.min(now_ms.saturating_add(LONGEST_PAUSE_MS));
        (until_ms > now_ms).then_some(until_ms)
    }

    pub(super) fn info(&self, now_ms: i64) -> DeviceInfo {
        DeviceInfo {
            person: self.person.clone(),
            device: self.device.clone(),
            enrolled_ms: self.enrolled_ms,
            last_used_ms: self.last_used_ms,
            locked_until_ms: self.locked_until(now_ms),
        }
    }

    /// Judges a code. The answer may be told only after the record as it is then has been kept.
    pub(super) fn judge(&mut self, code: &str, now_ms: i64, run_counter: Option<u64>) -> Result<u64, MfaDenied> {
        if let Some(until_ms) = self.locked_until(now_ms) {
            self.locked_until_ms = Some(until_ms);
            return Err(too_many(until_ms));
        }
        let key = self.key().map_err(|why| MfaDenied { why: MfaRefusal::Unreachable, detail: Some(why) })?;
        match totp::verify(key.as_bytes(), code, now_ms, self.last_counter.max(run_counter)) {
            Ok(counter) => {
                self.last_counter = Some(counter);
                self.last_used_ms = Some(now_ms);
                self.wrong = 0;
                self.locked_until_ms = None;
                Ok(counter)
            }
            Err(why @ (MfaRefusal::Wrong | MfaRefusal::Expired)) if totp::is_code(code) => {
                Err(self.count_wrong(why, now_ms))
            }
            // A true code a second time is no guess, and what is no code cannot be one either.
            Err(why) => Err(MfaDenied { why, detail: self.clock_went_back(why, now_ms) }),
        }
    }

    /// A code that counted in what is now the future uses up all codes until then.
    fn clock_went_back(&self, why: MfaRefusal, now_ms: i64) -> Option<String> {
        let last = self.last_counter.filter(|_| why == MfaRefusal::AlreadyUsed)?;
        (last > totp::counter_at(now_ms) + 1).then(|| {
            format!("a later code counted before, and this machine's clock says {}: is it right?", hms_utc(now_ms))
        })
    }

    fn count_wrong(&mut self, why: MfaRefusal, now_ms: i64) -> MfaDenied {
        self.wrong = self.wrong.saturating_add(1);
        if !self.wrong.is_multiple_of(TRIES) {
            return why.into();
        }
        let doublings = (self.wrong / TRIES - 1).min(16);
        let until_ms = now_ms.saturating_add((FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS));
        self.locked_until_ms = Some(until_ms);
        too_many(until_ms)
    }
}

fn too_many(until_ms: i64) -> MfaDenied {
    let detail = format!("{TRIES} wrong codes: this device is locked until {}", rfc3339(until_ms));
    MfaDenied { why: MfaRefusal::TooManyTries, detail: Some(detail) }
}
