//! Hostile text: documents that would eat time and memory, and sequences that would drive a terminal.

use std::time::{Duration, Instant};

use lifeboat::source;

use super::Tally;
use crate::home::Home;
use crate::terminal::Terminal;

/// What one document may cost. A build without optimisation takes its time.
const TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });
const MEMORY_KB: u64 = 32 * 1024;

fn head(rest: &str) -> String {
    format!(
        "version: 1\nname: x\ntitle: X\ntargets: {{ dr: {{ region: us-east-1 }} }}\ndefaults: {{ target: dr }}\n{rest}"
    )
}

fn one_step(step: &str) -> String {
    head(&format!("phases:\n  - id: p\n    steps:\n      - {step}\n"))
}

/// Documents by name. Every one has to be refused.
#[expect(clippy::too_many_lines, reason = "a list of documents")]
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&'static str, Vec<u8>)> = Vec::new();
    let mut add = |name: &'static str, text: String| all.push((name, text.into_bytes()));
    for (name, open) in
        [("brackets", "["), ("braces", "{"), ("list of lists", "- "), ("questions", "? "), ("maps", "{a: ")]
    {
        add(name, open.repeat(100_000 / open.len()));
        add(name, head(&format!("vars: {{ a: {} }}\n", open.repeat(60_000 / open.len()))));
    }
    add("deep block", (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect());
    let laughs: String = (0..9)
        .map(|n| {
            let items = if n == 0 { "lol".to_owned() } else { vec![format!("*a{}", n - 1); 9].join(", ") };
            format!("  a{n}: &a{n} [{items}]\n")
        })
        .collect();
    add("billion laughs", head(&format!("vars:\n{laughs}")));
    add("aliases", head(&format!("vars:\n  a: &a [{}]\n  b: [{}]\n", "x, ".repeat(20_000), "*a, ".repeat(15_000))));
    add("anchors", head(&format!("vars: [{}]\n", (0..20_000).map(|n| format!("&a{n} x, ")).collect::<String>())));
    add("merge keys", head("vars:\n  a: &a { x: 1 }\n  b: { <<: *a, <<: *a }\n"));
    add("an anchor in itself", head("vars:\n  a: &a [*a]\n"));
    add("one long word", "x".repeat(250_000));
    add("one long key", head(&format!("{}: 1\n", "k".repeat(250_000))));
    add("one long quoted text", format!("\"{}", "x".repeat(250_000)));
    add("folded without an end", format!("a: >\n{}", "  x\n".repeat(60_000)));
    add("too large", head(&format!("description: >\n{}", "  words\n".repeat(40_000))));
    add("many keys", head(&(0..30_000).map(|n| format!("k{n}: 1\n")).collect::<String>()));
    add("duplicate keys", head(&"name: x\n".repeat(20_000)));
    add("many documents", "---\n".repeat(60_000));
    add("comments alone", "# x\n".repeat(60_000));
    add(
        "many steps",
        head(&format!(
            "phases:\n  - id: p\n    steps:\n{}",
            (0..3_000)
                .map(|n| format!("      - {{ id: s{n}, uses: manual, with: {{ ask: x }} }}\n"))
                .collect::<String>()
        )),
    );
    add(
        "foreach of many",
        one_step(&format!(
            "{{ id: s, uses: manual, foreach: [{}], with: {{ ask: x }} }}",
            (0..5_000).map(|n| format!("i{n}, ")).collect::<String>()
        )),
    );
    add(
        "many unknown needs",
        one_step(&format!("{{ id: s, needs: [{}], uses: manual, with: {{ ask: x }} }}", "y, ".repeat(30_000))),
    );
    add(
        "a circle",
        head(&format!(
            "phases:\n  - id: p\n    steps:\n{}",
            (0..1_500)
                .map(|n| format!(
                    "      - {{ id: s{n}, needs: [s{}], uses: manual, with: {{ ask: x }} }}\n",
                    (n + 1) % 1_500
                ))
                .collect::<String>()
        )),
    );
    add(
        "deep expression",
        one_step(&format!(
            "{{ id: s, uses: manual, with: {{ ask: x }}, if: \"{}1{}\" }}",
            "(".repeat(50_000),
            ")".repeat(50_000)
        )),
    );
    add(
        "wide expression",
        one_step(&format!("{{ id: s, uses: manual, with: {{ ask: x }}, if: \"{}1\" }}", "1 + ".repeat(40_000))),
    );
    add(
        "deep template",
        one_step(&format!("{{ id: s, uses: manual, with: {{ ask: \"${{{{ {}x }}}}\" }} }}", "not ".repeat(40_000))),
    );
    add(
        "many templates",
        one_step(&format!("{{ id: s, uses: manual, with: {{ ask: \"{}\" }} }}", "${{ nothing.at.all }}".repeat(8_000))),
    );
    add("a loop of powers", one_step("{ id: s, uses: manual, with: { ask: x }, if: 9 ** 9 ** 9 ** 9 == nothing }"));
    add(
        "a hungry pattern",
        head("inputs: { a: { type: string, pattern: '^(((((a{1,1000}){1,1000}){1,1000}){1,1000}){1,1000})$' } }\n"),
    );
    add(
        "nested stars",
        head(&format!(
            "inputs: {{ a: {{ type: string, pattern: '{}a{}' }} }}\n",
            "(".repeat(5_000),
            ")*".repeat(5_000)
        )),
    );
    add("tags", head("vars: { a: !!python/object/apply:os.system [ls], b: !!binary aGk= }\n"));
    add("big numbers", head(&format!("vars: {{ a: {} }}\nrto: {}\n", "9".repeat(100_000), "1e999")));
    add("tabs", "\t".repeat(200_000));
    add("no text", String::new());
    add("a zero", "a: \u{0}\n".to_owned());
    add("a byte order mark in the middle", "version: 1\n\u{feff}name: x\n".to_owned());
    add("direction overrides", head("\u{202e}eman: x\n"));
    all.push(("no UTF-8", b"version: 1\nname: \xff\xfe\xfd\n".to_vec()));
    all.push(("an executable", std::fs::read(env!("CARGO_BIN_EXE_lifeboat")).unwrap()));
    all
}

/// The most memory that this process has had at once, in KiB, since it was last reset.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

/// What reading a file costs: time, memory, and whether it is refused.
fn cost(path: &std::path::Path) -> (Duration, u64, bool) {
    // Writing 5 resets the mark (Linux; elsewhere memory is not measured).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = peak_kb();
    let begun = Instant::now();
    let loaded = source::check_path(path);
    let time = begun.elapsed();
    let is_refused =
        loaded.runbook.is_none() || loaded.diagnostics.iter().any(|one| one.severity == source::Severity::Error);
    (time, peak_kb().saturating_sub(before), is_refused)
}

#[test]
fn suite_yaml() {
    let mut tally = Tally::of("hostile YAML: refused in time and memory", "documents");
    let home = Home::new();
    for (name, bytes) in documents() {
        tally.cases += 1;
        let path = home.write("hostile.yaml", bytes);
        // Told before it is tried, as the worst of them end the process.
        eprintln!("reading: {name}");
        let (time, kb, is_refused) = cost(std::path::Path::new(&path));
        if !is_refused {
            tally.violations.push(format!("{name}: accepted"));
        }
        if time > TIME || kb > MEMORY_KB {
            tally.violations.push(format!("{name}: {} ms, {kb} KiB", time.as_millis()));
        }
    }
    // A runbook is accepted, and what these limits are about shows in a parser without them.
    let sound = home.write("sound.yaml", one_step("{ id: s, uses: manual, with: { ask: x } }"));
    tally.control("what is sound", !cost(std::path::Path::new(&sound)).2);
    let laughs = format!(
        "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: [{}]\n",
        "x, ".repeat(9),
        "*a, ".repeat(9),
        "*b, ".repeat(9),
        "*c, ".repeat(9)
    );
    let plain: Result<serde_yaml::Value, _> = serde_yaml::from_str(&laughs);
    tally.control("the limits", plain.is_ok_and(|value| value.as_mapping().is_some_and(|map| map.len() == 4)));
    tally.close();
}

/// Each would do something to a terminal, and none may reach one.
const SEQUENCES: &[&str] = &[
    "\u{1b}[31;7777m",
    "\u{1b}[2J\u{1b}[7777H",
    "\u{1b}]0;evil7777\u{7}",
    "\u{1b}]52;c;ZXZpbDc3Nzc=\u{7}",
    "\u{1b}]8;;http://evil7777\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}P7777q\u{1b}\\",
    "\u{1b}_7777\u{1b}\\",
    "\u{1b}[7777n\u{1b}[c",
    "\u{1b}[?7777h",
    "\u{9b}7777m",
    "\u{9d}0;evil7777\u{9c}",
    "\u{85}7777\u{8d}",
    "done\rFAILED7777",
    "\u{8}\u{8}\u{7f}7777",
    "\u{202e}7777\u{202c}",
    "\u{2066}7777\u{2069}",
    "\u{200b}\u{200d}\u{feff}7777",
    "\u{e0041}\u{e0042}7777",
];

/// What of a text is a sequence, or the beginning of one, that came from outside.
fn leaks(text: &str) -> Vec<String> {
    let hostile = [
        '\u{9b}',
        '\u{9d}',
        '\u{9c}',
        '\u{85}',
        '\u{8d}',
        '\u{7f}',
        '\u{202e}',
        '\u{202c}',
        '\u{2066}',
        '\u{2069}',
        '\u{200b}',
        '\u{feff}',
        '\u{e0041}',
    ];
    let mut found: Vec<String> = hostile.iter().filter(|c| text.contains(**c)).map(|c| format!("{c:?}")).collect();
    let ours = text.replace("\u{1b}[22;0t", "").replace("\u{1b}[23;0t", "");
    for sequence in [
        "\u{1b}[31;7777",
        "\u{1b}[7777",
        "evil7777\u{7}",
        "\u{1b}]52;c;ZXZpbDc3Nzc",
        "\u{1b}]8;",
        "\u{1b}P",
        "\u{1b}_",
        "\u{1b}[?7777",
        "\rFAILED",
        "\u{8}",
    ] {
        if ours.contains(sequence) {
            found.push(format!("{sequence:?}"));
        }
    }
    found
}

/// A runbook and a world whose every text carries the sequences.
fn infected(sequence: &str) -> (String, String) {
    let quoted = serde_json::to_string(&format!("x{sequence}y")).unwrap();
    // YAML knows the escapes of JSON, but for characters beyond the first plane.
    let quoted: String = quoted
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c.to_string() } else { format!("\\U{:08X}", c as u32) })
        .collect();
    let runbook = head(&format!(
        "description: {quoted}
contacts: {{ one: {{ name: {quoted}, note: {quoted} }} }}
phases:
  - id: p
    title: {quoted}
    steps:
      - {{ id: ask, title: {quoted}, message: {quoted}, uses: manual, with: {{ ask: {quoted} }} }}
      - id: tool
        uses: exec
        with: {{ argv: [tool, {quoted}] }}
        reversible: true
        mfa: phase
        verify: [{{ expect: result.exit_code == 0, message: {quoted} }}]
        outputs: {{ said: \"${{{{ result.stdout }}}}\" }}
      - {{ id: last, uses: note, with: {{ text: {quoted} }} }}
"
    )) + "mfa: { method: totp }\n";
    let scenario = format!(
        "name: infected\nsummary: {quoted}\nworld: {{ exec: {{ tool: {{ exit_code: 0, stdout: {quoted}, stderr: {quoted} }} }} }}\n"
    );
    (runbook, scenario)
}

#[test]
fn suite_escapes() {
    let mut tally = Tally::of("escape sequences through YAML, answers, journal, exports", "outputs");
    for sequence in SEQUENCES {
        let home = Home::new();
        let (runbook, scenario) = infected(sequence);
        let (runbook, scenario) = (home.write("infected.yaml", runbook), home.write("scenario.yaml", scenario));
        let drill = ["drill", &runbook, "--scenario", &scenario, "--seed", "7", "--no-tui", "--yes", "--speed", "max"];
        let said = home.run(&drill);
        if said.code == 2 {
            // Refused as YAML: then the finding that quotes it must not pass it on.
            tally.cases += 1;
            tally
                .violations
                .extend(leaks(&said.stderr).into_iter().map(|leak| format!("{sequence:?}: finding: {leak}")));
            continue;
        }
        assert_eq!(said.code, 0, "{sequence:?}: {}", said.stderr);
        let note = format!("seen {sequence}");
        let verbs: &[&[&str]] = &[
            &["note", "last", &note],
            &["check", &runbook],
            &["plan", &runbook],
            &["status", "last"],
            &["status", "last", "--json"],
            &["timeline", "last"],
            &["timeline", "last", "--format", "csv"],
            &["timeline", "last", "--format", "json"],
            &["runs"],
            &["status", sequence],
            &["drill", &runbook, "--scenario", &scenario, "--no-tui", "--yes", "--speed", "max", "--json"],
        ];
        let mut outputs = vec![("drill".to_owned(), format!("{}{}", said.stdout, said.stderr))];
        for verb in verbs {
            let said = home.run(verb);
            outputs.push((verb.join(" "), format!("{}{}", said.stdout, said.stderr)));
        }
        outputs.push(("the screen".to_owned(), on_screen(&home, &runbook, &scenario)));
        for (verb, text) in outputs {
            tally.cases += 1;
            let found = leaks(&text);
            tally
                .violations
                .extend(found.into_iter().map(|leak| format!("{sequence:?}: {}: {leak}", &verb[..verb.len().min(30)])));
        }
    }
    let caught = SEQUENCES.iter().all(|sequence| !leaks(sequence).is_empty());
    tally.control("the filter", caught);
    tally.close();
}

/// Every byte that the run screen, its pages and a dialog write.
fn on_screen(home: &Home, runbook: &str, scenario: &str) -> String {
    let args = ["drill", runbook, "--scenario", scenario, "--seed", "7", "--speed", "max"];
    let mut terminal = Terminal::start(home, (120, 36), &args);
    terminal.wait_until("the gate", |screen| crate::operator::waits(screen).then_some(()));
    for key in ["t", "\u{1b}", "c", "\u{1b}", "?", "\u{1b}"] {
        let before = terminal.text();
        terminal.send(key);
        terminal.wait_until("another page", |screen| (screen != before).then_some(()));
    }
    let raw = terminal.raw();
    terminal.kill();
    raw
}
