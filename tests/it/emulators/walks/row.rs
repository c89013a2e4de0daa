//! What a runbook's walk is made of: a file a runbook, beside this one. `<name>` in it stands for what was
//! noted before: what a service made up, a port, a time (`<ago 5m>`), the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use regex_lite::{Captures, Regex};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::pair::ACCOUNT;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    #[serde(default = "account")]
    pub account: String,
    /// The services that moto plays, by boto3's names; ministack plays the others.
    #[serde(default)]
    pub moto: Vec<String>,
    /// Words of the runbook that are others in this world, such as a path of the operator's machine.
    #[serde(default)]
    pub change: Vec<[String; 2]>,
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// Who has a device and approves.
    #[serde(default)]
    pub people: Vec<String>,
    /// How the world comes about.
    #[serde(default)]
    pub world: Vec<Made>,
    /// What stands in for what the emulators lack: see `between.py`.
    #[serde(default)]
    pub stand_ins: Vec<StandIn>,
    /// The hosted zone that names are looked up in, and web pages with what makes them well.
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub pages: BTreeMap<String, Vec<Value>>,
    /// Shell scripts that stand for an operator's programs.
    #[serde(default)]
    pub programs: BTreeMap<String, String>,
    /// Real databases, by the name that they are noted under.
    #[serde(default)]
    pub postgres: BTreeMap<String, Database>,
    #[serde(default)]
    pub redis: bool,
    /// A repository with a commit, as `<repository>`.
    #[serde(default)]
    pub repository: bool,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What people do by hand when a step asks them to.
    #[serde(default)]
    pub by_hand: BTreeMap<String, Vec<Made>>,
    /// Steps that are to find something wrong, and after which the run goes on.
    #[serde(default)]
    pub fails: Vec<String>,
    /// Steps whose gates a person passes, among others.
    #[serde(default)]
    pub passes: Vec<String>,
    /// What an independent hand finds afterwards.
    pub after: Vec<Look>,
    /// What a database's owner finds afterwards: SQL that fails when it is not so.
    #[serde(default)]
    pub after_sql: BTreeMap<String, String>,
    /// Files of the operator's afterwards, and what stands in them.
    #[serde(default)]
    pub after_files: BTreeMap<String, String>,
}

fn account() -> String {
    ACCOUNT.to_owned()
}

/// A call by boto3.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    #[serde(rename = "in")]
    pub region: String,
    /// Service and method: `ecs.create_cluster`.
    pub ask: String,
    #[serde(default = "nothing")]
    pub with: Value,
    /// The emulator, where it is not the one that plays the service.
    #[serde(default)]
    pub at: Option<String>,
    /// What is noted of the answer: a name, and the way to it.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// Another second has begun when it is called, which is noted under this name: a point in time that
    /// what was made before lies before. With `_epoch` it is told in seconds.
    #[serde(default)]
    pub moment: Option<String>,
    /// It is called for each of these, as `<each>`.
    #[serde(default)]
    pub each: Vec<String>,
}

fn nothing() -> Value {
    json!({})
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    #[serde(rename = "in")]
    pub region: String,
    pub ask: String,
    #[serde(default = "nothing")]
    pub with: Value,
    pub query: String,
    pub is: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// The operation of `lacks.yaml` that it stands in for.
    #[serde(rename = "for", default)]
    pub lacks: Option<String>,
    /// Or what the emulator does otherwise than AWS.
    #[serde(default)]
    pub otherwise: Option<String>,
    /// It is there for a case that need not come up.
    #[serde(default)]
    pub spare: bool,
    /// What `between.py` reads.
    pub how: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "as the rows are written")]
pub struct Database {
    pub database: String,
    pub user: String,
    pub names: Vec<String>,
    pub sql: String,
}

/// An operation that neither emulator has, or has without use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lacks {
    pub operation: String,
    #[serde(default = "nothing")]
    pub with: Value,
    /// What the emulators answer, in words.
    pub answers: String,
    /// What has to be there for ministack to show that it has nothing to say.
    #[serde(default)]
    pub first: Vec<Made>,
    /// ministack answers, and this is in its answer: nothing of use.
    #[serde(default)]
    pub ministack: Option<Useless>,
    /// Where it is tested at the wire: a file of `src/aws`, and a test in it.
    pub wire: [String; 2],
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Useless {
    /// What it refuses with, whatever is asked for.
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub is: Value,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/emulators/walks")
}

pub fn row(runbook: &str) -> Row {
    read(&folder().join(format!("{runbook}.yaml")))
}

pub fn lacks() -> Vec<Lacks> {
    read(&folder().join("lacks.yaml"))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What was noted, by name.
#[derive(Debug)]
pub struct Notes {
    known: BTreeMap<String, String>,
    now: DateTime<Utc>,
}

impl Notes {
    pub fn new() -> Self {
        Self { known: BTreeMap::new(), now: Utc::now() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "a note is written down and done with")]
    pub fn note(&mut self, name: &str, value: impl ToString) {
        self.known.insert(name.to_owned(), value.to_string());
    }

    /// Waits for another second to begin, and notes it.
    pub fn moment(&mut self, name: &str) {
        let begun = Utc::now().timestamp();
        while Utc::now().timestamp() == begun {
            std::thread::yield_now();
        }
        let now = Utc::now();
        self.note(name, now.to_rfc3339_opts(SecondsFormat::Secs, true));
        self.note(&format!("{name}_epoch"), now.timestamp());
    }

    /// The text with what is known in the place of names.
    pub fn fill(&self, text: &str) -> String {
        let ago = Regex::new(r"<ago (\d+[smhd])>").unwrap();
        let text = ago.replace_all(text, |found: &Captures<'_>| {
            let span = humantime::parse_duration(&found[1]).unwrap();
            (self.now - span).to_rfc3339_opts(SecondsFormat::Secs, true)
        });
        let epoch = Regex::new(r"<epoch (\d+[smhd])>").unwrap();
        let text = epoch.replace_all(&text, |found: &Captures<'_>| {
            (self.now - humantime::parse_duration(&found[1]).unwrap()).timestamp().to_string()
        });
        let name = Regex::new(r"<([a-z_]+)>").unwrap();
        let known = |found: &Captures<'_>| self.known.get(&found[1]).cloned().unwrap_or_else(|| found[0].to_owned());
        name.replace_all(&text, known).into_owned()
    }

    pub fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (self.fill(name), self.fill_all(value))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}
