//! What the screens read and write of runs: the archive behind the end of a run and past runs.
//!
//! Must not know how any of it is shown.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::exit::CliError;
use super::export;
use super::kept;
use super::runs::{begun_ms, find};
use super::settings::Settings;
use crate::journal::store;
use crate::model::time::{clock_hms, rfc3339};
use crate::report::postmortem::Shipped;
use crate::report::timeline::{self, Document, Format, Options};
use crate::tui::record::{Archive, Paper, PastRun};

/// Runs that are listed.
const LISTED: usize = 200;
/// Below a run's own directory.
const EXPORTS: &str = "exports";

/// The state directory, for a screen.
pub struct Office {
    settings: Settings,
}

impl Office {
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }

    fn post_mortem(&self, run: &str, template: Shipped) -> Result<String, String> {
        let kept = kept::open(&self.settings, run).map_err(|error| words(&error))?;
        super::postmortem::of(&kept, template.source()).map_err(|error| error.to_string())
    }

    fn past(&self, id: &str) -> Option<PastRun> {
        let kept = kept::open(&self.settings, id).ok()?;
        let summary = kept.summary(&kept.snapshot());
        let slowest = summary.phases.iter().max_by_key(|phase| phase.actual_ms);
        let seed = kept.replayed.header.drill.as_ref().map(|drill| drill.seed.to_string());
        Some(PastRun {
            id: id.to_owned(),
            when: rfc3339(begun_ms(id)).chars().take(16).collect::<String>().replace('T', " "),
            runbook: crate::model::text::safe(&summary.runbook),
            banner: summary.mode.banner(),
            result: summary.status.word().to_owned(),
            rto: summary.rto.map(|rto| (rto.actual_ms, rto.budget_ms, rto.met)),
            slowest: slowest.map(|one| format!("{} {}", one.id, clock_hms(one.actual_ms))).unwrap_or_default(),
            seed: seed.unwrap_or_default(),
        })
    }
}

fn words(error: &CliError) -> String {
    crate::model::text::safe(&error.message)
}

impl Archive for Office {
    /// What cannot be read is left out: `lifeboat verify` says what is wrong with it.
    fn runs(&self) -> Result<Vec<PastRun>, String> {
        let base = self.settings.state_dir().map_err(|error| words(&error))?;
        let runs = store::list(&base).map_err(|error| error.to_string())?;
        Ok(runs.iter().rev().take(LISTED).filter_map(|entry| self.past(&entry.id)).collect())
    }

    fn document(&self, run: &str) -> Result<Document, String> {
        let kept = kept::open(&self.settings, run).map_err(|error| words(&error))?;
        let snapshot = kept.snapshot();
        Ok(Document::of(&kept.records, &snapshot, &kept.summary(&snapshot)))
    }

    fn text(&self, run: &str, format: Format) -> Result<String, String> {
        Ok(timeline::render(format, &self.document(run)?, &Options::default()))
    }

    fn write(&self, run: &str, paper: Paper, to: Option<&str>) -> Result<String, String> {
        let dir = find(&self.settings, run).map_err(|error| words(&error))?.dir;
        let path = place(&dir, paper, to).map_err(|error| error.to_string())?;
        match paper {
            Paper::Bundle => export::bundle_to(&dir, &path).map_err(|error| words(&error))?,
            Paper::Timeline(format) => written(&path, &self.text(run, format)?)?,
            Paper::PostMortem(template) => written(&path, &self.post_mortem(run, template)?)?,
        }
        Ok(path.display().to_string())
    }
}

/// Where it goes: a directory that was named, a file that was named, or the run's own.
fn place(dir: &Path, paper: Paper, to: Option<&str>) -> std::io::Result<PathBuf> {
    let Some(to) = to else {
        let own = dir.join(EXPORTS);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&own)?;
        return Ok(own.join(paper.file_name()));
    };
    let named = match to.strip_prefix("~/") {
        Some(rest) => std::env::home_dir().map_or_else(|| PathBuf::from(to), |home| home.join(rest)),
        None => PathBuf::from(to),
    };
    Ok(if named.is_dir() { named.join(paper.file_name()) } else { named })
}

fn written(path: &Path, text: &str) -> Result<(), String> {
    keep(path, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

/// For its owner alone, as the journal is. An export of the same run is replaced.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
