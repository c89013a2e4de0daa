//! Approvals: given by the right person for this very attempt, with a code that counts once, or not at
//! all. Said to the hatch of a run in every wrong way, and once in the right one.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use lifeboat::engine::command::Command;
use lifeboat::engine::ports::{Clock as _, MfaDevices};
use lifeboat::journal::Record;
use lifeboat::mfa::{DrillAuthenticator, LocalDevices, totp};
use lifeboat::model::event::{Event, MfaProof, Purpose};
use serde_json::{Value, json};

use super::Tally;
use super::codes::enrol;
use super::hatch::{Cranked, Gullible, Post, Visitor};
use super::second;

/// Those who may approve a step of this runbook, but for whoever drives.
const APPROVERS: [&str; 2] = ["bob", "carol"];

/// Sends that were not approved as they have to be, and approvals that must not be there.
fn unapproved(records: &[Record]) -> Vec<String> {
    let mut found = Vec::new();
    let mut given: BTreeMap<(&str, u32), Vec<(&str, i64)>> = BTreeMap::new();
    let (mut confirmed, mut codes, mut drivers) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::from(["alice"]));
    for record in records {
        let mut use_up = |proof: &MfaProof| {
            let is_new = codes.insert((proof.by.clone(), proof.counter));
            (!is_new).then(|| format!("a code of {} counted twice", proof.by))
        };
        match &record.ev {
            Event::RunResumed { operator, .. } => drivers = BTreeSet::from(["alice", operator.as_str()]),
            Event::MfaVerified { proof, .. } => found.extend(use_up(proof)),
            Event::ApprovalGranted { step, attempt, by, digest, expires_ms, proof, from, .. } => {
                found.extend(use_up(proof));
                if !APPROVERS.contains(&by.as_str()) || drivers.contains(by.as_str()) || proof.by != *by {
                    found.push(format!("{by} approved {step}"));
                }
                if from.as_ref().is_none_or(|from| from.host.is_empty()) {
                    found.push(format!("nobody knows where {step} was approved"));
                }
                given.entry((step, *attempt)).or_default().push((digest, *expires_ms));
            }
            Event::StepConfirmed { step, attempt, .. } => {
                confirmed.insert((step.as_str(), *attempt), record.wall_ms);
            }
            Event::ActionRequested { ticket, digest, .. } if ticket.purpose == Purpose::Action => {
                let key = (ticket.step.as_str(), ticket.attempt);
                let at_ms = confirmed.get(&key).copied().unwrap_or(i64::MAX);
                let counts = |(of, until_ms): &&(&str, i64)| *of == digest && *until_ms > at_ms;
                if ticket.step != "free" && !given.get(&key).is_some_and(|all| all.iter().any(|one| counts(&one))) {
                    found.push(format!("{} went out in attempt {} unapproved", ticket.step, ticket.attempt));
                }
            }
            _ => {}
        }
    }
    found
}

fn is_refused(answer: Option<&Value>) -> bool {
    answer.is_none_or(|answer| answer["answer"] == "refused")
}

/// One run, and the devices of its people.
struct Scene {
    post: Post,
    devices: DrillAuthenticator,
}

impl Scene {
    fn code(&self, person: &str) -> String {
        self.devices.practice_code(person, self.post.clock.now_ms()).unwrap().0
    }

    fn shown(&self, step: &str) -> (u32, String) {
        let gate = self.post.gate(step).unwrap();
        (gate.attempt, gate.digest)
    }

    /// A case in which nothing may come of what was said.
    fn refuses(&self, tally: &mut Tally, what: &str, answer: Option<&Value>) {
        let before = self.post.granted();
        tally.cases += 1;
        if !is_refused(answer) {
            tally.violations.push(format!("{what} was answered {answer:?}"));
        }
        if self.post.granted() != before || before > 0 && what.starts_with("forged") {
            tally.violations.push(format!("{what} left an approval behind"));
        }
    }
}

/// Everything that nobody honest says.
fn forged(tally: &mut Tally, scene: &Scene) {
    let dir = &scene.post.dir;
    let ((attempt, digest), code) = (scene.shown("one"), scene.code("bob"));
    let approve = json!({"ask": "approve", "v": 1, "attempt": attempt, "digest": digest, "code": code});
    let with = |name: &str, value: Value| {
        let mut said = approve.clone();
        said[name] = value;
        said.to_string()
    };
    let long = "x".repeat(5_000);
    let nonsense = ["", "null", "{}", "[]", "0", "\u{0}\u{0}", "{\"ask\":\"approve\"}", &long];
    let unseen = [approve.to_string(), with("step", "one".into()), with("by", "bob".into()), with("v", 2.into())];
    for said in nonsense.into_iter().chain(unseen.iter().map(String::as_str)) {
        let answer = Visitor::at(dir).say(said);
        scene.refuses(tally, &format!("forged {said:.60}"), answer.as_ref());
    }
    for (step, by) in [
        ("one", "alice"),
        ("one", "eve"),
        ("one", "dave"),
        ("one", "BOB"),
        ("one", "bob "),
        ("one", ""),
        ("nope", "bob"),
        ("free", "bob"),
        ("", "bob"),
    ] {
        let answer = Visitor::approves(dir, step, by, &code);
        scene.refuses(tally, &format!("forged {by} at {step}"), Some(&answer));
    }
    // Shown, and then something else is said. Three wrong codes in a window lock it, so time passes.
    let (carol, old) = (scene.code("carol"), scene.devices.practice_code("bob", scene.post.clock.now_ms() - 600_000));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for (attempt, digest, code) in [
        (attempt + 1, digest.as_str(), code.as_str()),
        (0, &digest, &code),
        (attempt, "sha256:00", &code),
        (attempt, "", &code),
        (attempt, &digest, ""),
        (attempt, &digest, wrong),
        (attempt, &digest, &carol),
        (attempt, &digest, &old.unwrap().0),
        (attempt, &digest, &format!(" {code}")),
        (attempt, &digest, &format!("{code}0")),
    ] {
        let mut visitor = Visitor::at(dir);
        let sheet = visitor.look("one", "bob");
        if sheet.is_none_or(|sheet| sheet["answer"] != "sheet") {
            tally.violations.push("nothing is shown to bob".to_owned());
        }
        let answer = visitor.approve((attempt, digest), code);
        scene.refuses(tally, &format!("forged {attempt} {digest:.12} {code}"), answer.as_ref());
        scene.post.clock.pass_s(31);
    }
}

/// Three wrong codes in a row: the right one is not looked at before the next window.
fn guessed(tally: &mut Tally, scene: &Scene) {
    let dir = &scene.post.dir;
    let code = scene.code("bob");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for code in [wrong, wrong, wrong, &code] {
        let answer = Visitor::approves(dir, "one", "bob", code);
        scene.refuses(tally, "forged guess", Some(&answer));
    }
    scene.post.clock.pass_s(31);
}

/// The right way; then the same code again, for another step and in another process.
fn replayed(tally: &mut Tally, scene: &Scene) {
    let dir = &scene.post.dir;
    let code = scene.code("bob");
    let answer = Visitor::approves(dir, "one", "bob", &code);
    // The control: what has to count, does, and is seen by the same count.
    tally.control("what is wrong with the words", answer["answer"] == "granted" && scene.post.granted() == 1);
    for step in ["one", "two", "three"] {
        let again = Visitor::approves(dir, step, "bob", &code);
        scene.refuses(tally, &format!("the same code again at {step}"), Some(&again));
    }
    tally.cases += 1;
    let granted = &scene.post.approvals("one").granted;
    if granted.iter().any(|one| one.from.as_ref().is_none_or(|from| !from.contains("uid"))) || granted.len() != 1 {
        tally.violations.push(format!("the screen does not say who approved from where: {granted:?}"));
    }
}

/// An attempt fails: its approval is gone with it.
fn another_attempt(tally: &mut Tally, scene: &Scene) {
    let post = &scene.post;
    let mut early = Visitor::at(&post.dir);
    tally.cases += 3;
    // Carol looks at the first attempt and takes her time.
    if is_refused(early.look("one", "carol").as_ref()) {
        tally.violations.push("carol is shown nothing".to_owned());
    }
    let (attempt, digest) = scene.shown("one");
    if let Err(refusal) = post.run("one", &scene.code("alice")) {
        tally.violations.push(format!("the approved step does not run: {refusal}"));
    }
    post.wait_until("one", |gate| gate.is_none());
    while post.ask(Command::Retry { step: "one".to_owned() }).is_err() {
        std::thread::yield_now();
    }
    post.wait_until("one", |gate| gate.is_some_and(|gate| gate.attempt == 2));
    let approvals = post.approvals("one");
    if !approvals.granted.is_empty() || approvals.lapsed.first().is_none_or(|one| !one.why.contains("attempt 1")) {
        tally.violations.push(format!("the approval of attempt 1 is not told as gone: {approvals:?}"));
    }
    post.clock.pass_s(60);
    if post.run("one", &scene.code("alice")).is_ok() {
        tally.violations.push("attempt 2 ran on the approval of attempt 1".to_owned());
    }
    let late = early.approve((attempt, &digest), &scene.code("carol"));
    scene.refuses(tally, "the approval of an attempt that is gone", late.as_ref());
    let answer = Visitor::approves(&post.dir, "one", "carol", &scene.code("carol"));
    if is_refused(Some(&answer)) || post.run("one", &scene.code("alice")).is_err() {
        tally.violations.push(format!("attempt 2 does not run once it is approved: {answer}"));
    }
}

/// Time passes: an approval counts until it expires.
fn expired(tally: &mut Tally, scene: &Scene) {
    let post = &scene.post;
    post.clock.pass_s(60);
    tally.cases += 3;
    let answer = Visitor::approves(&post.dir, "two", "bob", &scene.code("bob"));
    post.clock.pass_s(15 * 60);
    if is_refused(Some(&answer)) || post.run("two", &scene.code("alice")).is_ok() {
        tally.violations.push(format!("the step ran after its approval expired: {answer}"));
    }
    post.wait_until("two", |gate| {
        let approvals = gate.unwrap().approvals.unwrap();
        approvals.granted.is_empty() && approvals.lapsed.iter().any(|one| one.why.contains("expired at"))
    });
    let answer = Visitor::approves(&post.dir, "two", "bob", &scene.code("bob"));
    post.clock.pass_s(15 * 60 - 1);
    if is_refused(Some(&answer)) || post.run("two", &scene.code("alice")).is_err() {
        tally.violations.push(format!("the step does not run while its approval counts: {answer}"));
    }
}

/// Another process: a code that counted is used up there too, and whoever drives there approves nothing.
fn restarted(tally: &mut Tally, scene: Scene) -> Scene {
    let Scene { post, devices } = scene;
    post.clock.pass_s(60);
    let used = devices.practice_code("carol", post.clock.now_ms()).unwrap().0;
    let answer = Visitor::approves(&post.dir, "three", "carol", &used);
    tally.cases += 3;
    if is_refused(Some(&answer)) {
        tally.violations.push(format!("carol cannot approve: {answer}"));
    }
    let (dir, clock) = (post.dir.clone(), Arc::clone(&post.clock));
    post.end();
    if dir.join(lifeboat::hatch::SOCKET).exists() {
        tally.violations.push("the socket is left behind".to_owned());
    }
    // As a process leaves it that is killed.
    drop(UnixListener::bind(dir.join(lifeboat::hatch::SOCKET)).unwrap());
    clock.pass_s(1);
    let post = Post::resume(&dir, &clock, Arc::new(devices.clone()), "carol");
    let scene = Scene { post, devices };
    let mode = std::fs::symlink_metadata(dir.join(lifeboat::hatch::SOCKET)).unwrap().permissions().mode() & 0o777;
    if mode != 0o600 {
        tally.violations.push(format!("the socket is open to others: {mode:o}"));
    }
    // Carol drives now: what she approved before counts no more, and she approves nothing.
    if scene.post.run("three", &scene.code("alice")).is_ok() {
        tally.violations.push("who drives has approved".to_owned());
    }
    let own = Visitor::approves(&dir, "three", "carol", &scene.code("carol"));
    scene.refuses(tally, "an approval by who drives", Some(&own));
    let Scene { post, devices } = scene;
    post.end();
    let post = Post::resume(&dir, &clock, Arc::new(devices.clone()), "alice");
    let scene = Scene { post, devices };
    scene.post.wait_until("three", |gate| gate.is_some());
    let replay = Visitor::approves(&dir, "three", "carol", &used);
    scene.refuses(tally, "a code of the process before", Some(&replay));
    scene
}

/// Devices of this machine: a code used in one run is used up for every other.
fn two_runs(tally: &mut Tally, place: &Path) {
    let clock = Arc::new(Cranked::new());
    let (one, two, state) = (place.join("one"), place.join("two"), place.join("state"));
    std::fs::create_dir_all(&state).unwrap();
    let secret = enrol(&state, "bob", clock.now_ms() - 120_000);
    let devices = || Arc::new(LocalDevices::new(&state).on_run_time()) as Arc<dyn MfaDevices>;
    let file = LocalDevices::new(&state).path("bob");
    let unused = std::fs::read(&file).unwrap();
    let code = totp::code_at(&secret, totp::counter_at(clock.now_ms()));
    let first = Post::begin(&one, &clock, devices());
    let answer = Visitor::approves(&first.dir, "one", "bob", &code);
    let second = Post::begin(&two, &clock, devices());
    tally.cases += 2;
    let replay = Visitor::approves(&second.dir, "one", "bob", &code);
    if is_refused(Some(&answer)) || !is_refused(Some(&replay)) || second.granted() > 0 {
        tally.violations.push(format!("a code in two runs: {answer}, {replay}"));
    }
    // The control: a device that has forgotten takes it once more.
    std::fs::write(&file, unused).unwrap();
    clock.pass_s(0);
    let forgotten = Visitor::approves(&second.dir, "two", "bob", &code);
    tally.control("the memory of the device", forgotten["answer"] == "granted");
    first.end();
    second.end();
}

/// The controls: each takes one thing away from a run that was as it should be, and is noticed.
fn controls(tally: &mut Tally, place: &Path, records: &[Record]) {
    let post = Post::begin(&place.join("gullible"), &Arc::new(Cranked::new()), Arc::new(Gullible::default()));
    let answer = Visitor::approves(&post.dir, "one", "bob", "000000");
    tally.control("the check of the code", !is_refused(Some(&answer)) && post.granted() == 1);
    post.end();
    let changed = |change: &dyn Fn(&mut Event)| {
        let mut records = records.to_vec();
        for record in &mut records {
            change(&mut record.ev);
        }
        !unapproved(&records).is_empty()
    };
    let of_approvals = |change: fn(&mut u32, &mut String, &mut String, &mut i64)| {
        changed(&|event| {
            if let Event::ApprovalGranted { attempt, by, digest, expires_ms, .. } = event {
                change(attempt, by, digest, expires_ms);
            }
        })
    };
    tally.control("the attempt", of_approvals(|attempt, _, _, _| *attempt += 7));
    tally.control("the person", of_approvals(|_, by, _, _| "alice".clone_into(by)));
    tally.control("the digest", of_approvals(|_, _, digest, _| "sha256:00".clone_into(digest)));
    tally.control("the expiry", of_approvals(|_, _, _, expires_ms| *expires_ms = 0));
    tally.control(
        "the single use of a code",
        changed(&|event| {
            if let Event::ApprovalGranted { proof, .. } = event {
                proof.counter = Some(1);
            }
        }),
    );
    tally.control(
        "the place",
        changed(&|event| {
            if let Event::ApprovalGranted { from, .. } = event {
                *from = None;
            }
        }),
    );
}

#[test]
fn suite_approvals() {
    let mut tally = Tally::of("approvals from another terminal: forged, replayed, expired", "attempts");
    let place = tempfile::tempdir().unwrap();
    let devices = DrillAuthenticator::new(7, Vec::new());
    let post = Post::begin(place.path(), &Arc::new(Cranked::new()), Arc::new(devices.clone()));
    let scene = Scene { post, devices };
    forged(&mut tally, &scene);
    guessed(&mut tally, &scene);
    replayed(&mut tally, &scene);
    another_attempt(&mut tally, &scene);
    expired(&mut tally, &scene);
    let scene = restarted(&mut tally, scene);
    let records = scene.post.records();
    tally.violations.extend(unapproved(&records));
    if scene.post.sent() != 3 {
        tally.violations.push(format!("{} sends", scene.post.sent()));
    }
    scene.post.end();
    two_runs(&mut tally, place.path());
    controls(&mut tally, place.path(), &records);
    second::at_two_terminals(&mut tally);
    tally.close();
}
