//! The runbooks and scenarios that are part of the binary, so that a drill works anywhere.
//!
//! ```text
//! runbooks/NAME.yaml
//! runbooks/scenarios/NAME/SCENARIO.yaml
//! ```

use include_dir::{Dir, include_dir};

static RUNBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// A shipped text and the name it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    pub name: &'static str,
    pub text: &'static str,
}

/// Every shipped runbook, by name.
#[must_use]
pub fn runbooks() -> Vec<Shipped> {
    texts(&RUNBOOKS)
}

/// The shipped runbook of this name.
#[must_use]
pub fn runbook(name: &str) -> Option<Shipped> {
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    runbooks().into_iter().find(|shipped| shipped.name == name)
}

/// The shipped scenarios of a runbook, by name.
#[must_use]
pub fn scenarios(runbook: &str) -> Vec<Shipped> {
    RUNBOOKS.get_dir(format!("scenarios/{runbook}")).map_or_else(Vec::new, texts)
}

fn texts(dir: &'static Dir<'static>) -> Vec<Shipped> {
    let mut found: Vec<Shipped> = dir
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "yaml"))
        .filter_map(|file| Some(Shipped { name: file.path().file_stem()?.to_str()?, text: file.contents_utf8()? }))
        .collect();
    found.sort_by_key(|shipped| shipped.name);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_is_what_lies_on_the_disk() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let on_disk = std::fs::read_dir(root).unwrap().filter_map(|entry| {
            let path = entry.unwrap().path();
            (path.extension()? == "yaml").then(|| path.file_stem().unwrap().to_str().unwrap().to_owned())
        });
        let mut on_disk: Vec<String> = on_disk.collect();
        on_disk.sort();
        assert_eq!(runbooks().iter().map(|shipped| shipped.name).collect::<Vec<_>>(), on_disk);
        assert!(runbook("regional_failover").is_some_and(|shipped| shipped.text.contains("version: 1")));
        assert!(scenarios("regional_failover").iter().any(|shipped| shipped.name == "calm"));
        assert!(scenarios("no_such_runbook").is_empty());
    }
}
