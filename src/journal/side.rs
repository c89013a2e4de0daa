//! What does not fit into a line goes to `out/<seq>.json`; the line keeps its hash and length.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::disk::{self, Disk, How};
use super::record::Link;
use crate::model::{Object, Value};

const DIR: &str = "out";
const KEY: &str = "$side";
/// Finds what a line that refers to a side file holds somewhere.
static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"$side\""));

/// Where the side files of a journal are kept, however its bytes came here.
pub trait Sides {
    /// The first bytes of a side file, `out/…`, at most this many.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn read(&self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>>;
}

/// A run's directory, or that of a copy.
impl Sides for PathBuf {
    fn read(&self, name: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        disk::careful().read(true).open(self.join(name))?.take(max_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Whether a line may refer to a side file.
pub(super) fn is_marked(line: &[u8]) -> bool {
    MARK.find(line).is_some()
}

/// What stands in a line in the place of a big member of its event.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholder {
    #[serde(rename = "$side")]
    side: String,
    sha256: Link,
    bytes: u64,
}

/// A side file that must be on the disk before the line that names it.
pub(super) struct SideFile {
    name: String,
    bytes: Vec<u8>,
}

/// Moves members of an event out, the biggest first, until the rest fits into `room_bytes`.
///
/// A member that looks like a placeholder always moves: so whatever looks like one in a line is
/// ours, and nothing that the cloud answers can name a file.
pub(super) fn move_out(event: &mut Value, seq: u64, room_bytes: usize) -> serde_json::Result<Vec<SideFile>> {
    let mut files = Vec::new();
    let Value::Object(members) = event else { return Ok(files) };
    let look_alikes: Vec<String> =
        members.iter().filter(|(_, value)| value.get(KEY).is_some()).map(|(key, _)| key.clone()).collect();
    for key in look_alikes {
        files.push(move_member(members, &key, seq, files.len())?);
    }
    let mut sizes: Vec<(String, usize)> = Vec::new();
    for (key, value) in members.iter().filter(|(key, value)| *key != "type" && value.get(KEY).is_none()) {
        sizes.push((key.clone(), serde_json::to_vec(value)?.len()));
    }
    sizes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (key, _) in sizes {
        if serde_json::to_vec(members)?.len() <= room_bytes {
            break;
        }
        files.push(move_member(members, &key, seq, files.len())?);
    }
    Ok(files)
}

fn move_member(members: &mut Object, key: &str, seq: u64, nth: usize) -> serde_json::Result<SideFile> {
    let bytes = serde_json::to_vec(&members[key])?;
    let name = file_name(seq, nth);
    let placeholder = Placeholder {
        side: format!("{DIR}/{name}"),
        sha256: Link::of(&bytes),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    };
    members[key] = serde_json::to_value(placeholder)?;
    Ok(SideFile { name, bytes })
}

fn file_name(seq: u64, nth: usize) -> String {
    if nth == 0 { format!("{seq}.json") } else { format!("{seq}.{nth}.json") }
}

/// Writes side files and makes them durable. One left by a crash has no line and is replaced.
pub(super) fn write(disk: &dyn Disk, run_dir: &Path, files: &[SideFile]) -> io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let dir = run_dir.join(DIR);
    disk.make_dir(&dir)?;
    for side in files {
        let path = dir.join(&side.name);
        let file = disk.open(&path, How::Replace)?;
        disk.write(&path, &file, &side.bytes)?;
        disk.sync(&path, &file)?;
    }
    disk.sync_dir(&dir)?;
    disk.sync_dir(run_dir)
}

/// The side files that a line names, each with its length, in the line's order.
#[must_use]
pub fn side_files(line: &[u8]) -> Vec<(String, u64)> {
    #[derive(Deserialize)]
    struct Loose {
        ev: Value,
    }
    if !is_marked(line) {
        return Vec::new();
    }
    let Ok(Loose { ev: Value::Object(members) }) = serde_json::from_slice(line) else { return Vec::new() };
    let named = members.into_iter().filter_map(|(_, value)| serde_json::from_value::<Placeholder>(value).ok());
    named.map(|placeholder| (placeholder.side, placeholder.bytes)).collect()
}

/// Puts the moved members back into an event's JSON.
pub(super) fn restore(sides: &dyn Sides, seq: u64, event: &mut Value) -> Result<(), String> {
    let Value::Object(members) = event else { return Ok(()) };
    for value in members.values_mut().filter(|value| value.get(KEY).is_some()) {
        let placeholder: Placeholder =
            serde_json::from_value(value.clone()).map_err(|error| format!("its reference is malformed: {error}"))?;
        *value = read_back(sides, seq, &placeholder)?;
    }
    Ok(())
}

fn read_back(sides: &dyn Sides, seq: u64, placeholder: &Placeholder) -> Result<Value, String> {
    let Placeholder { side, sha256, bytes } = placeholder;
    // Only names that we could have given: a reference must not lead out of the directory.
    let ours = (0..16).any(|nth| *side == format!("{DIR}/{}", file_name(seq, nth)));
    if !ours {
        return Err(format!("`{side}` is no side file of record {seq}"));
    }
    let text = sides.read(side, bytes.saturating_add(1)).map_err(|error| format!("`{side}`: {error}"))?;
    if Link::of(&text) != *sha256 {
        return Err(format!("`{side}` is not what was written"));
    }
    serde_json::from_slice(&text).map_err(|error| format!("`{side}`: {error}"))
}
