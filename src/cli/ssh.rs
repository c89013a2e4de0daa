//! OpenSSH's own `ssh-keygen`, asked to sign and to check. Agents, tokens, passphrases and private keys are
//! its business; none of them comes into this process.
//!
//! Must not know: what is signed.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use uuid::Uuid;

use super::exit::CliError;
use crate::model::text::safe;
use crate::report::bundle::statement::NAMESPACE;

const PROGRAM: &str = "ssh-keygen";

/// What it answered.
struct Answer {
    ok: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Answer {
    /// Its first word about what was wrong.
    fn why(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
        safe(line)
    }

    fn line(&self) -> String {
        safe(String::from_utf8_lossy(&self.stdout).lines().next().unwrap_or_default().trim())
    }
}

/// Signs a statement; what ssh-keygen has to say or to ask, it says and asks itself.
///
/// # Errors
/// When it is not installed or refuses.
pub fn sign(key: &Path, statement: &[u8]) -> Result<Vec<u8>, CliError> {
    let answer =
        ask(&["-Y", "sign", "-n", NAMESPACE, "-f"].map(OsStr::new), &[path(key)], statement, Stdio::inherit())?;
    if !answer.ok || !answer.stdout.starts_with(b"-----BEGIN SSH SIGNATURE-----") {
        return Err(CliError::failed(format!("ssh-keygen did not sign with `{}`", key.display()))
            .hint("give the private key, or KEY.pub of one that your agent holds (ssh-add -l lists them)"));
    }
    Ok(answer.stdout)
}

/// A signature in a place of its own, where ssh-keygen can read it.
pub struct Signature {
    dir: PathBuf,
}

impl Signature {
    /// # Errors
    /// When no such place can be made.
    pub fn put(signature: &[u8]) -> Result<Self, CliError> {
        let dir = std::env::temp_dir().join(format!("lifeboat-{}", Uuid::now_v7()));
        let failed = |error: io::Error| CliError::failed(format!("failed to keep a signature for ssh-keygen: {error}"));
        DirBuilder::new().mode(0o700).create(&dir).map_err(failed)?;
        let kept = Self { dir };
        fs::write(kept.file(), signature).map_err(failed)?;
        Ok(kept)
    }

    fn file(&self) -> PathBuf {
        self.dir.join("sig")
    }

    /// Which key signed this statement, as ssh-keygen words it; or why it is no signature of it.
    ///
    /// # Errors
    /// When ssh-keygen is not installed.
    pub fn key(&self, statement: &[u8]) -> Result<Result<String, String>, CliError> {
        let args = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s"].map(OsStr::new);
        let answer = ask(&args, &[self.file()], statement, Stdio::piped())?;
        let line = answer.line();
        let key = line.split_once(" with ").map_or(line.as_str(), |(_, key)| key).to_owned();
        Ok(if answer.ok { Ok(key) } else { Err(answer.why()) })
    }

    /// Whom a file of allowed signers names as the owners of the key.
    ///
    /// # Errors
    /// When ssh-keygen is not installed.
    pub fn owners(&self, allowed: &Path) -> Result<Vec<String>, CliError> {
        let args = ["-Y", "find-principals", "-s"].map(OsStr::new);
        let answer = ask(&args, &[self.file(), "-f".into(), path(allowed)], b"", Stdio::piped())?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        Ok(if answer.ok { text.lines().map(|line| line.trim().to_owned()).collect() } else { Vec::new() })
    }

    /// Whether somebody of a file of allowed signers has signed this statement; or why not.
    ///
    /// # Errors
    /// When ssh-keygen is not installed.
    pub fn is_by(&self, who: &str, allowed: &Path, statement: &[u8]) -> Result<Result<(), String>, CliError> {
        let args = ["-Y", "verify", "-n", NAMESPACE, "-I", who, "-s"].map(OsStr::new);
        let answer = ask(&args, &[self.file(), "-f".into(), path(allowed)], statement, Stdio::piped())?;
        Ok(if answer.ok { Ok(()) } else { Err(answer.why()) })
    }
}

impl Drop for Signature {
    fn drop(&mut self) {
        // A signature is no secret: one that stays behind harms nobody.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A path that cannot be taken for an option.
fn path(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path.to_owned() }
}

fn ask(args: &[&OsStr], files: &[PathBuf], stdin: &[u8], stderr: Stdio) -> Result<Answer, CliError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => CliError::failed(format!("{PROGRAM} is not here, and only it can do this"))
            .hint("it is part of OpenSSH: install openssh-client (Debian, Ubuntu) or openssh (others)"),
        _ => CliError::failed(format!("failed to run {PROGRAM}: {error}")),
    };
    let mut child = Command::new(PROGRAM)
        .args(args)
        .args(files)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // One that has refused already does not read it.
        let _ = input.write_all(stdin);
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok(Answer { ok: output.status.success(), stdout: output.stdout, stderr: output.stderr })
}
