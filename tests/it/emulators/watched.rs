//! A recorder before each emulator: which operations programs asked for, whoever answered.

use super::pair::{Pair, SERVICES};
use super::process::Server;
use super::tools;

pub struct Watched {
    moto: Server,
    ministack: Server,
}

impl Watched {
    pub fn new(pair: &Pair) -> Self {
        Self { moto: recorder(&pair.moto), ministack: recorder(&pair.ministack) }
    }

    /// The way to the same emulators, past the recorders.
    pub fn endpoints(&self, pair: &Pair) -> Vec<(&'static str, String)> {
        let past = |service: &str| {
            let direct = pair.url(service);
            if direct == pair.moto.url { self.moto.url.clone() } else { self.ministack.url.clone() }
        };
        SERVICES.iter().map(|(name, service)| (*name, past(service))).collect()
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<String> {
        let both = format!("{}{}", self.moto.log(), self.ministack.log());
        both.lines().filter_map(|line| line.strip_prefix("asked ")).map(str::to_owned).collect()
    }
}

fn recorder(emulator: &Server) -> Server {
    Server::start(tools::python().arg(tools::script("between.py")).arg(&emulator.url))
}
