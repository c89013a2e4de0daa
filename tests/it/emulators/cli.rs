//! The real AWS CLI, run with exactly the command lines that we tell people to run.

use std::process::Command;

use tempfile::TempDir;

use super::pair::Pair;

/// A directory where a person stands, and an environment that points to one pair of emulators.
pub struct Cli {
    dir: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Cli {
    pub fn new(pair: &Pair) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), environment: pair.environment() }
    }

    /// Runs a line; gives what it printed.
    ///
    /// # Errors
    /// What it printed when it failed.
    pub fn run(&self, argv: &[String]) -> Result<String, String> {
        self.run_with(argv, &[])
    }

    /// Runs a line where nobody listens: the CLI reads every word of it, checks it against its own
    /// model of the operation, makes a request of it, and only then cannot connect.
    ///
    /// # Errors
    /// What it printed when it failed before that.
    pub fn run_nowhere(&self, argv: &[String]) -> Result<(), String> {
        let mut argv = argv.to_vec();
        argv.extend(["--endpoint-url", "http://127.0.0.1:9"].map(str::to_owned));
        match self.run_with(&argv, &[("AWS_MAX_ATTEMPTS", "1")]) {
            Err(text) if text.contains("Could not connect to the endpoint URL") => Ok(()),
            Err(text) => Err(text),
            Ok(text) => Err(format!("{argv:?} went somewhere: {text}")),
        }
    }

    fn run_with(&self, argv: &[String], more: &[(&str, &str)]) -> Result<String, String> {
        let output = Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .envs(self.environment.clone())
            .envs(more.iter().copied())
            .current_dir(self.dir.path())
            .output()
            .map_err(|error| format!("{argv:?}: {error}"))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        Err(format!("{argv:?} ended with {}\n{stdout}{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}
