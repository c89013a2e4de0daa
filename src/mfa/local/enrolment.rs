//! A new device: its secret is made here, shown once, and kept only after a code has proved that
//! the person's app has it.
//!
//! Must not know how it is shown.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::record::Record;
use super::{DeviceError, DeviceInfo, LocalDevices};
use crate::mfa::totp;
use crate::model::event::MfaRefusal;

const ISSUER: &str = "lifeboat";
/// 160 bits, as RFC 4226 wants.
const SECRET_BYTES: usize = 20;
/// No letters and digits that are taken for one another.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const NAME_CHARS: usize = 4;

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error("{person} has a device already: {device}")]
    Exists { person: String, device: String },
    #[error("{}", .0.word())]
    Refused(MfaRefusal),
    #[error("a name is needed")]
    NoName,
    #[error("no random numbers to be had: {0}")]
    NoRandom(String),
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// A device that is not kept yet.
pub struct NewDevice {
    person: String,
    device: String,
    secret: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDevice").field("person", &self.person).finish_non_exhaustive()
    }
}

impl NewDevice {
    /// Makes a secret.
    ///
    /// # Errors
    /// Without a name, or when the system has no random numbers.
    pub fn new(person: &str) -> Result<Self, EnrolError> {
        if person.trim().is_empty() {
            return Err(EnrolError::NoName);
        }
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        getrandom::fill(&mut secret).map_err(|error| EnrolError::NoRandom(error.to_string()))?;
        Ok(Self::with(person, secret))
    }

    fn with(person: &str, secret: Zeroizing<Vec<u8>>) -> Self {
        // Tells a new device from the old one in an app's list, and says nothing of the secret.
        let mut hash = Sha256::new();
        hash.update(b"lifeboat device name");
        hash.update(&*secret);
        let name: String =
            hash.finalize()[..NAME_CHARS].iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
        Self { person: person.to_owned(), device: format!("totp device {name}"), secret }
    }

    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// What the app reads: holds the secret.
    ///
    /// # Errors
    /// When the name cannot stand in it.
    pub fn uri(&self) -> Result<Zeroizing<String>, EnrolError> {
        let name = self.device.rsplit(' ').next().unwrap_or_default();
        // A colon would end the issuer.
        let account = format!("{} {name}", self.person.replace(':', "."));
        let totp = totp_rs::Builder::new()
            .with_secret(self.secret.to_vec())
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build_noncompliant();
        totp.to_url().map(Zeroizing::new).map_err(|_| EnrolError::NoName)
    }

    /// The secret as people type it: base 32 in groups of four.
    #[must_use]
    pub fn secret_text(&self) -> Zeroizing<String> {
        let base32 = Zeroizing::new(totp_rs::Secret::from(self.secret.to_vec()).to_base32());
        let mut text = Zeroizing::new(String::with_capacity(2 * base32.len()));
        for (ix, sign) in base32.chars().enumerate() {
            if ix > 0 && ix % 4 == 0 {
                text.push(' ');
            }
            text.push(sign);
        }
        text
    }
}

impl LocalDevices {
    /// Keeps a device once a code of it is right; that code is used up.
    ///
    /// # Errors
    /// When the code is not right, the person has a device and it is not to be replaced, or the disk refuses.
    pub fn enrol(&self, new: &NewDevice, code: &str, now_ms: i64, replace: bool) -> Result<DeviceInfo, EnrolError> {
        let counter = totp::verify(&new.secret, code, now_ms, None).map_err(EnrolError::Refused)?;
        self.store.prepare()?;
        let Some(held) = self.store.hold()? else {
            return Err(EnrolError::Refused(MfaRefusal::NoDevice));
        };
        if let Some(old) = self.load(&new.person)?.filter(|_| !replace) {
            return Err(EnrolError::Exists { person: new.person.clone(), device: old.device.clone() });
        }
        let record = Record::new(&new.person, &new.device, &new.secret, now_ms, counter);
        self.keep(&held, &record)?;
        Ok(record.info(now_ms))
    }
}

#[cfg(test)]
impl NewDevice {
    /// A device whose secret the test knows.
    pub(super) fn known(person: &str, secret: &[u8]) -> Self {
        Self::with(person, Zeroizing::new(secret.to_vec()))
    }
}
