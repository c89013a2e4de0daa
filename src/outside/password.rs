//! Passwords where runbooks say they are found: among the declared secrets, or read when they are
//! needed and kept nowhere.
//!
//! Must not know: whom they are for.

use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{error, no_secret};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::redact;
use crate::model::secret::Secrets;

/// More is no password.
const MOST_BYTES: u64 = 4 * 1024;
/// Anybody but the owner.
const OTHERS: u32 = 0o077;

/// How a variable of this process is read.
pub(super) type Variables = fn(&str) -> Option<OsString>;

/// Where passwords are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub secrets: &'a Secrets,
    pub variables: Variables,
}

/// The password behind `secret:NAME`, `env:NAME` or `file:PATH`.
pub(super) fn read(source: &str, Sources { secrets, variables }: Sources<'_>) -> Result<SecretString, CloudError> {
    match source.split_once(':') {
        Some(("secret", _)) => secrets.fill(source).map_err(|why| no_secret(&why)),
        Some(("env", name)) => of_environment(name, variables),
        Some(("file", path)) => of_file(path),
        _ => Err(denied("`password_from` is none of `secret:NAME`, `env:NAME` and `file:PATH`".to_owned())),
    }
}

fn of_environment(name: &str, variables: Variables) -> Result<SecretString, CloudError> {
    let not_there = || denied(format!("the variable {name} is not set: set it where lifeboat is started, and resume"));
    let text = variables(name).filter(|value| !value.is_empty()).ok_or_else(not_there)?;
    let text = text.into_string().map_err(|_| denied(format!("what {name} holds is no text")))?;
    redact::shared().learn(&text);
    Ok(text.into())
}

fn of_file(path: &str) -> Result<SecretString, CloudError> {
    let unreadable = |why: std::io::Error| denied(format!("the password file {path} cannot be read: {why}"));
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = std::fs::File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(denied(format!("{path} is no file with a password in it")));
    }
    if about.mode() & OTHERS != 0 {
        return Err(denied(format!("others can read the password file {path}: `chmod 600 {path}`")));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(denied(format!("the password file {path} is empty")));
    }
    redact::shared().learn(password);
    Ok(password.into())
}

fn denied(message: String) -> CloudError {
    error(CloudErrorKind::Denied, "NoPassword", message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn variables(name: &str) -> Option<OsString> {
        match name {
            "SET" => Some("pa55".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        }
    }

    fn text(source: &str) -> Result<String, String> {
        let mut secrets = Secrets::default();
        secrets.insert("db", "decl4red".into());
        read(source, Sources { secrets: &secrets, variables })
            .map(|one| one.expose_secret().to_owned())
            .map_err(|error| error.message)
    }

    #[test]
    fn a_password_is_in_a_variable_or_in_a_file_of_ones_own() {
        assert_eq!(text("env:SET").as_deref(), Ok("pa55"));
        assert_eq!(text("secret:db").as_deref(), Ok("decl4red"));
        assert!(text("secret:other").unwrap_err().contains("not at hand"));
        assert!(text("env:UNSET").unwrap_err().contains("the variable UNSET is not set"));
        assert!(text("env:EMPTY").is_err());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password").display().to_string();
        let source = format!("file:{path}");
        assert!(text(&source).unwrap_err().contains("cannot be read"));
        std::fs::write(&path, "p4ss w0rd\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(text(&source).unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(text(&source).as_deref(), Ok("p4ss w0rd"));
        assert!(text(&format!("file:{}", dir.path().display())).unwrap_err().contains("no file"));
        let read = read("env:SET", Sources { secrets: &Secrets::default(), variables });
        assert!(!format!("{read:?}").contains("pa55"));
    }
}
