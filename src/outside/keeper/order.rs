//! What a keeper is to start. Comes through a pipe: what is in it must stand in no command line and
//! in no file.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use zeroize::{Zeroize as _, Zeroizing};

use crate::model::redact::Redactor;

/// More than any operating system takes as arguments and environment.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A program, as it is to be started. Names and values of the environment need not be text: hex.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The program and its arguments.
    argv: Vec<String>,
    env: Vec<(String, String)>,
    /// What may not be kept of the program's output.
    hidden: Vec<String>,
    cwd: String,
    /// Kept of the beginning of each stream.
    pub(super) kept_bytes: u64,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("argv", &self.argv).finish_non_exhaustive()
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        self.env.iter_mut().for_each(|(_, value)| value.zeroize());
        self.hidden.zeroize();
    }
}

impl Order {
    pub fn new(argv: Vec<String>, env: &[(OsString, OsString)], cwd: &Path, kept_bytes: u64) -> Self {
        let hex = |text: &OsStr| hex::encode(text.as_bytes());
        let env = env.iter().map(|(name, value)| (hex(name), hex(value))).collect();
        Self { argv, env, hidden: Vec::new(), cwd: hex(cwd.as_os_str()), kept_bytes }
    }

    /// None of these is to stand in what is kept of the output.
    #[must_use]
    pub fn hiding(mut self, secrets: &[SecretString]) -> Self {
        self.hidden = secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect();
        self
    }

    pub(super) fn redactor(&self) -> Redactor {
        let redactor = Redactor::default();
        self.hidden.iter().for_each(|secret| redactor.learn(secret));
        redactor
    }

    /// As it goes through the pipe.
    pub fn to_bytes(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(serde_json::to_vec(self)?))
    }

    /// The whole of it, or nothing: one that broke off on its way is none.
    pub(super) fn read(from: impl Read) -> io::Result<Self> {
        let mut bytes = Zeroizing::new(Vec::new());
        from.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    pub(super) fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    /// In a process group of its own, so that it can be ended with all that it started.
    pub(super) fn command(&self) -> io::Result<Command> {
        let text = |hex: &String| hex::decode(hex).map(OsString::from_vec).map_err(io::Error::other);
        let mut command = Command::new(self.program());
        command.args(self.argv.iter().skip(1)).env_clear();
        for (name, value) in &self.env {
            command.env(text(name)?, text(value)?);
        }
        command.current_dir(text(&self.cwd)?).process_group(0).kill_on_drop(false);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_arrives_whole_or_not_at_all() {
        let env = vec![("A".into(), OsString::from_vec(vec![b'x', 0xff]))];
        let order = Order::new(vec!["a".into(), "b c\n".into()], &env, Path::new("/tmp"), 7);
        let bytes = order.to_bytes().unwrap();
        let read = Order::read(&bytes[..]).unwrap();
        assert_eq!((read.argv.len(), read.program(), read.kept_bytes), (2, "a", 7));
        let command = read.command().unwrap();
        let value = command.as_std().get_envs().next().unwrap().1.unwrap().to_owned();
        assert_eq!(value.into_vec(), [b'x', 0xff]);
        for cut in 0..bytes.len() {
            assert!(Order::read(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
