//! Reads a runbook and its includes from the disk: local, relative, bounded. The only file of this
//! floor that touches the file system; it must not know what a runbook means.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::diagnostic::Diagnostic;
use super::sink::Sink;
use super::{shape, yaml};
use crate::model::runbook::SourceFile;
use crate::model::span::{Located, Span};
use crate::model::template::Node;

/// Files of one set, the runbook included.
const MAX_FILES: usize = 16;

/// Why a set could not be read, with the files that could.
#[derive(Debug, thiserror::Error)]
#[error("{}", diagnostics.first().map_or("cannot read the runbook", |finding| finding.message.as_str()))]
pub struct ReadError {
    pub files: Vec<SourceFile>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the runbook at `path` and every file that it includes, each once, in reading order.
///
/// # Errors
/// With a finding for every file that cannot be read, is too large, or is not local.
pub fn read_set(path: &Path) -> Result<Vec<SourceFile>, ReadError> {
    let mut set = Set::default();
    set.add(path, Span { line: 1, column: 1, ..Span::default() });
    let mut next = 0;
    while next < set.files.len() {
        for (include, place) in set.includes(next) {
            set.add(&include, place);
        }
        next += 1;
    }
    if set.found.is_empty() { Ok(set.files) } else { Err(ReadError { files: set.files, diagnostics: set.found }) }
}

#[derive(Default)]
struct Set {
    files: Vec<SourceFile>,
    paths: Vec<PathBuf>,
    found: Vec<Diagnostic>,
}

impl Set {
    fn add(&mut self, path: &Path, place: Span) {
        if self.paths.iter().any(|known| known == path) {
            return;
        }
        if self.files.len() >= MAX_FILES {
            let message = format!("the runbook has more than {MAX_FILES} files");
            self.found.push(Diagnostic::error("LB006", place, message).help("join some of the includes"));
            return;
        }
        match read(path) {
            Ok(text) => {
                self.files.push(SourceFile { path: path.display().to_string(), text });
                self.paths.push(path.to_owned());
            }
            Err(Unread::TooLarge(bytes)) => {
                let file = place.file;
                let finding = yaml::too_large(bytes, file);
                self.found.push(Diagnostic { span: place, ..finding });
                // Shown with its name, without its text.
                if self.files.is_empty() {
                    self.files.push(SourceFile { path: path.display().to_string(), text: String::new() });
                }
            }
            Err(Unread::Failed(reason)) => {
                let finding = Diagnostic::error("LB001", place, format!("cannot read `{}`: {reason}", path.display()));
                self.found.push(finding.help("check the path; includes are relative to the file that names them"));
                if self.files.is_empty() {
                    self.files.push(SourceFile { path: path.display().to_string(), text: String::new() });
                }
            }
        }
    }

    /// The paths that a file includes. What is wrong with its YAML is reported later, by `load`.
    fn includes(&mut self, ix: usize) -> Vec<(PathBuf, Span)> {
        if self.paths.len() <= ix {
            return Vec::new();
        }
        // Most runbooks are one file: no need to parse those twice.
        if !self.files[ix].text.contains("include") {
            return Vec::new();
        }
        let (tree, _) = yaml::parse(&self.files[ix].text, u16::try_from(ix).unwrap_or(u16::MAX));
        let Some(tree) = tree else { return Vec::new() };
        let Some((_, include)) = tree.as_map().and_then(|members| members.get("include")) else { return Vec::new() };
        let words: Vec<Located<String>> = match &include.node {
            Node::Text(word) => vec![Located::new(word.clone(), include.span)],
            Node::List(items) => items.iter().filter_map(|item| shape::text("", item, &mut Sink::new())).collect(),
            Node::Scalar(_) | Node::Map(_) => Vec::new(),
        };
        let folder = self.paths[ix].parent().map(Path::to_owned).unwrap_or_default();
        let mut found = Vec::new();
        for word in words {
            let path = Path::new(&word.value);
            if word.value.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
                let message = format!("`{}` is not a file below the runbook's folder", word.value);
                let help = "an include is a relative path without `..`; nothing is ever fetched";
                self.found.push(Diagnostic::error("LB006", word.span, message).help(help));
                continue;
            }
            found.push((folder.join(path), word.span));
        }
        found
    }
}

enum Unread {
    TooLarge(u64),
    Failed(String),
}

fn read(path: &Path) -> Result<String, Unread> {
    let failed = |error: std::io::Error| Unread::Failed(error.to_string());
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(Unread::Failed("it is a folder".to_owned()));
    }
    let most = yaml::MAX_BYTES as u64;
    if about.len() > most {
        return Err(Unread::TooLarge(about.len()));
    }
    let mut bytes = Vec::new();
    // A pipe has no length: one byte more than allowed tells that there is too much.
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Unread::TooLarge(bytes.len() as u64));
    }
    String::from_utf8(bytes).map_err(|_| Unread::Failed("it is not UTF-8 text".to_owned()))
}

/// `sha256:…` over path, length and bytes of each file. Paths are taken relative to the runbook's
/// folder, so that the same set has the same digest from wherever it is read.
#[must_use]
pub fn digest(files: &[SourceFile]) -> String {
    let folder = files.first().and_then(|file| Path::new(&file.path).parent());
    let mut hash = Sha256::new();
    for file in files {
        let path = Path::new(&file.path);
        let path = folder.and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
        let path = path.to_string_lossy();
        for part in [path.as_bytes(), file.text.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}
