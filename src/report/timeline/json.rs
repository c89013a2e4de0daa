//! The timeline for scripts: as one JSON object, or as JSON Lines.
//!
//! Version 1.0; minor versions only add. Durations are milliseconds, instants RFC 3339 in UTC.
//! `assets/timeline.schema.json` (`lifeboat schema timeline`) holds both forms.
//!
//! | member | is |
//! |---|---|
//! | `banner` | `DRILL` or `REAL` |
//! | `version`, `run`, `runbook`, `title`, `digest`, `mode`, `intent`, `status`, `operator` | what ran, and who drove |
//! | `regions`, `account`, `tool`, `binary`, `inputs` (pairs), `drill` (`seed scenario speed surprise`, or null) | where and with what |
//! | `started_at`, `ended_at`, `clock_at` | the run, and the start of the RTO clock |
//! | `zone` | the second zone, where one was asked for; `at_local` of each row is its time there |
//! | `rto`, `rpo`, `rta`, `milestones`, `intervals`, `time`, `phases`, `steps`, `journal` | as in the summary |
//! | `chart` | phases and steps as bars over time: whom each waited for, and what was called |
//! | `deviations` | `seq at step what by reason`: paused, skipped, check overridden, sent again, … |
//! | `notes` | `seq about_at recorded_at by step text` |
//! | `rows` | `seq at recorded_at who step subject kind text`, in the order in which things happened |
//! | `left_out` | records that have no row |
//! | `verify` | the command that checks the chain |
//!
//! Of the lines the first is that object without `rows`, then comes each row, and an `end` that
//! counts them; their member `type` (`timeline`, `row`, `end`) stands first.

use std::cell::RefCell;
use std::io;

use schemars::{JsonSchema, SchemaGenerator};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Document, Entry, Format, Options};
use crate::report::summary::JournalFacts;

/// Renders a timeline, one object over several lines, with a newline at its end.
#[must_use]
pub fn render(document: &Document, options: &Options) -> String {
    super::render(Format::Json, document, options)
}

/// Renders a timeline as lines, one object each.
#[must_use]
pub fn render_lines(document: &Document, options: &Options) -> String {
    super::render(Format::Jsonl, document, options)
}

/// Writes a timeline as one object, with these rows.
///
/// # Errors
/// When `out` fails.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let members = members(document, options);
    let mut localised = rows.map(|row| local(row, options));
    let rows = Rows(RefCell::new(&mut localised));
    let mut pretty = serde_json::Serializer::pretty(&mut *out);
    let mut object = pretty.serialize_map(Some(members.len()))?;
    for (name, value) in &members {
        if name == "rows" {
            object.serialize_entry(name, &rows)?;
        } else {
            object.serialize_entry(name, value)?;
        }
    }
    object.end()?;
    out.write_all(b"\n")
}

/// Writes a timeline as lines, with these rows.
///
/// # Errors
/// When `out` fails.
pub fn write_lines(
    document: &Document,
    rows: &mut dyn Iterator<Item = Entry>,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut head = Map::from_iter([("type".to_owned(), json!("timeline"))]);
    head.extend(members(document, options).into_iter().filter(|(name, _)| name != "rows"));
    line(out, &head)?;
    let mut count = 0_u64;
    for row in rows {
        line(out, &Line::Row(local(row, options)))?;
        count += 1;
    }
    line(out, &Line::End { rows: count, journal: document.journal.clone(), verify: document.verify.clone() })
}

/// A line behind the first.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Row(Entry),
    End { rows: u64, journal: JournalFacts, verify: String },
}

fn line(out: &mut dyn io::Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The members of the object, its rows still those of the document.
fn members(document: &Document, options: &Options) -> Map<String, Value> {
    // Plain data with text keys always has a JSON form.
    let Ok(Value::Object(members)) = serde_json::to_value(document) else { return Map::new() };
    let Some(zone) = &options.zone else { return members };
    let mut with_zone = Map::new();
    for (name, value) in members {
        if name == "started_at" {
            with_zone.insert("zone".to_owned(), json!(zone.name()));
        }
        with_zone.insert(name, value);
    }
    with_zone
}

fn local(row: Entry, options: &Options) -> Entry {
    let at_local = options.zone.as_ref().map(|zone| zone.rfc3339(row.at_ms));
    Entry { at_local, ..row }
}

/// Rows that are written as they come; once.
struct Rows<'a>(RefCell<&'a mut dyn Iterator<Item = Entry>>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&mut **self.0.borrow_mut())
    }
}

/// The JSON Schema (draft 7) of a timeline: of the one object, and of each of the lines.
#[must_use]
pub fn schema() -> Value {
    let mut generator = schemars::generate::SchemaSettings::draft07().for_serialize().into_generator();
    let object = whole(&mut generator);
    let mut head = object.clone();
    drop_member(&mut head, "rows");
    let mut row = Entry::json_schema(&mut generator).to_value();
    let journal = generator.subschema_for::<JournalFacts>();
    add_type(&mut head, "timeline");
    add_type(&mut row, "row");
    let end = json!({
        "type": "object",
        "properties": {
            "type": {"const": "end"},
            "rows": {"type": "integer", "minimum": 0},
            "journal": journal,
            "verify": {"type": "string"},
        },
        "required": ["type", "rows", "journal", "verify"],
    });
    let mut definitions = generator.take_definitions(true);
    for (name, one) in [("timeline", object), ("first_line", head), ("row_line", row), ("last_line", end)] {
        definitions.insert(name.to_owned(), one);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lifeboat timeline",
        "description": "What `lifeboat timeline --format json` prints, or one line of what `--format jsonl` prints. \
                        Version 1.0; minor versions only add.",
        "anyOf": [
            {"$ref": "#/definitions/timeline"},
            {"$ref": "#/definitions/first_line"},
            {"$ref": "#/definitions/row_line"},
            {"$ref": "#/definitions/last_line"},
        ],
        "definitions": definitions,
    })
}

fn add_type(object: &mut Value, name: &str) {
    if let Some(members) = object.get_mut("properties").and_then(Value::as_object_mut) {
        members.insert("type".to_owned(), json!({"const": name}));
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.insert(0, json!("type"));
    }
}

fn drop_member(object: &mut Value, name: &str) {
    if let Some(members) = object.get_mut("properties").and_then(Value::as_object_mut) {
        members.shift_remove(name);
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|one| one != name);
    }
}

/// The schema of a document, with the member that only a second zone brings.
fn whole(generator: &mut SchemaGenerator) -> Value {
    let mut object = Document::json_schema(generator).to_value();
    if let Some(members) = object.get_mut("properties").and_then(Value::as_object_mut) {
        let zone = json!({"description": "The second zone, where one was asked for.", "type": "string"});
        members.insert("zone".to_owned(), zone);
    }
    object
}
