//! FILE on the command line: a path first, then the name of a shipped runbook; and its scenarios.

use std::path::{Path, PathBuf};

use super::args::Arguments;
use super::exit::CliError;
use super::shipped::{self, Shipped};
use crate::model::runbook::SourceFile;
use crate::source::{self, Loaded};

/// A scenario larger than this is none.
const MAX_SCENARIO_BYTES: u64 = 256 * 1024;

/// Where a runbook was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Path(PathBuf),
    Shipped(&'static str),
}

/// Reads, resolves and lints a runbook; what is wrong inside it is in the result.
///
/// # Errors
/// When nothing goes by that name.
pub fn load(file: &str) -> Result<(Loaded, Origin), CliError> {
    let path = Path::new(file);
    if path.exists() {
        return Ok((source::check_path(path), Origin::Path(path.to_owned())));
    }
    if let Some(shipped) = shipped::runbook(file) {
        return Ok((source::load(vec![source_of(shipped)]), Origin::Shipped(shipped.name)));
    }
    Err(CliError::usage(format!("no file and no shipped runbook is called `{file}`")).hint(near(file)))
}

fn source_of(shipped: Shipped) -> SourceFile {
    SourceFile { path: format!("{}.yaml", shipped.name), text: shipped.text.to_owned() }
}

/// A word in the place of a verb that is nothing at all, and what was probably meant by it.
pub fn misspelt(word: &str) -> Option<String> {
    let is_known = word.starts_with('-')
        || Arguments::verbs().iter().any(|verb| verb == word)
        || Path::new(word).exists()
        || shipped::runbook(word).is_some();
    (!is_known).then(|| {
        let way_out = nearest(word)
            .map_or_else(|| "`lifeboat --help` lists the verbs".to_owned(), |known| format!("did you mean `{known}`?"));
        format!("no verb, no file and no shipped runbook is called `{word}`\n\n  {way_out}")
    })
}

/// What was probably meant, or else what there is.
fn near(word: &str) -> String {
    nearest(word).map_or_else(
        || {
            let names: Vec<&str> = shipped::runbooks().iter().map(|shipped| shipped.name).collect();
            format!("shipped: {}", names.join(", "))
        },
        |known| format!("did you mean `{known}`?"),
    )
}

fn nearest(word: &str) -> Option<String> {
    let runbooks = shipped::runbooks();
    let verbs = Arguments::verbs();
    let stem = word.strip_suffix(".yaml").unwrap_or(word);
    // A short name that several systems have leads nowhere.
    let short = runbooks.iter().filter_map(|one| {
        let name = one.short_name();
        shipped::runbook(name).map(|_| name)
    });
    let known = runbooks.iter().map(|shipped| shipped.name).chain(short).chain(verbs.iter().map(String::as_str));
    known
        .map(|known| (strsim::damerau_levenshtein(&stem.to_lowercase(), known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known.to_owned())
}

/// A scenario's path, as findings name it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioText {
    pub path: String,
    pub text: String,
}

/// The scenario that was meant: a path, or a name beside the runbook.
///
/// # Errors
/// When there is none, with those there are.
pub fn scenario(wanted: &str, origin: &Origin) -> Result<ScenarioText, CliError> {
    let path = Path::new(wanted);
    if wanted.contains('/') || path.extension().is_some() {
        return read(path);
    }
    let known = scenario_names(origin);
    match (origin, known.iter().any(|name| name == wanted)) {
        (Origin::Path(runbook), true) => read(&beside(runbook).join(format!("{wanted}.yaml"))),
        (Origin::Shipped(runbook), true) => shipped::scenarios(runbook)
            .into_iter()
            .find(|shipped| shipped.name == wanted)
            .map(|shipped| ScenarioText { path: format!("{wanted}.yaml"), text: shipped.text.to_owned() })
            .ok_or_else(|| no_scenario(wanted, &known)),
        (_, false) => Err(no_scenario(wanted, &known)),
    }
}

fn no_scenario(wanted: &str, known: &[String]) -> CliError {
    let hint = if known.is_empty() {
        "this runbook has none beside it; give the path of one".to_owned()
    } else {
        format!("beside this runbook: {}", known.join(", "))
    };
    CliError::usage(format!("no scenario is called `{wanted}`")).hint(hint)
}

/// The scenarios that lie beside a runbook, by name.
#[must_use]
pub fn scenario_names(origin: &Origin) -> Vec<String> {
    match origin {
        Origin::Shipped(runbook) => shipped::scenarios(runbook).iter().map(|shipped| shipped.name.to_owned()).collect(),
        Origin::Path(runbook) => {
            let Ok(entries) = std::fs::read_dir(beside(runbook)) else { return Vec::new() };
            let mut names: Vec<String> = entries
                .filter_map(|entry| {
                    let path = entry.ok()?.path();
                    let yaml = path.extension().is_some_and(|extension| extension == "yaml");
                    yaml.then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
                })
                .collect();
            names.sort();
            names
        }
    }
}

/// `scenarios/NAME/` next to `NAME.yaml`.
pub fn beside(runbook: &Path) -> PathBuf {
    let folder = runbook.parent().map(Path::to_owned).unwrap_or_default();
    folder.join("scenarios").join(runbook.file_stem().unwrap_or_default())
}

fn read(path: &Path) -> Result<ScenarioText, CliError> {
    let shown = path.display().to_string();
    let failed = |why: String| CliError::usage(format!("failed to read the scenario `{shown}`: {why}"));
    let about = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if about.len() > MAX_SCENARIO_BYTES {
        return Err(failed("it is larger than 256 KiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Ok(ScenarioText { path: shown, text })
}

/// `NAME=VALUE` as given with `-i`.
///
/// # Errors
/// When the equals sign is missing.
pub fn inputs(given: &[String]) -> Result<crate::model::Object, CliError> {
    given
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (name.to_owned(), crate::model::Value::String(value.to_owned())))
                .ok_or_else(|| CliError::usage(format!("`{pair}` is no input")).hint("write it like -i customer=acme"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_what_was_meant() {
        let error = load("regional_failovr").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `regional_failover`?"));
        assert_eq!(load("s3_recovry").unwrap_err().hint.as_deref(), Some("did you mean `s3_recovery`?"));
        assert_eq!(load("chekc").unwrap_err().hint.as_deref(), Some("did you mean `check`?"));
        assert!(load("something_else_entirely").unwrap_err().hint.unwrap().starts_with("shipped: "));
    }

    #[test]
    fn scenarios_lie_beside_their_runbook() {
        let shipped = Origin::Shipped("regional_failover");
        assert!(scenario_names(&shipped).contains(&"calm".to_owned()));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/regional_failover.yaml");
        let on_disk = Origin::Path(root);
        assert_eq!(scenario_names(&on_disk), scenario_names(&shipped));
        assert_eq!(scenario("calm", &on_disk).unwrap().text, scenario("calm", &shipped).unwrap().text);
        let error = scenario("calmer", &shipped).unwrap_err();
        assert!(error.hint.unwrap().contains("calm"));
    }

    #[test]
    fn inputs_are_pairs() {
        assert_eq!(inputs(&["a=b=c".into()]).unwrap()["a"], "b=c");
        assert!(inputs(&["ab".into()]).is_err());
        assert!(inputs(&["=b".into()]).is_err());
    }
}
