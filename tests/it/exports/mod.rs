//! A run's story in every format, from three journals that were recorded once: a clean drill, one
//! with every deviation in it, and a run against AWS emulators.
//!
//! Who reads the exports back is never our own code: Python's `csv`, OpenTelemetry's own Protocol
//! Buffers, a JSON Schema validator. `UPDATE=1` writes the golden files anew.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

mod goldens;
mod readers;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::home::Home;

/// A journal under `tests/fixtures/journals`, and what it was when it was reviewed.
#[derive(Clone, Copy)]
pub struct Recorded {
    pub name: &'static str,
    pub run: &'static str,
    sha256: &'static str,
}

pub const CLEAN: Recorded = Recorded {
    name: "clean",
    run: "01M802FG42EYDAM4CS6A3HECP0",
    sha256: "abfe18213732927ddc428064b5eabfd517ad1242fea7c44324526bfcd6e86340",
};
pub const DEVIATIONS: Recorded = Recorded {
    name: "deviations",
    run: "01M7ZZKXM9EYFT6A3YNQBNQW3Z",
    sha256: "aea21a60105de27d6a1673f1d2928519863b35d47a386c8c6e1a92b62b683afc",
};
pub const EMULATOR: Recorded = Recorded {
    name: "emulator",
    run: "01M7ZZBXVWE1VSBJGG899G1FZA",
    sha256: "2460b66a31756207ee49dbc0dff29cf0d5d99fad60279647ce4475695f68125b",
};
pub const ALL: [Recorded; 3] = [CLEAN, DEVIATIONS, EMULATOR];

impl Recorded {
    /// A home in which this run was kept.
    pub fn home(self) -> Home {
        let path = root("tests/fixtures/journals").join(format!("{}.jsonl", self.name));
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&bytes)), self.sha256, "{} is another journal", self.name);
        let home = Home::new();
        home.write(&format!("runs/{}/journal.jsonl", self.run), bytes);
        home
    }

    /// Its timeline, as the binary prints it.
    pub fn export(self, home: &Home, arguments: &[&str]) -> String {
        let said = home.run(&[&["timeline", self.run], arguments].concat());
        assert_eq!(said.code, 0, "{said:?}");
        said.stdout
    }
}

pub fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}
