//! The Python tools of these tests, installed once for all test processes and all later runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/emulators/requirements.txt");

/// The directory of the programs (`python`, `aws`), after installing them where they are not there yet.
pub fn bin() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(installed)
}

/// A Python of theirs with an environment that nothing from outside leaks into.
pub fn python() -> Command {
    let mut command = Command::new(bin().join("python"));
    command.env_clear().envs([("HOME", env!("CARGO_TARGET_TMPDIR")), ("LANG", "C.UTF-8"), ("PYTHONUNBUFFERED", "1")]);
    command.env("PATH", path());
    command
}

/// `PATH` with these tools first.
pub fn path() -> String {
    format!("{}:{}", bin().display(), std::env::var("PATH").unwrap_or_default())
}

/// One of the scripts beside this file.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/emulators").join(name)
}

/// Another list is another directory, so that nothing stale is ever used.
fn installed() -> PathBuf {
    let list = fs::read(REQUIREMENTS).unwrap();
    let digest = hex::encode(Sha256::digest(&list));
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("emulators");
    fs::create_dir_all(&base).unwrap();
    // One process installs; the others wait for it here.
    let lock = File::create(base.join("lock")).unwrap();
    lock.lock().unwrap();
    let dir = base.join(&digest[..12]);
    let (bin, done) = (dir.join("bin"), dir.join("installed"));
    // The interpreter may have been taken away since.
    if !(done.exists() && bin.join("python").exists()) {
        install(&dir, &lock);
        fs::write(done, digest).unwrap();
    }
    bin
}

/// What installs holds the lock too, by the file that it has for its input: a test process that is killed leaves
/// it behind, and nobody begins anew before it has come to its end.
fn install(dir: &Path, lock: &File) {
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(dir).stdin(lock.try_clone().unwrap()));
    // The list is complete, so there is nothing to resolve; and most of it is never imported, so
    // that compiling it all would take longer than everything else.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    let how = ["--no-deps", "--no-compile", "--require-hashes", "-r", REQUIREMENTS];
    run(Command::new(dir.join("bin/python")).args(pip).args(how).stdin(lock.try_clone().unwrap()));
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("the emulators cannot be installed: {command:?}: {error}"));
    assert!(
        output.status.success(),
        "the emulators cannot be installed: {command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
