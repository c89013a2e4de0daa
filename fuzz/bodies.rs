//! What a fuzzer feeds bytes to. An ordinary test runs the same over the kept corpora.

use lifeboat::journal;
use lifeboat::model::Object;
use lifeboat::model::runbook::SourceFile;
use lifeboat::model::span::Span;
use lifeboat::model::template::Expr;
use lifeboat::model::text::{is_hidden, safe};
use lifeboat::{model, source};

/// YAML to model: whatever it is, it is read or refused, and every finding can be drawn.
pub fn yaml(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let file = SourceFile { path: "fuzzed.yaml".to_owned(), text: text.clone() };
    let loaded = source::load(vec![file.clone()]);
    let style = source::render::Style { color: false, ascii: false, width: 80 };
    drop(source::render_diagnostics(&loaded.diagnostics, &[file], style));
    drop(source::parse_scenario(&text, "fuzzed.yaml"));
}

/// The journal's two readers say the same of any file, and a whole journal is one that starts a run.
pub fn journal(bytes: &[u8]) {
    let Ok(dir) = tempfile::tempdir() else { return };
    if std::fs::write(dir.path().join("journal.jsonl"), bytes).is_err() {
        return;
    }
    let (Ok(file), Ok(verdict)) = (journal::read(dir.path()), journal::verify(dir.path())) else { return };
    assert_eq!(file.records.len() as u64, verdict.records);
    assert_eq!(file.damage.is_none(), verdict.damage.is_none());
    assert!(file.damage.is_some() || file.header().is_some());
}

/// Text for people holds nothing that a terminal obeys or hides.
pub fn safe_text(bytes: &[u8]) {
    let shown = safe(&String::from_utf8_lossy(bytes));
    assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c)), "{shown:?}");
}

/// Templates and expressions: read, checked and evaluated, or refused.
pub fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    drop(model::expr::pieces(&text));
    drop(model::expr::syntax(&text));
    drop(model::expr::references(&text));
    let scope: Object = [("a".to_owned(), 1.into()), ("b".to_owned(), "x".into())].into_iter().collect();
    drop(Expr { source: text, span: Span::default() }.eval_bool(&scope));
}
