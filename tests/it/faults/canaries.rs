//! Secrets that nobody may ever see again: planted wherever one can be, in runs that print, fail, are
//! resumed, exported and shown; then every file and every byte that came out is searched, in every
//! form that a program gives to a value.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use lifeboat::mfa::LocalDevices;

use super::Tally;
use crate::home::{Home, Said};
use crate::terminal::{ENTER, Terminal};

const SIZE: (u16, u16) = (120, 36);

/// By name. Letters that JSON, addresses and forms write in their own ways are among them.
const CANARIES: [(&str, &str); 6] = [
    ("a variable", "CaNaRy1/tok+en=\"quoted\" x"),
    ("a file", "CaNaRy2~p&ss%word"),
    ("the AWS secret key", "CaNaRy3/AbCdEfGhIjKlMnOpQrStUvWxYz0123456"),
    ("the AWS session token", "CaNaRy4//IQoJb3JpZ2luX2VjEAAaCXVzLWVhc3QtMSJ+=="),
    ("a proxy's password", "CaNaRy5proxyword"),
    ("what a person typed", "CaNaRy6 from the safe"),
];

/// Prints everything it knows, in every way it knows, one secret in pieces and one across the bound
/// of what is kept in an answer.
const SAY: &str = r#"
ulimit -c | sed 's/^/core limit /'
for value in "$T" "$K" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" "${HTTPS_PROXY#*:*:}"; do
  echo "plain $value"
  printf '%s' "$value" | base64 -w0; echo
  printf 'user:%s' "$value" | base64 -w0; echo
  printf 'me:%s@x' "$value" | base64 -w0 | tr '+/' '-_'; echo
  printf '%s' "$value" | od -An -v -tx1 | tr -d ' \n'; echo
  printf '%s' "$value" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%'; echo
  printf '%s' "$value" | sed 's/"/\\"/g; s/^/{"a":"/; s/$/"}/'; echo
done
printf '%s' "$T" | fold -w1 | while IFS= read -r letter || [ -n "$letter" ]; do printf '%s' "$letter"; done; echo
head -c 16360 /dev/zero | tr '\0' x; echo "$T$T$K"
echo "$T" >&2
"#;

fn runbook(url: &str, token: &str, key: &str) -> String {
    let is_told = token.starts_with("secret:");
    let declared =
        if is_told { "secrets:\n  token: { env: CANARY_TOKEN }\n  key: { file: ~/canary_key }\n" } else { "" };
    format!(
        "version: 1
name: canaries
title: Canaries
inputs: {{ name: {{ default: main }} }}
{declared}phases:
  - id: all
    steps:
      - id: say
        uses: exec
        with: {{ argv: [sh, say.sh], env: {{ T: '{token}', K: '{key}' }} }}
        reversible: true
        verify: [{{ expect: result.exit_code == 0 }}]
        outputs: {{ said: \"${{{{ result.stdout }}}}\", first: \"${{{{ result.stderr }}}}\" }}
      - id: health
        uses: http/check
        with: {{ url: '{url}', headers: {{ Authorization: 'Bearer {token}', X-Key: '{key}' }} }}
        outputs: {{ body: \"${{{{ result.body }}}}\" }}
      - id: tell
        uses: note
        with: {{ text: \"${{{{ steps.say.outputs.first }}}} ${{{{ steps.health.outputs.body }}}}\" }}
      - id: fails
        uses: exec
        with: {{ argv: [sh, fails.sh, \"${{{{ steps.say.outputs.first }}}}\"], env: {{ T: '{token}' }} }}
        reversible: true
        verify: [{{ expect: result.exit_code == 0, message: It failed }}]
"
    )
}

/// Answers every request with the request.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/echo", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|count| count > 2) {}
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// One place to run in, and everything that came out of it so far.
struct Bench {
    home: Home,
    runbook: String,
    environment: Vec<(&'static str, String)>,
    outputs: Vec<(String, String)>,
    /// Of the operator's one-time device, base 32; it is in one file alone.
    seed: String,
    device: PathBuf,
}

fn canary(name: &str) -> &'static str {
    CANARIES.iter().find(|(known, _)| *known == name).unwrap().1
}

impl Bench {
    /// `is_told`: the runbook says that its secrets are secrets. Else the same values are there, and
    /// nobody knows what they are: the control.
    fn new(is_told: bool) -> Self {
        let home = Home::new();
        let (token, key) = if is_told { ("secret:token", "secret:key") } else { (PLAIN_TOKEN, PLAIN_KEY) };
        let runbook = home.write("canaries.yaml", runbook(&echo(), token, key));
        home.write("say.sh", SAY);
        home.write("fails.sh", "echo \"cannot use $T\" >&2; exit 3\n");
        let file = home.write("canary_key", format!("{}\n", canary("a file")));
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let proxy = format!("http://me:{}@127.0.0.1:9", canary("a proxy's password"));
        let mut environment =
            vec![("CANARY_TOKEN", canary("a variable").to_owned()), ("no_proxy", "127.0.0.1".to_owned())];
        if is_told {
            environment.extend([
                ("AWS_SECRET_ACCESS_KEY", canary("the AWS secret key").to_owned()),
                ("AWS_SESSION_TOKEN", canary("the AWS session token").to_owned()),
                ("HTTPS_PROXY", proxy),
            ]);
        }
        let seed = super::codes::enrol(home.path(), "alice", 1_767_495_600_000);
        let seed = totp_rs::Secret::from(seed).to_base32();
        let device = LocalDevices::new(home.path()).path("alice");
        Self { home, runbook, environment, outputs: Vec::new(), seed, device }
    }

    fn run(&mut self, args: &[&str]) -> Said {
        let said = self.home.run_in(args, &self.environment);
        let name = args.iter().take(4).copied().collect::<Vec<_>>().join(" ").replace(canary("a variable"), "…");
        self.outputs.push((name, format!("{}{}", said.stdout, said.stderr)));
        said
    }

    /// A run that fails, and all that can be asked about it.
    fn fail(&mut self) {
        let runbook = self.runbook.clone();
        let said = self.run(&["drill", &runbook, "--cloud", "aws", "--no-tui", "--yes", "--json"]);
        assert_ne!(said.code, 0, "{said:?}");
        assert!(said.stdout.contains("\"step\":\"fails\""), "it never came to the last step: {said:?}");
        self.run(&["note", "last", &format!("it was {}", canary("a variable"))]);
        self.ask();
    }

    fn ask(&mut self) {
        let (runbook, exported) = (self.runbook.clone(), self.home.path().join("story.md").display().to_string());
        let verbs: &[&[&str]] = &[
            &["status", "last"],
            &["status", "last", "--json"],
            &["runs"],
            &["runs", "--json"],
            &["verify", "last"],
            &["verify", "last", "--json"],
            &["timeline", "last"],
            &["timeline", "last", "--format", "csv"],
            &["timeline", "last", "--format", "json"],
            &["timeline", "last", "-o", &exported],
            &["plan", &runbook],
            &["plan", &runbook, "-o", "md"],
            &["plan", &runbook, "-o", "json"],
            &["check", &runbook],
            &["check", &runbook, "--json"],
            &["doctor"],
            &["man"],
            &["config", "path"],
            &["drill", &runbook, "--cloud", "aws", "-i", "name=main", "--no-tui"],
        ];
        for verb in verbs {
            self.run(verb);
        }
        let input = format!("name=x{}", canary("a file"));
        let said = self.run(&["drill", &runbook, "--no-tui", "--yes", "-i", &input]);
        // Only where it is known to be a secret can it be refused.
        self.outputs.last_mut().unwrap().0 = format!("an input with a secret in it ({})", said.code);
    }

    /// The screen that goes on with the run, and its pages.
    fn look(&mut self) {
        let mut terminal = Terminal::start_in(&self.home, SIZE, &["resume", "last"], &self.environment);
        terminal.wait_for("Enter begin");
        terminal.wait_until("a screen that listens", |screen| (!screen.contains("a moment")).then_some(()));
        terminal.send(ENTER);
        terminal.wait_for("Enter decide what now");
        for key in ["t", "\u{1b}", "?", "\u{1b}"] {
            let before = terminal.text();
            terminal.send(key);
            terminal.wait_until("another page", |screen| (screen != before).then_some(()));
        }
        self.outputs.push(("the screen".to_owned(), terminal.raw()));
        terminal.kill();
    }

    /// Everything found, by canary, form and place.
    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut search = |place: &str, bytes: &[u8]| {
            for (name, value) in CANARIES.into_iter().chain([("the one-time device", self.seed.as_str())]) {
                for (form, needle) in forms(value) {
                    if memchr::memmem::find(bytes, needle.as_bytes()).is_some() {
                        found.push(format!("{name}, {form}, in {place}"));
                    }
                }
            }
        };
        self.outputs.iter().for_each(|(name, text)| search(name, text.as_bytes()));
        each_file(self.home.path(), &mut |path| {
            let name = path.strip_prefix(self.home.path()).unwrap().display().to_string();
            if name != "canary_key" && path != self.device {
                search(&name, &std::fs::read(path).unwrap_or_default());
            }
        });
        found
    }
}

/// The first two of them, as they stand in a runbook that does not say that they are secrets.
const PLAIN_TOKEN: &str = "CaNaRy1/tok+en=\"quoted\" x";
const PLAIN_KEY: &str = "CaNaRy2~p&ss%word";

fn each_file(dir: &Path, take: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        // A pipe or a socket holds nothing.
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => each_file(&entry.path(), take),
            kind if kind.is_file() => take(&entry.path()),
            _ => {}
        }
    }
}

/// The forms that are looked for: made here by other means than those of the program.
fn forms(value: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(value).unwrap();
    let percent = |upper: bool| -> String {
        value
            .bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
                byte if upper => format!("%{byte:02X}"),
                byte => format!("%{byte:02x}"),
            })
            .collect()
    };
    let mut forms = vec![
        ("as it is", value.to_owned()),
        ("in JSON", quoted[1..quoted.len() - 1].to_owned()),
        ("percent-encoded", percent(true)),
        ("percent-encoded in small letters", percent(false)),
        ("in hex", hex::encode(value)),
        ("in capital hex", hex::encode_upper(value)),
        // A piece is too much as well.
        ("in part", value[..value.len() - 4].to_owned()),
    ];
    for shift in 0..3 {
        // Whole groups of the value itself, whatever stands before it.
        let start = (3 - shift) % 3;
        let groups = (value.len() - start) / 3 * 3;
        let coded = base64(&value.as_bytes()[start..start + groups]);
        forms.push(("in base64", coded.clone()));
        forms.push(("in base64 for addresses", coded.replace('+', "-").replace('/', "_")));
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(6).map(|six| letters[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))]).collect()
}

#[test]
fn suite_secret_canaries() {
    let mut tally = Tally::of("secret canaries: journal, files, screens, exports, errors", "outputs");
    let mut bench = Bench::new(true);
    bench.fail();
    let kept = kept_output(&bench.home);
    if !kept.contains("core limit 0") {
        tally.violations.push("a program may leave a core dump".to_owned());
    }
    bench.look();
    bench.home.write("fails.sh", "echo \"used $T\"; exit 0\n");
    let said = bench.run(&["resume", "last", "--no-tui", "--yes", "--json"]);
    if said.code != 0 {
        // A failed step waits for a decision, which nobody takes here: then it stays failed.
        assert_eq!(said.code, 5, "{said:?}");
    }
    bench.ask();
    typed(&mut bench);
    tally.cases += bench.outputs.len() as u64;
    each_file(bench.home.path(), &mut |_| tally.cases += 1);
    tally.violations.extend(bench.found());
    // What was hidden had been there.
    for sign in ["plain ••••", "authorization: Bearer ••••"] {
        let journal = std::fs::read_to_string(bench.home.runs()[0].join("journal.jsonl")).unwrap();
        if !journal.contains(sign) && !kept.contains(sign) {
            tally.violations.push(format!("`{sign}` is nowhere: nothing was printed, so nothing was shown"));
        }
    }
    control(&mut tally);
    tally.close();
}

/// A secret that the person types: not seen as it is typed, and nowhere afterwards.
fn typed(bench: &mut Bench) {
    let text = "version: 1\nname: asks\nsecrets: { safe: { help: From the safe } }\nphases:\n  - id: p\n    steps:\n      - { id: s, uses: exec, reversible: true, with: { argv: [\"true\"], env: { T: 'secret:safe' } } }\n";
    let runbook = bench.home.write("asks.yaml", text);
    let args = ["drill", &runbook, "--cloud", "aws"];
    let mut terminal = Terminal::start_in(&bench.home, SIZE, &args, &bench.environment);
    terminal.wait_for("The secret `safe` (From the safe):");
    terminal.send(canary("what a person typed"));
    terminal.send(ENTER);
    terminal.wait_for("Enter begin");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", terminal.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{limits}");
    bench.outputs.push(("the question".to_owned(), terminal.raw()));
    terminal.kill();
}

/// What programs printed, as it is kept.
fn kept_output(home: &Home) -> String {
    let mut all = String::new();
    each_file(home.path(), &mut |path| {
        if path.file_name().is_some_and(|name| name == "stdout" || name == "stderr") {
            std::fs::File::open(path).unwrap().read_to_string(&mut all).unwrap();
        }
    });
    all
}

/// The same run where nobody said that these are secrets: then they are everywhere.
fn control(tally: &mut Tally) {
    let mut bench = Bench::new(false);
    bench.fail();
    let found = bench.found();
    let is_in = |place: &str, form: &str| found.iter().any(|one| one.contains(place) && one.contains(form));
    tally.control("redaction of the journal", is_in("journal.jsonl", "in JSON"));
    tally
        .control("redaction of what is kept of a program", is_in("/stdout", "in base64") && is_in("/stdout", "in hex"));
    tally.control("redaction of exports", is_in("timeline last", "as it is"));
    tally.control("redaction of --json", is_in("drill ", "in JSON"));
    tally.control("redaction of the plan", is_in("plan ", "as it is"));
}
