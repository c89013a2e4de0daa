//! A place of its own for one test: a state directory, and the binary run in it like a person or a
//! script would, with an environment that nothing from outside leaks into.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any headless verb takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_mins(4);

/// What every process of a test finds in its environment, and nothing else.
pub fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let home = home.display().to_string();
    vec![
        ("HOME", home.clone()),
        // What every process would work out again in a home of its own: the digest of the executable.
        ("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR").to_owned()),
        ("LIFEBOAT_STATE_DIR", home),
        ("USER", "alice".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("PATH", std::env::var("PATH").unwrap_or_default()),
    ]
}

pub struct Home {
    dir: TempDir,
}

/// How a process ended and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a program and gives its path. Another process writes it: of a file that this one had open, what
    /// another test starts in the same moment has a copy, and no such file can be run.
    #[cfg(feature = "aws")]
    pub fn program(&self, name: &str, text: &str) -> String {
        use std::io::Write as _;

        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Command::new("sh");
        writer.args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"]).arg(&path).stdin(Stdio::piped());
        let mut writer = writer.spawn().unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        path.display().to_string()
    }

    /// Writes a file and gives its path.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_in(args, &[])
    }

    /// The same with more in its environment, which wins.
    pub fn run_in(&self, args: &[&str], environment_too: &[(&'static str, String)]) -> Said {
        let mut child = self.start(args, environment_too);
        let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        let stdout = stdout.recv_timeout(DEADLINE);
        if stdout.is_err() {
            child.kill().unwrap();
        }
        let stderr = stderr.recv_timeout(DEADLINE).unwrap();
        let code = child.wait().unwrap().code().unwrap_or(-1);
        Said { code, stdout: stdout.unwrap_or_else(|_| panic!("no end in sight: {args:?}\n{stderr}")), stderr }
    }

    fn start(&self, args: &[&str], environment_too: &[(&'static str, String)]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(args)
            .env_clear()
            .envs(environment(self.path()))
            .envs(environment_too.iter().cloned())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The directories of all runs, the oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path().join("runs")) else { return Vec::new() };
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        runs.sort();
        runs
    }

    /// The newest run's directory.
    pub fn last_run(&self) -> PathBuf {
        self.runs().pop().unwrap()
    }

    /// The records of the newest run.
    pub fn journal(&self) -> Vec<Value> {
        lines(&self.last_run().join("journal.jsonl"))
    }

    /// What the newest run's cloud has seen; nothing when it was never called.
    pub fn world(&self) -> Vec<Value> {
        lines(&self.last_run().join("world.jsonl"))
    }

    /// The calls that changed the world, by action.
    pub fn changes(&self) -> Vec<String> {
        let changes = self.world().into_iter().filter(|line| line["changes"] == Value::Bool(true));
        changes.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    }
}

impl Said {
    /// The one JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The objects on stdout, one a line.
    pub fn json_lines(&self) -> Vec<Value> {
        parse(&self.stdout)
    }
}

/// The whole lines of a file that another process may be writing.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    parse(whole)
}

fn parse(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Reads a pipe to its end on a thread of its own, so that neither side waits for the other.
fn drain(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
