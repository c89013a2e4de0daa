//! The world's own witness: one line for every call, on the disk before the call takes effect.
//!
//! A line with `action` is a call that the cloud received. A line with `lost` notes one that never
//! arrived: it keeps the numbering, and how often the fault has struck, the same after a resume.
//!
//! Knows: lines and the file. Must not know: what a call does.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SimError;
use super::fault::Delivery;
use crate::engine::effect::CallRequest;
use crate::model::Value;
use crate::model::digest::digest_of;
use crate::model::event::Ticket;
use crate::model::plan::ResolvedTarget;
use crate::model::time::rfc3339;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub n: u64,
    /// Virtual time, RFC 3339.
    pub at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ResolvedTarget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// A call that never arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    pub why: String,
    /// The faults that struck, by their place in the scenario.
    pub faults: Vec<usize>,
}

impl Line {
    /// The line of a call that arrives.
    #[must_use]
    pub fn received(n: u64, at_ms: i64, request: &CallRequest) -> Self {
        let with = request.call.with();
        let digest = digest_of(&serde_json::json!({
            "action": request.call.name(),
            "with": with,
            "region": request.target.region,
            "account": request.target.account,
        }));
        Self {
            n,
            at: rfc3339(at_ms),
            action: Some(request.call.name().to_owned()),
            request: Some(digest),
            changes: Some(request.changes),
            ticket: Some(request.ticket.clone()),
            call: Some(with),
            target: Some(request.target.clone()),
            token: Some(request.token.clone()),
            lost: None,
        }
    }

    /// The line of a call that gets lost on its way.
    #[must_use]
    pub fn lost(n: u64, at_ms: i64, delivery: Delivery, faults: &[usize]) -> Self {
        let why = if delivery == Delivery::RegionLost { "region_lost" } else { "lost_request" }.to_owned();
        Self {
            n,
            at: rfc3339(at_ms),
            action: None,
            request: None,
            changes: None,
            ticket: None,
            call: None,
            target: None,
            token: None,
            lost: Some(Lost { why, faults: faults.to_vec() }),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub struct Witness {
    file: File,
    /// Why nothing more is written.
    broken: Option<String>,
}

impl Witness {
    /// Opens or makes the file and reads what is in it. Bytes after the last newline are cut: that
    /// call was never acted on.
    ///
    /// # Errors
    /// When the file cannot be opened, is a link, or holds a line that is none of ours.
    pub fn open(path: &Path) -> Result<(Self, Vec<Line>), SimError> {
        let io = |error: std::io::Error| SimError::Io { path: path.display().to_string(), error };
        #[expect(clippy::cast_possible_wrap, reason = "open flags are small")]
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
        let existed = path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(nofollow)
            .open(path)
            .map_err(io)?;
        if !existed && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).and_then(|()| file.sync_data()).map_err(io)?;
        }
        let lines = bytes[..whole]
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .enumerate()
            .map(|(ix, line)| {
                serde_json::from_slice(line)
                    .map_err(|error| SimError::Damaged { line: ix + 1, reason: error.to_string() })
            })
            .collect::<Result<_, _>>()?;
        Ok((Self { file, broken: None }, lines))
    }

    /// Writes a line and waits until it is on the disk. After a failure nothing is written any more.
    ///
    /// # Errors
    /// Why the line is not durable.
    pub fn append(&mut self, line: &Line) -> Result<(), String> {
        if let Some(reason) = &self.broken {
            return Err(reason.clone());
        }
        let written = serde_json::to_vec(line).map_err(std::io::Error::from).and_then(|mut bytes| {
            bytes.push(b'\n');
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        written.map_err(|error| {
            let reason = error.to_string();
            self.broken = Some(reason.clone());
            reason
        })
    }
}

#[cfg(test)]
impl Witness {
    /// A witness whose every line fails to be written.
    pub fn read_only(path: &Path) -> Self {
        Self { file: File::open(path).unwrap(), broken: None }
    }
}
