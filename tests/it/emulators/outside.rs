//! The world outside AWS, played by `world.py` on the loopback, and a `kubectl` that notes what it was told.

use serde_json::Value;

use super::pair::Pair;
use super::process::Server;
use super::tools;
use crate::home::Home;

pub struct Outside {
    server: Server,
    environment: Vec<(&'static str, String)>,
}

impl Outside {
    pub fn start(home: &Home, pair: &Pair, facts: &Value) -> Self {
        kubectl(home);
        Self::with(home, pair, facts)
    }

    /// The same without `kubectl`.
    pub fn with(home: &Home, pair: &Pair, facts: &Value) -> Self {
        let mut command = tools::python();
        command.arg(tools::script("world.py")).arg(home.path()).arg(facts.to_string());
        let server = Server::start(command.envs(pair.environment()));
        let log = server.log();
        let names = log.lines().find_map(|line| line.strip_prefix("names on ")).unwrap().to_owned();
        let environment = vec![
            ("PATH", format!("{}:{}", home.path().join("bin").display(), tools::path())),
            ("HTTPS_PROXY", server.url.clone()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("SSL_CERT_FILE", home.path().join("ca.pem").display().to_string()),
            ("LIFEBOAT_RESOLVERS", names),
        ];
        Self { server, environment }
    }

    /// What a program needs to live in this world.
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Who asked for what, and was told what.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// A `kubectl` among the operator's own programs.
fn kubectl(home: &Home) {
    home.program("bin/kubectl", &format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\n", told(home)));
}

fn told(home: &Home) -> String {
    home.path().join("kubectl.argv").display().to_string()
}

/// The arguments that `kubectl` was called with.
pub fn kubectl_was_told(home: &Home) -> Vec<String> {
    std::fs::read_to_string(told(home)).unwrap_or_default().lines().map(str::to_owned).collect()
}
