//! What an auditor is handed: bundles that verify anywhere and show every change, signed heads.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

use lifeboat::engine::ports::Journal as _;
use lifeboat::journal::{Clocks, FileJournal};
use lifeboat::model::event::{Event, Purpose, RunHeader, Ticket};
use lifeboat::report::bundle::{self, Members};
use serde_json::{Value, json};

use crate::home::Home;

/// A drill, and its bundle.
fn drilled() -> (Home, String) {
    let home = Home::new();
    let said = home.run(&["drill", "regional_failover", "--seed", "7", "--speed", "max", "--no-tui", "--yes"]);
    assert!([0, 3].contains(&said.code), "{said:?}");
    let file = home.path().join("evidence.tar").display().to_string();
    (home, file)
}

fn exported() -> (Home, String, Vec<u8>) {
    let (home, file) = drilled();
    let said = home.run(&["export", "last", "--bundle", &file]);
    assert_eq!(said.code, 0, "{said:?}");
    let bytes = std::fs::read(&file).unwrap();
    (home, file, bytes)
}

/// The members of a bundle, read by another reader than ours.
fn members(bytes: &[u8]) -> (String, Members) {
    let (mut top, mut found) = (String::new(), Members::new());
    for entry in tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let (folder, path) = path.split_once('/').unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        folder.clone_into(&mut top);
        found.insert(path.to_owned(), content);
    }
    (top, found)
}

fn packed(top: &str, members: &Members) -> Vec<u8> {
    bundle::pack(top, members.iter().map(|(path, bytes)| (path, bytes.as_slice())), Vec::new()).unwrap()
}

/// With a list of digests that fits again, as somebody would make it who knows what he is doing.
fn with_new_manifest(mut members: Members) -> Members {
    members.remove("MANIFEST");
    let line = |(path, bytes): (&String, &Vec<u8>)| format!("{}  {path}\n", lifeboat::model::digest::sha256_hex(bytes));
    let list: String = members.iter().map(line).collect();
    members.insert("MANIFEST".to_owned(), list.into_bytes());
    members
}

fn faults(bytes: &[u8]) -> String {
    match bundle::check(bytes) {
        Ok(_) => String::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

#[test]
fn a_bundle_verifies_where_nothing_else_is_known() {
    let (home, file, bytes) = exported();
    let again = home.path().join("again.tar").display().to_string();
    assert_eq!(home.run(&["export", "last", "--bundle", &again]).code, 0);
    assert_eq!(std::fs::read(&again).unwrap(), bytes, "the same journal makes the same bytes");

    let elsewhere = Home::new();
    let copy = elsewhere.write("handed-over.tar", &bytes);
    let said = elsewhere.run(&["verify", &copy]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("chain whole, head sha256:"), "{said:?}");
    assert!(said.stderr.contains("byte for byte"), "{said:?}");
    let told = elsewhere.run(&["verify", &copy, "--json"]).json();
    let kept = home.run(&["verify", "last", "--json"]).json();
    for member in ["run", "records", "head", "intact"] {
        assert_eq!(told[member], kept[member], "{member}");
    }
    assert_eq!(told["bundle"]["exports"], "same");

    let (_, found) = members(&bytes);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    for name in ["MANIFEST", "README.md", "bundle.json", "exports/timeline.md", "exports/timeline.csv", "journal.jsonl"]
    {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    assert_eq!(found["journal.jsonl"], std::fs::read(home.last_run().join("journal.jsonl")).unwrap());
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/regional_failover.yaml");
    assert_eq!(found["runbook/1-regional_failover.yaml"], std::fs::read(shipped).unwrap());
    // A bare journal needs nothing either.
    let journal = elsewhere.write("copy.jsonl", &found["journal.jsonl"]);
    assert_eq!(elsewhere.run(&["verify", &journal, "--json"]).json()["head"], kept["head"]);
    assert!(elsewhere.runs().is_empty());
    drop(file);
}

#[test]
fn the_bundle_can_be_checked_by_hand_as_its_readme_says() {
    let (home, file, bytes) = exported();
    let run = |program: &str, args: &[&str], dir: &Path| {
        let output = Command::new(program).args(args).current_dir(dir).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(run("tar", &["xf", &file], home.path()).0);
    let (top, found) = members(&bytes);
    let dir = home.path().join(top);
    let (ok, told) = run("sha256sum", &["--strict", "-c", "MANIFEST"], &dir);
    assert!(ok && told.lines().count() == found.len() - 1, "{told}");
    let readme = String::from_utf8(found["README.md"].clone()).unwrap();
    let script = readme.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let (ok, told) = run("python3", &["-c", script], &dir);
    let head = home.run(&["verify", "last", "--json"]).json()["head"].as_str().unwrap().to_owned();
    assert!(ok && told.contains(&head), "{told}");
    // Negative control: the script sees a changed letter.
    let journal = dir.join("journal.jsonl");
    let changed = std::fs::read_to_string(&journal).unwrap().replacen("alice", "alicf", 1);
    std::fs::write(&journal, changed).unwrap();
    assert!(!run("python3", &["-c", script], &dir).0);
    assert!(!run("sha256sum", &["-c", "MANIFEST"], &dir).0);
}

#[test]
fn one_changed_byte_in_any_member_is_found_and_named() {
    let (home, file, bytes) = exported();
    let (top, whole) = members(&bytes);
    assert_eq!(faults(&bytes), "", "negative control: unchanged, it verifies");
    assert_eq!(
        faults(&packed(&top, &with_new_manifest(whole.clone()))),
        "",
        "negative control: so does one packed again"
    );
    for (path, content) in &whole {
        for at in [content.len() / 2, content.len() - 1] {
            let mut changed = whole.clone();
            changed.get_mut(path).unwrap()[at] ^= 1;
            let said = faults(&packed(&top, &changed));
            let named = said.contains(&format!("`{path}`")) || path == "MANIFEST";
            assert!(!said.is_empty() && named, "{path}, byte {at}: {said}");
            if path != "MANIFEST" {
                let said = faults(&packed(&top, &with_new_manifest(changed)));
                assert!(!said.is_empty(), "{path}, byte {at}, with digests that fit again");
            }
        }
        let mut without = whole.clone();
        without.remove(path);
        assert!(!faults(&packed(&top, &without)).is_empty(), "{path} taken out");
        if path != "MANIFEST" {
            assert!(!faults(&packed(&top, &with_new_manifest(without))).is_empty(), "{path} taken out everywhere");
        }
    }
    for added in ["exports/extra.md", "out/9999.json", "runbook/9-x.yaml", "signatures/1.txt", "notes.txt"] {
        let mut more = whole.clone();
        more.insert(added.to_owned(), b"x\n".to_vec());
        let said = faults(&packed(&top, &with_new_manifest(more)));
        assert!(said.contains(added), "{added}: {said}");
    }
    let renamed = packed("lifeboat-01K9AAAAAAAAAAAAAAAAAAAAAA", &whole);
    assert!(faults(&renamed).contains("its folder is"), "{}", faults(&renamed));
    // The command says the same.
    let mut changed = bytes.clone();
    let at = bytes.len() / 2;
    changed[at] ^= 1;
    std::fs::write(&file, &changed).unwrap();
    let said = home.run(&["verify", &file]);
    assert!(said.code == 8 && said.stderr.contains("not what was recorded"), "{said:?}");
    assert_eq!(home.run(&["verify", &file, "--json"]).json()["intact"], false);
}

#[test]
fn bytes_all_over_the_file_are_each_found() {
    let (_home, _file, bytes) = exported();
    let mut changed = bytes.clone();
    // A prime step: every kind of place is met, headers and padding too.
    let step = (bytes.len() / 60) | 1;
    for at in (0..bytes.len()).step_by(step) {
        changed[at] ^= 0x20;
        assert!(bundle::check(&changed).is_err(), "byte {at} of {}", bytes.len());
        changed[at] ^= 0x20;
    }
    for cut in (0..bytes.len()).step_by((step * 7) | 1) {
        assert!(bundle::check(&bytes[..cut]).is_err(), "cut to {cut}");
    }
    assert!(bundle::check(&changed).is_ok(), "negative control");
}

#[test]
fn another_versions_bundle_is_checked_without_making_its_exports_again() {
    let (home, file, bytes) = exported();
    let (top, mut older) = members(&bytes);
    let facts = String::from_utf8(older["bundle.json"].clone()).unwrap();
    let tool = concat!("lifeboat ", env!("CARGO_PKG_VERSION"));
    older.insert("bundle.json".to_owned(), facts.replace(tool, "lifeboat 0.0.9").into_bytes());
    older.insert("exports/timeline.md".to_owned(), b"as it was worded then".to_vec());
    std::fs::write(&file, packed(&top, &with_new_manifest(older.clone()))).unwrap();
    let said = home.run(&["verify", &file]);
    assert!(said.code == 0 && said.stderr.contains("lifeboat 0.0.9 made the exports"), "{said:?}");
    assert_eq!(home.run(&["verify", &file, "--json"]).json()["bundle"]["exports"], "other_version");
    // The runbook and the facts are held against the journal all the same.
    for (path, from, to) in
        [("runbook/1-regional_failover.yaml", "version", "wersion"), ("bundle.json", "drill", "real")]
    {
        let mut changed = older.clone();
        let text = String::from_utf8(changed[path].clone()).unwrap();
        changed.insert(path.to_owned(), text.replacen(from, to, 1).into_bytes());
        assert!(faults(&packed(&top, &with_new_manifest(changed))).contains(path), "{path}");
    }
}

#[test]
fn what_did_not_fit_into_a_record_comes_along() {
    let (home, file) = drilled();
    let (mut journal, records) = FileJournal::open(&home.last_run(), "alice", Clocks::Virtual).unwrap();
    let at_ms = records.last().unwrap().at_ms;
    let text = "a long story ".repeat(10_000);
    let note = Event::NoteAdded { by: "alice".to_owned(), text, about_ms: None, step: None };
    journal.append(at_ms, note).unwrap();
    journal.sync().unwrap();
    drop(journal);
    assert_eq!(home.run(&["export", "last", "--bundle", &file]).code, 0);
    let bytes = std::fs::read(&file).unwrap();
    let (top, whole) = members(&bytes);
    let side = whole.keys().find(|path| path.starts_with("out/")).unwrap().clone();
    assert!(bundle::check(&bytes).is_ok());
    let mut changed = whole.clone();
    changed.get_mut(&side).unwrap()[5] ^= 1;
    let said = faults(&packed(&top, &with_new_manifest(changed)));
    assert!(said.contains("side file"), "{said}");
    // A journal copied without it says which file it lacks.
    let elsewhere = Home::new();
    let copy = elsewhere.write("copy.jsonl", &whole["journal.jsonl"]);
    let said = elsewhere.run(&["verify", &copy]);
    assert!(said.code == 8 && said.stderr.contains(&side), "{said:?}");
}

#[test]
fn nothing_that_the_redactor_hides_is_handed_on() {
    let (home, file) = drilled();
    let secret = [("AWS_SECRET_ACCESS_KEY", "regional_failover".to_owned())];
    let said = home.run_in(&["export", "last", "--bundle", &file], &secret);
    assert!(said.code == 1 && said.stderr.contains("holds a secret"), "{said:?}");
    assert!(!Path::new(&file).exists());
    let other = [("AWS_SECRET_ACCESS_KEY", "a key that stands nowhere".to_owned())];
    assert_eq!(home.run_in(&["export", "last", "--bundle", &file], &other).code, 0, "negative control");
}

#[test]
fn a_damaged_journal_makes_no_bundle() {
    let (home, file) = drilled();
    let path = home.last_run().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("StepReady", "StepReadz", 1)).unwrap();
    let said = home.run(&["export", "last", "--bundle", &file]);
    assert!(said.code == 8 && !Path::new(&file).exists(), "{said:?}");
    // Bytes that were never acknowledged stay behind.
    std::fs::write(&path, format!("{text}{{\"v\":1,\"se")).unwrap();
    let said = home.run(&["export", "last", "--bundle", &file]);
    assert!(said.code == 0 && said.stderr.contains("are left out"), "{said:?}");
    assert_eq!(home.run(&["verify", &file]).code, 0);
}

/// A fresh key pair; the path of its private half and the line of its public one.
fn key(home: &Home, name: &str) -> (String, String) {
    let path = home.path().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&path)
        .stdin(Stdio::null())
        .status();
    let Ok(made) = made else { panic!("these tests need ssh-keygen (openssh-client)") };
    assert!(made.success());
    (path.display().to_string(), std::fs::read_to_string(path.with_extension("pub")).unwrap())
}

#[test]
fn a_signed_head_is_checked_by_whom_and_for_what() {
    let (home, file) = drilled();
    let (alice, alice_pub) = key(&home, "alice");
    let (mallory, mallory_pub) = key(&home, "mallory");
    let allowed = home.write("allowed", format!("alice@example.org {alice_pub}bob@example.org {mallory_pub}"));
    let only_alice = home.write("only-alice", format!("alice@example.org {alice_pub}"));
    let other_namespace = home.write("git-only", format!("alice@example.org namespaces=\"git\" {alice_pub}"));
    let verify = |what: &str, allowed: &str, who: &[&str]| {
        let said = home.run(&[&["verify", what, "--allowed-signers", allowed], who].concat());
        (said.code, said.stderr)
    };
    let as_alice = ["--identity", "alice@example.org"];
    let (code, said) = verify("last", &allowed, &as_alice);
    assert!(code == 1 && said.contains("nobody has signed it"), "{said}");

    let said = home.run(&["sign", "last", "--key", &alice]);
    assert!(said.code == 0 && said.stderr.contains("signed at record"), "{said:?}");
    let (code, said) = verify("last", &allowed, &as_alice);
    assert!(code == 0 && said.contains("the last one, by alice@example.org"), "{said}");
    assert_eq!(verify("last", &allowed, &[]).0, 0, "anybody in the file");
    // Wrong person, wrong namespace, and a file that cannot be read: all refused.
    for (allowed, who) in [
        (&allowed, &["--identity", "bob@example.org"][..]),
        (&allowed, &["--identity", "nobody"]),
        (&allowed, &["--identity", "-I"]),
        (&other_namespace, &as_alice),
        (&home.path().join("missing").display().to_string(), &as_alice),
    ] {
        let (code, said) = verify("last", allowed, who);
        assert!(code == 1 || code == 2, "{who:?}: {said}");
    }

    // The bundle carries it; a second signature does not spoil the first. Of a key that nobody holds there is
    // only the public half.
    let lonely = home.write("lonely.pub", &mallory_pub);
    let said = home.run(&["export", "last", "--bundle", &file, "--sign", &lonely]);
    assert_ne!(said.code, 0, "no agent holds that key: {said:?}");
    assert_eq!(home.run(&["export", "last", "--bundle", &file, "--sign", &mallory]).code, 0);
    let elsewhere = Home::new();
    let copy = elsewhere.write("e.tar", std::fs::read(&file).unwrap());
    let said = elsewhere.run(&["verify", &copy, "--json", "--allowed-signers", &only_alice]);
    assert_eq!(said.code, 0, "{said:?}");
    let mut states: Vec<_> =
        said.json()["signatures"].as_array().unwrap().iter().map(|one| one["state"].to_string()).collect();
    states.sort();
    assert_eq!(states, ["\"good\"", "\"not_allowed\""]);
    let by_mallory = home.write("only-mallory", format!("carol@example.org {mallory_pub}"));
    assert_eq!(verify(&file, &by_mallory, &["--identity", "alice@example.org"]).0, 1);

    // The journal goes on: said, not hidden.
    assert_eq!(home.run(&["note", "last", "after the fact"]).code, 0);
    let (code, said) = verify("last", &allowed, &as_alice);
    assert!(code == 0 && said.contains("record") && said.contains("since"), "{said}");
}

#[test]
fn a_statement_or_a_signature_that_was_changed_is_refused() {
    let (home, file) = drilled();
    let (alice, alice_pub) = key(&home, "alice");
    let allowed = home.write("allowed", format!("alice@example.org {alice_pub}"));
    assert_eq!(home.run(&["sign", "last", "--key", &alice]).code, 0);
    assert_eq!(home.run(&["export", "last", "--bundle", &file]).code, 0);
    let dir = home.last_run().join("signatures");
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    let statement = files.iter().find(|path| path.extension().is_some_and(|end| end == "txt")).unwrap();
    let signature = files.iter().find(|path| path.extension().is_some_and(|end| end == "sig")).unwrap();
    let verify = || home.run(&["verify", "last", "--allowed-signers", &allowed]);

    let text = std::fs::read_to_string(statement).unwrap();
    std::fs::write(statement, text.replace("drill", "real")).unwrap();
    assert!(verify().code == 8 && verify().stderr.contains("does not fit this journal"), "{:?}", verify());
    std::fs::write(statement, &text).unwrap();
    assert_eq!(verify().code, 0, "negative control");

    let whole = std::fs::read_to_string(signature).unwrap();
    let changed: String = whole
        .lines()
        .enumerate()
        .map(|(n, line)| if n == 3 { line.chars().rev().collect::<String>() + "\n" } else { format!("{line}\n") })
        .collect();
    std::fs::write(signature, changed).unwrap();
    assert_eq!(verify().code, 1, "{:?}", verify());
    // A signature over the head of another run.
    let other = Home::new();
    assert!([0, 3].contains(&other.run(&["drill", "regional_failover", "--speed", "max", "--no-tui", "--yes"]).code));
    assert_eq!(other.run(&["sign", "last", "--key", &alice]).code, 0);
    let theirs = std::fs::read_dir(other.last_run().join("signatures")).unwrap().map(|entry| entry.unwrap().path());
    let theirs = theirs.into_iter().find(|path| path.extension().is_some_and(|end| end == "sig")).unwrap();
    std::fs::write(signature, std::fs::read(theirs).unwrap()).unwrap();
    assert!(verify().code == 1 && verify().stderr.contains("does not fit"), "{:?}", verify());

    // In the bundle: with digests that fit again, only the key's owner could have made it fit.
    let bytes = std::fs::read(&file).unwrap();
    let (top, mut found) = members(&bytes);
    let name = found.keys().find(|path| path.starts_with("signatures/") && !path.contains(".txt")).unwrap().clone();
    found.insert(name, std::fs::read(signature).unwrap());
    let forged = home.write("forged.tar", packed(&top, &with_new_manifest(found)));
    assert_eq!(home.run(&["verify", &forged]).code, 1);
    assert_eq!(home.run(&["verify", &file, "--allowed-signers", &allowed]).code, 0, "negative control");
}

#[test]
fn without_ssh_keygen_it_is_said_what_is_missing() {
    let (home, file) = drilled();
    let (alice, alice_pub) = key(&home, "alice");
    let allowed = home.write("allowed", format!("alice@example.org {alice_pub}"));
    let nowhere = [("PATH", home.path().display().to_string())];
    let said = home.run_in(&["sign", "last", "--key", &alice], &nowhere);
    assert!(said.code == 1 && said.stderr.contains("install openssh-client"), "{said:?}");
    assert_eq!(home.run(&["export", "last", "--bundle", &file, "--sign", &alice]).code, 0);
    let said = home.run_in(&["verify", &file], &nowhere);
    assert!(said.code == 0 && said.stderr.contains("not checked"), "{said:?}");
    let said = home.run_in(&["verify", &file, "--allowed-signers", &allowed], &nowhere);
    assert!(said.code == 1 && said.stderr.contains("ssh-keygen is not here"), "{said:?}");
}

const RUN: &str = "01K9AAAAAAAAAAAAAAAAAAAAAA";
const OURS: &str = "arn:aws:sts::111122223333:assumed-role/dr-operator/alice";

/// The journal of a real run of one call, as if this machine had driven it.
fn promoted(home: &Home) {
    let ticket = Ticket { step: "promote".to_owned(), attempt: 1, purpose: Purpose::Action };
    let header = json!({
        "runbook": "x", "digest": "sha256:0", "files": [], "mode": "real", "operator": "alice", "inputs": {},
        "version": "0", "binary": "sha256:0",
        "identities": [{"target": "dr", "account": "111122223333", "arn": OURS, "region": "us-west-2"}],
    });
    let header: RunHeader = serde_json::from_value(header).unwrap();
    let dir = home.path().join("runs").join(RUN);
    let begin_ms = 1_795_230_000_000;
    let (mut journal, _) = FileJournal::create(&dir, RUN, "alice", Clocks::Real, header, begin_ms).unwrap();
    let asked = Event::ActionRequested {
        ticket: ticket.clone(),
        action: "aws/rds.promote_read_replica_db_cluster".to_owned(),
        request: json!({"db_cluster_identifier": "orders-dr"}),
        digest: "sha256:1".to_owned(),
        token: "t".to_owned(),
        target: json!({"name": "dr", "region": "us-west-2", "account": "111122223333"}),
    };
    let answered = Event::ActionSucceeded {
        ticket,
        result: json!({}),
        request_id: Some("req-1".to_owned()),
        cloud_ms: Some(begin_ms + 1_000),
    };
    journal.append(begin_ms + 500, asked).unwrap();
    journal.append(begin_ms + 1_200, answered).unwrap();
    journal.sync().unwrap();
}

fn event(name: &str, request_id: &str) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": "2026-11-21T03:00:01Z", "eventSource": "rds.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "arn": OURS, "accountId": "111122223333"},
        "eventName": name, "awsRegion": "us-west-2", "recipientAccountId": "111122223333",
        "requestParameters": {"dBClusterIdentifier": "orders-dr"}, "readOnly": false,
        "requestID": request_id, "eventID": format!("event-{request_id}"),
    })
}

#[test]
fn the_journal_is_held_against_cloudtrail() {
    let home = Home::new();
    promoted(&home);
    let delivered = json!({"Records": [event("PromoteReadReplicaDBCluster", "req-1")]}).to_string();
    let plain = home.write("trail.json", &delivered);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, delivered.as_bytes()).unwrap();
    let squeezed = home.write("trail.json.gz", packer.finish().unwrap());
    for files in [vec![&plain], vec![&squeezed], vec![&plain, &squeezed]] {
        let args: Vec<&str> =
            ["verify", "last", "--cloudtrail"].into_iter().chain(files.iter().map(|file| file.as_str())).collect();
        let said = home.run(&args);
        assert!(said.code == 0 && said.stderr.contains("1 of 1 recorded calls"), "{said:?}");
    }
    let told = home.run(&["verify", "last", "--json", "--cloudtrail", &squeezed]).json();
    assert_eq!(told["cloudtrail"]["holds"], true);
    assert_eq!(told["cloudtrail"]["matched"][0]["call"]["request_id"], "req-1");

    // Negative controls: no event, one that tells it otherwise, and one too many.
    let none = home.write("none.json", "{\"Records\": []}");
    let said = home.run(&["verify", "last", "--cloudtrail", &none]);
    assert!(said.code == 1 && said.stderr.contains("1 without an event"), "{said:?}");
    let other = home.write("other.json", event("DeleteDBCluster", "req-1").to_string());
    let said = home.run(&["verify", "last", "--cloudtrail", &other]);
    assert!(said.code == 1 && said.stderr.contains("1 told otherwise"), "{said:?}");
    let more = home.write("more.json", event("DeleteDBCluster", "req-2").to_string());
    let said = home.run(&["verify", "last", "--cloudtrail", &plain, &more]);
    assert!(said.code == 1 && said.stderr.contains("1 unknown to the journal"), "{said:?}");
    assert!(said.stderr.contains(&format!("rds:DeleteDBCluster by {OURS} in 111122223333 us-west-2")), "{said:?}");

    let nonsense = home.write("nonsense.json", "no events");
    let said = home.run(&["verify", "last", "--cloudtrail", &nonsense]);
    assert!(said.code == 2 && said.stderr.contains("no JSON"), "{said:?}");
    let (drill, _) = drilled();
    let said = drill.run(&["verify", "last", "--cloudtrail", &plain]);
    assert!(said.code == 2 && said.stderr.contains("simulated cloud"), "{said:?}");
}

/// Where CloudTrail files the operations of the shipped failover, by AWS's documentation.
#[cfg(feature = "aws")]
const NAMES: [(&str, &str, &str); 8] = [
    ("aws/rds.promote_read_replica_db_cluster", "rds", "PromoteReadReplicaDBCluster"),
    ("aws/rds.promote_read_replica", "rds", "PromoteReadReplica"),
    ("aws/ecs.update_service", "ecs", "UpdateService"),
    ("aws/application_autoscaling.register_scalable_target", "autoscaling", "RegisterScalableTarget"),
    ("aws/route53.change_resource_record_sets", "route53", "ChangeResourceRecordSets"),
    ("aws/cloudfront.update_origin", "cloudfront", "UpdateDistribution2020_05_31"),
    ("aws/cloudfront.create_invalidation", "cloudfront", "CreateInvalidation2020_05_31"),
    ("aws/sns.publish", "sns", "Publish"),
];

/// The newest run, which was real, beside the events that CloudTrail would have made of its calls; emulators make
/// none. Then one call less, and one more.
#[cfg(feature = "aws")]
pub fn matches_its_trail(home: &Home) {
    let journal = home.journal();
    let arn = journal[0]["ev"]["identities"][0]["arn"].clone();
    let asked = |id: &Value| {
        let ended = journal.iter().find(|record| record["ev"]["request_id"] == *id).unwrap();
        let of = |record: &&Value| {
            record["ev"]["type"] == "ActionRequested" && record["ev"]["ticket"] == ended["ev"]["ticket"]
        };
        journal.iter().rev().filter(|record| record["seq"].as_u64() < ended["seq"].as_u64()).find(of).unwrap().clone()
    };
    let succeeded = journal.iter().filter(|record| record["ev"]["type"] == "ActionSucceeded");
    let mut events = Vec::new();
    for record in succeeded {
        let id = record["ev"]["request_id"].clone();
        let Some(call) = id.is_string().then(|| asked(&id)) else { continue };
        let Some((_, source, name)) = NAMES.iter().find(|(action, ..)| call["ev"]["action"] == *action) else {
            continue;
        };
        let is_global = matches!(*source, "route53" | "cloudfront");
        let region = if is_global { json!("us-east-1") } else { call["ev"]["target"]["region"].clone() };
        events.push(json!({
            "eventVersion": "1.11", "eventTime": record["wall"], "eventSource": format!("{source}.amazonaws.com"),
            "eventName": name, "awsRegion": region, "requestID": id, "eventID": format!("event-{id}"), "readOnly": false,
            "userIdentity": {"type": "AssumedRole", "arn": arn}, "recipientAccountId": call["ev"]["target"]["account"],
            "requestParameters": {"hostedZoneId": call["ev"]["request"]["hosted_zone_id"], "service": call["ev"]["request"]["service"]},
        }));
    }
    assert!(events.len() > 3, "{events:?}");
    let verify = |events: &[Value]| {
        let file = home.write("trail.json", json!({ "Records": events }).to_string());
        home.run(&["verify", "last", "--json", "--cloudtrail", &file])
    };
    let told = verify(&events);
    let found = told.json()["cloudtrail"].clone();
    assert_eq!((told.code, &found["holds"]), (0, &Value::Bool(true)), "{found:#}\n{}", told.stderr);
    assert_eq!(found["matched"].as_array().unwrap().len(), events.len());
    assert_eq!(found["calls"], events.len(), "every change that was sent has its request id");
    assert_eq!(verify(&events[1..]).code, 1);
    let mut stranger = events[0].clone();
    (stranger["requestID"], stranger["eventID"]) = (json!("another"), json!("another"));
    let more = [events.as_slice(), &[stranger]].concat();
    let found = verify(&more).json()["cloudtrail"].clone();
    // A program of the run may just have been at work; then it may have been that.
    let strangers = ["foreign", "by_programs"].map(|kind| found[kind].as_array().unwrap().len());
    assert_eq!(strangers.iter().sum::<usize>(), 1, "{found:#}");
}
