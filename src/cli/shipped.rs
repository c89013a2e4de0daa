//! The runbooks and scenarios that are part of the binary, so that a drill works anywhere.
//!
//! ```text
//! runbooks/NAME.yaml                             goes by NAME, and by lecture/NAME
//! runbooks/scenarios/NAME/SCENARIO.yaml
//! runbooks/SYSTEM/NAME.yaml                      goes by SYSTEM/NAME, or by NAME where one system has it
//! runbooks/SYSTEM/scenarios/NAME/SCENARIO.yaml
//! ```

use include_dir::{Dir, include_dir};

static RUNBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// A shipped text and the name it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    pub name: &'static str,
    pub text: &'static str,
}

impl Shipped {
    /// Its name without the system it belongs to.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

/// Every shipped runbook, by name: those of no system first.
#[must_use]
pub fn runbooks() -> Vec<Shipped> {
    let mut found = texts(&RUNBOOKS);
    found.extend(RUNBOOKS.dirs().flat_map(texts));
    found.sort_by_key(|shipped| (shipped.name.contains('/'), shipped.name));
    found
}

/// The shipped runbook of this name; without its system when only one has a runbook of that name.
#[must_use]
pub fn runbook(name: &str) -> Option<Shipped> {
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    let shipped = runbooks();
    // The first runbook lies in no folder; it is the lecture platform's all the same.
    let of_no_folder = name.strip_prefix("lecture/").filter(|short| shipped.iter().any(|one| one.name == *short));
    let exact = shipped.iter().find(|shipped| shipped.name == of_no_folder.unwrap_or(name));
    let mut short = shipped.iter().filter(|shipped| shipped.short_name() == name);
    match (exact, short.next(), short.next()) {
        (Some(exact), _, _) => Some(*exact),
        (None, Some(only), None) => Some(*only),
        (None, _, _) => None,
    }
}

/// The shipped scenarios of a runbook, by name.
#[must_use]
pub fn scenarios(runbook: &str) -> Vec<Shipped> {
    let dir = match runbook.split_once('/') {
        Some((system, name)) => format!("{system}/scenarios/{name}"),
        None => format!("scenarios/{runbook}"),
    };
    let mut found = RUNBOOKS.get_dir(dir).map_or_else(Vec::new, texts);
    for scenario in &mut found {
        scenario.name = scenario.short_name();
    }
    found.sort_by_key(|scenario| scenario.name);
    found
}

/// The YAML files right in a directory, named by their path without its ending.
fn texts(dir: &'static Dir<'static>) -> Vec<Shipped> {
    dir.files()
        .filter_map(|file| {
            let name = file.path().to_str()?.strip_suffix(".yaml")?;
            Some(Shipped { name, text: file.contents_utf8()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the runbooks right in a folder of the disk.
    fn on_disk(folder: &std::path::Path, prefix: &str) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem()?.to_str()?.to_owned();
            (path.extension()? == "yaml").then(|| format!("{prefix}{name}"))
        });
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_embedded_is_what_lies_on_the_disk() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let mut expected = on_disk(&root, "");
        let mut systems: Vec<String> = std::fs::read_dir(&root)
            .unwrap()
            .map(Result::unwrap)
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        systems.sort();
        for system in systems {
            expected.extend(on_disk(&root.join(&system), &format!("{system}/")));
        }
        assert_eq!(runbooks().iter().map(|shipped| shipped.name).collect::<Vec<_>>(), expected);
        assert!(runbook("regional_failover").is_some_and(|shipped| shipped.text.contains("version: 1")));
        assert!(scenarios("regional_failover").iter().any(|shipped| shipped.name == "calm"));
        assert!(scenarios("no_such_runbook").is_empty());
    }

    #[test]
    fn a_runbook_of_a_system_goes_by_either_name() {
        let full = runbook("portfolio/s3_recovery").unwrap();
        assert_eq!(full.name, "portfolio/s3_recovery");
        assert_eq!(runbook("s3_recovery.yaml"), Some(full));
        assert!(scenarios(full.name).iter().any(|shipped| shipped.name == "calm"));
        // What lies in no system is meant first.
        assert_eq!(runbook("regional_failover").map(|shipped| shipped.name), Some("regional_failover"));
        assert_eq!(runbook("portfolio"), None);
        assert_eq!(runbook("lecture/regional_failover"), runbook("regional_failover"));
        assert_eq!(runbook("lecture/failback").map(|shipped| shipped.name), Some("lecture/failback"));
    }
}
