//! Hostile text: documents that would eat time and memory, and sequences that would drive a terminal.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::Tally;
use crate::home::Home;
use crate::terminal::Terminal;

/// What one document may cost a process of its own, from its start to its end: time of the processor, as
/// the wall's says more about the machine, and memory, which the system itself does not give more of.
const CPU: Duration = Duration::from_millis(50);
const MEMORY_KB: u64 = 32 * 1024;
/// A build without optimisation takes its time.
const CPU_UNOPTIMISED: Duration = Duration::from_millis(500);
/// The least of so many tries: the others say what else the machine had to do.
const TRIES: usize = 3;
/// A clock tick, in which the system counts.
const TICK: Duration = Duration::from_millis(10);

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

/// A program, and what it may take: the optimised one where `.ci/faults` has built it.
struct Reader {
    program: String,
    cpu: Duration,
}

impl Reader {
    fn new() -> Self {
        match std::env::var("LIFEBOAT_RELEASE") {
            Ok(program) => Self { program, cpu: CPU },
            Err(_) => Self { program: env!("CARGO_BIN_EXE_lifeboat").to_owned(), cpu: CPU_UNOPTIMISED },
        }
    }

    fn check(&self, path: &str, memory_kb: u64) -> Cost {
        cost(&[&self.program, "check", path], memory_kb)
    }

    /// What is wrong with how this document was refused.
    fn fault(&self, path: &str, memory_kb: u64) -> Option<String> {
        let mut least = Duration::MAX;
        for _ in 0..TRIES {
            let cost = self.check(path, memory_kb);
            match cost.code {
                Some(2) => least = least.min(cost.cpu),
                Some(0) => return Some("accepted".to_owned()),
                // Out of memory, a panic, no stack left.
                other => return Some(format!("the process ended with {other:?} under {memory_kb} KiB")),
            }
            if least <= self.cpu {
                return None;
            }
        }
        Some(format!("{} ms of the processor", least.as_millis()))
    }
}

/// What a process took, and how it ended.
struct Cost {
    cpu: Duration,
    code: Option<i32>,
}

/// Runs a program that may have so much memory of its own. What it used is read when it has ended and
/// before it is buried.
fn cost(words: &[&str], memory_kb: u64) -> Cost {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let limit = format!("ulimit -d {memory_kb}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &limit, "sh"]).args(words);
    let mut child =
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    let fields: Vec<u32> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap()).collect())
        .unwrap_or_default();
    Cost { cpu: TICK * fields.iter().sum::<u32>(), code: child.wait().unwrap().code() }
}

#[test]
fn suite_yaml() {
    let mut tally = Tally::of("hostile YAML: refused within 50 ms and 32 MB", "documents");
    let (home, reader) = (Home::new(), Reader::new());
    if reader.cpu == CPU_UNOPTIMISED {
        tally.suite = "hostile YAML, unoptimised: refused within 500 ms and 32 MB";
    }
    for (name, bytes) in documents() {
        tally.cases += 1;
        let path = home.write("hostile.yaml", bytes);
        let fault = reader.fault(&path, MEMORY_KB);
        tally.violations.extend(fault.map(|fault| format!("{name}: {fault}")));
    }
    // A runbook is accepted, and what these limits are about shows in a parser without them.
    let sound = home.write("sound.yaml", one_step("{ id: s, uses: manual, with: { ask: x } }"));
    tally.control("what is sound", reader.check(&sound, MEMORY_KB).code == Some(0));
    let laughs = format!(
        "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: [{}]\n",
        "x, ".repeat(9),
        "*a, ".repeat(9),
        "*b, ".repeat(9),
        "*c, ".repeat(9)
    );
    let plain: Result<serde_yaml::Value, _> = serde_yaml::from_str(&laughs);
    tally.control("the limits", plain.is_ok_and(|value| value.as_mapping().is_some_and(|map| map.len() == 4)));
    // Whoever needs more memory, or more time, is seen.
    let small = home.write("small.yaml", "- ");
    tally.control("enough memory", reader.fault(&small, 64).is_some());
    let slow = cost(&["sh", "-c", "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"], MEMORY_KB);
    tally.control("enough time", slow.cpu > CPU);
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
