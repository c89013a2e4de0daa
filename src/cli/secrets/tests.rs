//! Secrets are taken from where the runbook says, and refused where they could not be kept.

use std::os::unix::fs::PermissionsExt as _;

use clap::Parser as _;

use super::*;
use crate::model::outcome::Mode;
use crate::model::plan::Intent;
use crate::source::{RunContext, instantiate, load};

fn plan(secret: &str, inputs: &[(&str, &str)]) -> (Plan, Vec<SourceFile>) {
    let text = format!(
        "version: 1\nname: x\ninputs: {{ name: {{ default: main }} }}\nsecrets: {{ token: {secret} }}\n\
         phases:\n  - id: p\n    steps:\n      - {{ id: s, uses: note, with: {{ text: x }} }}\n"
    );
    let loaded = load(vec![SourceFile { path: "x.yaml".to_owned(), text }]);
    let context = RunContext {
        given: inputs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect(),
        mode: Mode::Real,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "r".to_owned(),
        now_ms: 0,
    };
    (instantiate(&loaded.runbook.unwrap(), &context).unwrap(), loaded.files)
}

struct Kept(tempfile::TempDir);

impl Kept {
    fn new(text: &str, mode: u32) -> Self {
        let kept = Self(tempfile::tempdir().unwrap());
        std::fs::write(kept.path(), text).unwrap();
        std::fs::set_permissions(kept.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        kept
    }

    fn path(&self) -> String {
        self.0.path().join("secret").display().to_string()
    }

    fn declared(&self) -> String {
        format!("{{ file: {} }}", self.path())
    }
}

fn taken(secret: &str, inputs: &[(&str, &str)]) -> Result<String, CliError> {
    use secrecy::ExposeSecret as _;
    let (plan, files) = plan(secret, inputs);
    let settings = Settings::new(&crate::cli::args::Arguments::parse_from(["lifeboat", "runs"]).global);
    let secrets = gather(&settings, &plan, &files, true)?;
    Ok(secrets.fill("secret:token").unwrap().expose_secret().to_owned())
}

#[test]
fn a_file_of_ones_own_is_read_without_its_last_line_break() {
    let kept = Kept::new("file-s3cret one\r\n", 0o600);
    assert_eq!(taken(&kept.declared(), &[]).unwrap(), "file-s3cret one");
    assert_eq!(redact::shared().text("a file-s3cret one b"), "a •••• b");
}

#[test]
fn what_others_may_read_is_refused() {
    let error = taken(&Kept::new("file-s3cret two", 0o640).declared(), &[]).unwrap_err();
    assert_eq!(error.exit, Exit::Credentials);
    assert!(error.hint.unwrap().starts_with("chmod 600 "));
    assert!(taken("{ file: / }", &[]).unwrap_err().message.contains("no file with a secret"));
}

#[test]
fn what_is_missing_is_told_with_a_way_out() {
    let error = taken("{ env: LIFEBOAT_TEST_NO_SUCH_VARIABLE }", &[]).unwrap_err();
    assert_eq!(
        (error.exit, error.message.as_str()),
        (Exit::Credentials, "the secret `token` is missing: the variable LIFEBOAT_TEST_NO_SUCH_VARIABLE is not set")
    );
    assert!(taken("{ file: /no/such/file }", &[]).unwrap_err().message.contains("there is no file"));
    assert!(taken("{}", &[]).unwrap_err().hint.unwrap().contains("start at a terminal"));
}

#[test]
fn what_could_not_be_kept_secret_is_refused() {
    assert!(taken(&Kept::new("abc", 0o600).declared(), &[]).unwrap_err().message.contains("fewer than 4"));
    // `phases:` stands in the runbook.
    assert!(taken(&Kept::new("phases:", 0o600).declared(), &[]).unwrap_err().message.contains("stands in `x.yaml`"));
    let kept = Kept::new("input-s3cret", 0o600);
    let error = taken(&kept.declared(), &[("name", "an input-s3cret here")]).unwrap_err();
    assert!(error.message.contains("an input holds"), "{}", error.message);
    assert!(!format!("{error:?}").contains("input-s3cret"));
}

#[test]
fn a_drill_takes_what_is_there_and_misses_nothing() {
    for secret in ["{}", "{ env: LIFEBOAT_TEST_NO_SUCH_VARIABLE }", "{ file: /no/such/file }"] {
        let (plan, files) = plan(secret, &[]);
        assert!(hide(&plan, &files).is_ok(), "{secret}");
    }
    let (plan, files) = plan(&Kept::new("file-s3cret three", 0o600).declared(), &[]);
    // The file is gone by now.
    hide(&plan, &files).unwrap();
    assert_eq!(redact::shared().text("file-s3cret three"), "file-s3cret three");
}

#[test]
fn passwords_of_proxies_are_found() {
    assert_eq!(password_of("http://ada:p4ssw0rd@proxy:3128/"), Some("p4ssw0rd"));
    assert_eq!(password_of("ada:p@ss@proxy"), Some("p@ss"));
    assert_eq!(password_of("http://proxy:3128"), None);
    assert_eq!(password_of("http://ada@proxy:3128"), None);
}
