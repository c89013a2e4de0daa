//! Runbooks that must be refused: each finding at its line and column with a way out, in one pass.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lifeboat::model::runbook::SourceFile;
use lifeboat::source::{Diagnostic, Loaded, Severity, check_path, explain, load};

fn broken(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken").join(name)
}

fn check(name: &str) -> Loaded {
    let loaded = check_path(&broken(name));
    assert!(loaded.runbook.is_none(), "{name} was accepted");
    loaded
}

fn errors(loaded: &Loaded) -> Vec<&Diagnostic> {
    loaded.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Code, line, column, a part of the help.
type Expected = (&'static str, u32, u32, &'static str);

/// Each file and its errors.
const BROKEN: &[(&str, &[Expected])] = &[
    ("unknown_key.yaml", &[("LB101", 5, 5, "did you mean `budget`?")]),
    ("duplicate_key.yaml", &[("LB005", 11, 9, "already on line 9")]),
    ("unknown_step_in_needs.yaml", &[("LB301", 8, 17, "did you mean `look`?")]),
    ("cycle.yaml", &[("LB302", 7, 17, "take one of these `needs` out")]),
    ("bad_duration.yaml", &[("LB105", 5, 13, "`90m` for minutes"), ("LB105", 7, 65, "1h30m")]),
    ("unknown_action.yaml", &[("LB201", 7, 15, "did you mean `aws/rds.promote_read_replica_db_cluster`?")]),
    ("wrong_input.yaml", &[("LB202", 10, 11, "did you mean `service`?"), ("LB204", 11, 26, "whole number")]),
    ("undefined_reference.yaml", &[("LB304", 10, 53, "did you mean `customer`?")]),
    ("budget_over_rto.yaml", &[("LB501", 3, 20, "makes it 50m")]),
    ("duplicate_id.yaml", &[("LB107", 9, 15, "already on line 6")]),
    ("wrong_yaml.yaml", &[("LB003", 7, 3, "on line 6, column 9, is not closed")]),
];

#[test]
fn each_broken_runbook_is_refused_at_its_place_with_a_way_out() {
    for (name, expected) in BROKEN {
        let loaded = check(name);
        let found = errors(&loaded);
        let places: Vec<_> = found.iter().map(|f| (f.code, f.span.line, f.span.column)).collect();
        let wanted: Vec<_> = expected.iter().map(|(code, line, column, _)| (*code, *line, *column)).collect();
        assert_eq!(places, wanted, "{name}: {found:#?}");
        for (finding, (.., help)) in found.iter().zip(*expected) {
            let text = finding.help.as_deref().unwrap_or_default();
            assert!(text.contains(help), "{name}: help is {text:?}");
            assert!(explain(finding.code).is_some());
        }
    }
}

#[test]
fn the_sum_of_the_budgets_is_spelled_out() {
    let loaded = check("budget_over_rto.yaml");
    let finding = errors(&loaded)[0];
    assert_eq!(
        finding.message,
        "20m + 30m + 25m = 1h 15m is over the RTO of 1h by 15m; the longest way is assess → database → application"
    );
}

#[test]
fn the_cycle_is_walked_round() {
    let loaded = check("cycle.yaml");
    let message = &errors(&loaded)[0].message;
    assert_eq!(message, "these wait for each other: first → third → second → first");
}

#[test]
fn a_file_of_300_kilobytes_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.yaml");
    let mut text = String::from("version: 1\nname: large\n");
    while text.len() < 300 * 1024 {
        text.push_str("# one more line of a file that nobody reads to its end\n");
    }
    std::fs::write(&path, text).unwrap();
    let loaded = check_path(&path);
    let [finding] = errors(&loaded)[..] else { panic!("{:#?}", loaded.diagnostics) };
    assert_eq!((finding.code, finding.span.line, finding.span.column), ("LB002", 1, 1));
    assert!(finding.message.contains("256 KiB") && finding.help.is_some());
    assert_eq!(loaded.files[0].path, path.display().to_string());
}

#[test]
fn one_pass_finds_everything_that_is_wrong_with_a_file() {
    let loaded = check("several.yaml");
    let found = errors(&loaded);
    let codes: Vec<_> = found.iter().map(|finding| (finding.code, finding.span.line)).collect();
    let wanted = [
        ("LB108", 1),
        ("LB104", 2),
        ("LB501", 3),
        ("LB312", 3),
        ("LB309", 4),
        ("LB101", 6),
        ("LB204", 14),
        ("LB206", 15),
        ("LB105", 15),
        ("LB303", 18),
        ("LB305", 18),
        ("LB402", 19),
        ("LB303", 20),
        ("LB310", 24),
        ("LB405", 25),
    ];
    assert_eq!(codes, wanted, "{found:#?}");
    assert!(found.iter().all(|finding| finding.help.as_ref().is_some_and(|help| !help.is_empty())), "{found:#?}");
}

#[test]
fn includes_are_local_and_join_the_digest() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.yaml",
        "version: 1\nname: a\ninclude: [roles.yaml]\nphases:\n  - id: p\n    steps:\n      - { id: s, uses: manual, with: { ask: x }, approvals: { from: commander } }\n",
    );
    write("roles.yaml", "roles: { commander: [alice, bob] }\n");
    let first = check_path(&folder.path().join("a.yaml"));
    let runbook = first.runbook.unwrap_or_else(|| panic!("{:#?}", first.diagnostics));
    assert_eq!(runbook.files.len(), 2);
    write("roles.yaml", "roles: { commander: [alice, bob, carol] }\n");
    let second = check_path(&folder.path().join("a.yaml")).runbook.unwrap();
    assert_ne!(runbook.digest, second.digest);
    for (include, code) in [("../roles.yaml", "LB006"), ("/etc/passwd", "LB006"), ("gone.yaml", "LB001")] {
        write("b.yaml", &format!("version: 1\nname: b\ninclude:\n  - {include}\n"));
        let loaded = check_path(&folder.path().join("b.yaml"));
        let finding = errors(&loaded)[0];
        assert_eq!((finding.code, finding.span.line, finding.span.column), (code, 4, 5), "{include}");
    }
}

#[test]
fn hostile_texts_are_refused_quickly() {
    let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))
    });
    let head = "version: 1\nname: x\n";
    let flood = |line: &dyn Fn(usize) -> String, count| {
        (0..count).fold(format!("{head}phases:\n- id: p\n  steps:\n"), |text, ix| text + &line(ix))
    };
    let tiny_steps = flood(&|_| "  - {}\n".to_owned(), 30_000);
    let wrong_needs = flood(&|ix| format!("  - {{id: s{ix}, uses: note, with: {{text: x}}, needs: [t{ix}]}}\n"), 2_000);
    let unknown_keys = (0..25_000).fold(head.to_owned(), |text, ix| text + &format!("k{ix}: 1\n"));
    let duplicates = head.to_owned() + &"name: x\n".repeat(30_000);
    let one_text = format!("{head}vars: {{ a: \"{}\" }}\n", "${{ x.y }} ".repeat(20_000));
    let reversed = (0..4_000).rev().fold(format!("{head}vars:\n"), |text, ix| {
        text + &format!("  v{ix}: \"${{{{ vars.v{} }}}}\"\n", ix - usize::from(ix > 0))
    });
    let floods = [tiny_steps, wrong_needs, unknown_keys, duplicates, one_text, reversed];
    for text in floods.into_iter().chain([
        "[".repeat(100_000),
        "{a: ".repeat(25_000),
        bomb,
        "? ".repeat(100_000),
        "&a ".repeat(80_000),
    ]) {
        let start = Instant::now();
        let loaded = load(vec![SourceFile { path: "hostile.yaml".to_owned(), text }]);
        assert!(loaded.runbook.is_none() && loaded.has_errors());
        // A debug build on a busy machine; readers that are not bounded need minutes.
        assert!(start.elapsed().as_secs() < 5);
    }
}
