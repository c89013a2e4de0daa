//! Thousands of objects come back from a replica bucket while the process is killed in the middle, twice.
//! boto3 counts the versions that have come to be, and a tap in the line the copies that were asked for.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::hand::Hand;
use super::pair::{ACCOUNT, GLOBAL, Pair};
use super::people::People;
use super::region::environment;
use super::tap::Tap;
use crate::faults::Tally;
use crate::home::Home;
use crate::terminal::{ENTER, TAB, Terminal};

const HOME: &str = "us-west-2";
const AWAY: &str = "eu-central-1";
const BUCKET: &str = "docs";
const REPLICA: &str = "docs-replica";
const WIDE: (u16, u16) = (140, 44);
/// A machine that does ten things at once copies a few hundred objects in so long.
const PATIENCE: Duration = Duration::from_mins(3);
const READ: Duration = Duration::from_millis(600);

const RUNBOOK: &str = "version: 1
name: bulk
title: Bring everything back
objectives: { rto: 8h }
targets: { home: { region: us-west-2, account: '111122223333', profile: lecture-dr } }
roles: { commander: [alice] }
mfa:
  method: sts
  serial: arn:aws:iam::111122223333:mfa/alice
  role: arn:aws:iam::111122223333:role/dr-operator
defaults: { target: home, timeout: 2h }
phases:
  - id: restore
    budget: 4h
    steps:
      - id: copy
        uses: aws/s3.copy_from_replica
        with: { bucket: docs, replica_bucket: docs-replica, replica_region: eu-central-1, prefix: up/, as_of: 'MOMENT' }
        verify: [{ uses: aws/s3.compare_with_replica, for: 1m }]
";

/// How an object stands before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Was {
    /// Gone from the bucket; the replica still has it.
    Missing,
    /// Overwritten, and the replica has followed.
    Overwritten,
    /// As it should be.
    Right,
}

struct Buckets {
    pair: Pair,
    hand: Hand,
    tap: Tap,
    /// The moment to which everything goes back.
    moment: String,
    objects: Vec<(String, Was)>,
}

fn good(key: &str) -> String {
    format!("good {key}")
}

fn with(keys: &[&String], body: fn(&str) -> String) -> Vec<(String, String)> {
    keys.iter().map(|key| ((*key).clone(), body(key))).collect()
}

/// As long as the good one: only the tag tells.
fn evil(key: &str) -> String {
    format!("evil {key}")
}

impl Buckets {
    /// So many objects to bring back, and half a tenth as many that are right.
    fn damaged(to_copy: usize) -> Self {
        let (pair, mut hand) = (Pair::start(GLOBAL), Hand::new());
        for (bucket, region) in [(BUCKET, HOME), (REPLICA, AWAY)] {
            let place = json!({"Bucket": bucket, "CreateBucketConfiguration": {"LocationConstraint": region}});
            hand.call(&pair, ("s3", region), "create_bucket", place);
            let on = json!({"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}});
            hand.call(&pair, ("s3", region), "put_bucket_versioning", on);
        }
        let kind = |n: usize| if n.is_multiple_of(4) { Was::Overwritten } else { Was::Missing };
        let mut objects: Vec<_> = (0..to_copy).map(|n| (format!("up/{n:06}"), kind(n))).collect();
        objects.extend((0..to_copy / 20).map(|n| (format!("up/{n:06}-right"), Was::Right)));
        let of = |kinds: &[Was]| -> Vec<&String> {
            objects.iter().filter(|(_, was)| kinds.contains(was)).map(|(key, _)| key).collect()
        };
        let all = of(&[Was::Missing, Was::Overwritten, Was::Right]);
        put(&pair, REPLICA, &with(&all, good));
        let other = "other/left-alone".to_owned();
        put(&pair, REPLICA, &[(other.clone(), good(&other))]);
        put(&pair, BUCKET, &with(&of(&[Was::Right]), good));
        let moment = later_than_all(&mut hand, &pair);
        let over = of(&[Was::Overwritten]);
        for bucket in [REPLICA, BUCKET] {
            put(&pair, bucket, &with(&over, evil));
        }
        let tap = Tap::before(pair.ministack.address());
        Self { pair, hand, tap, moment, objects }
    }

    fn to_copy(&self) -> usize {
        self.objects.iter().filter(|(_, was)| *was != Was::Right).count()
    }

    /// What is wrong now, as boto3 sees it: an object that is not as it was at the moment, one that was
    /// copied more than once, one that nobody asked for.
    fn wrong(&mut self) -> Vec<String> {
        let good_tags = self.versions(REPLICA, AWAY);
        let now = self.versions(BUCKET, HOME);
        let mut wrong = Vec::new();
        for (key, was) in &self.objects {
            // The oldest version of the replica is the good one.
            let wanted = good_tags.iter().filter(|one| one.0 == *key).map(|one| &one.2).next_back();
            let held: Vec<_> = now.iter().filter(|one| one.0 == *key).collect();
            let expected = if *was == Was::Overwritten { 2 } else { 1 };
            match held.iter().find(|one| one.1) {
                None => wrong.push(format!("{key} is left out")),
                Some(newest) if Some(&newest.2) != wanted => wrong.push(format!("{key} is not as it was")),
                Some(_) if held.len() != expected => wrong.push(format!("{key} was copied {} times", held.len())),
                Some(_) => {}
            }
        }
        let known = |key: &String| self.objects.iter().any(|(one, _)| one == key);
        if now.len() < 5_000 {
            wrong.extend(now.iter().filter(|one| !known(&one.0)).map(|one| format!("{} was not asked for", one.0)));
        }
        wrong
    }

    /// Key, whether it is the newest, tag: in the order of keys, the newest first.
    fn versions(&mut self, bucket: &str, region: &str) -> Vec<(String, bool, String)> {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let mut asked = json!({"Bucket": bucket});
            if let Some((key, version)) = from.take() {
                asked["KeyMarker"] = key;
                asked["VersionIdMarker"] = version;
            }
            let mut page = self.hand.call(&self.pair, ("s3", region), "list_object_versions", asked);
            for one in page["Versions"].as_array().into_iter().flatten() {
                let text = |member: &str| one[member].as_str().unwrap().to_owned();
                found.push((text("Key"), one["IsLatest"] == true, text("ETag")));
            }
            if page["IsTruncated"] != true {
                return found;
            }
            from = Some((page["NextKeyMarker"].take(), page["NextVersionIdMarker"].take()));
        }
    }

    /// Objects whose copy was asked for more than once.
    fn asked_twice(&self) -> usize {
        self.tap.copies().values().filter(|times| **times > 1).count()
    }
}

/// A moment after everything that is there, in the emulator's own time: what is put from now on is later.
fn later_than_all(hand: &mut Hand, pair: &Pair) -> String {
    let read = |hand: &mut Hand| -> chrono::DateTime<chrono::Utc> {
        put(pair, REPLICA, &[("clock".to_owned(), "tick".to_owned())]);
        let head = hand.call(pair, ("s3", AWAY), "list_objects_v2", json!({"Bucket": REPLICA, "Prefix": "clock"}));
        head["Contents"][0]["LastModified"].as_str().unwrap().parse().unwrap()
    };
    let moment = read(hand);
    // Its listings may tell whole seconds only.
    while read(hand) <= moment {}
    moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Puts objects, several at a time; faster than boto3, which is not what is tried here.
fn put(pair: &Pair, bucket: &str, objects: &[(String, String)]) {
    let chunk = objects.len().div_ceil(6).max(1);
    let region = if bucket == REPLICA { AWAY } else { HOME };
    std::thread::scope(|scope| {
        for part in objects.chunks(chunk) {
            // It hangs up after a thousand requests.
            scope.spawn(move || part.chunks(500).for_each(|some| put_some(pair, (bucket, region), some)));
        }
    });
}

fn put_some(pair: &Pair, (bucket, region): (&str, &str), objects: &[(String, String)]) {
    let mut stream = TcpStream::connect(pair.ministack.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for (key, body) in objects {
        let mut request = format!("PUT /{bucket}/{key} HTTP/1.1\r\nHost: {}\r\n", pair.ministack.address());
        // The account is taken from the key; nobody checks a signature.
        let credential = format!("Credential={ACCOUNT}/20260101/{region}/s3/aws4_request");
        let _ = write!(
            request,
            "Authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        answered(&mut answers);
    }
}

fn answered(answers: &mut BufReader<TcpStream>) {
    let (mut line, mut length, mut first) = (String::new(), 0, true);
    loop {
        line.clear();
        assert!(answers.read_line(&mut line).unwrap() > 0, "the emulator hangs up");
        assert!(!first || line.contains(" 200"), "{line}");
        first = false;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    std::io::copy(&mut answers.take(length), &mut std::io::sink()).unwrap();
}

/// Lets so many copies through, sees them on the screen, and kills the process.
fn kill_after(mut terminal: Terminal, tap: &Tap, copies: usize) {
    tap.wait_until_held();
    let told = Some(copies);
    terminal.wait_until("how far it is", |screen| (done_on(screen) == told).then_some(()));
    terminal.kill();
    // What was on its way arrives all the same.
    tap.release_all_of_the_dead();
}

/// A run of the runbook in a terminal, and people at it.
struct Run {
    home: Home,
    around: Vec<(&'static str, String)>,
    people: People,
    runbook: String,
    begun: bool,
}

impl Run {
    fn new(buckets: &Buckets) -> Self {
        let home = Home::new();
        let mut around = environment(&home, &buckets.pair);
        around.push(("AWS_ENDPOINT_URL_S3", buckets.tap.url.clone()));
        let runbook = home.write("bulk.yaml", RUNBOOK.replace("MOMENT", &buckets.moment));
        Self { home, around, people: People::new(), runbook, begun: false }
    }

    /// Begins, or takes the run up again.
    fn terminal(&mut self) -> Terminal {
        let args: &[&str] =
            if self.begun { &["resume", "last"] } else { &["run", &self.runbook, "--operator", "alice"] };
        let mut terminal = Terminal::start_in(&self.home, WIDE, args, &self.around);
        self.begun = true;
        terminal.patience = PATIENCE;
        terminal.wait_for("Enter begin");
        terminal.settle(READ);
        terminal.send(ENTER);
        terminal.wait_until("the run", |screen| (!screen.contains("Enter begin")).then_some(()));
        terminal
    }

    /// Decides on the in-doubt screen that it is sent again, for the reason that the probe gives.
    fn send_again(&mut self, terminal: &mut Terminal) {
        terminal.wait_until("what the probe found", |screen| {
            let is_settled = screen.contains("has had its time") && screen.contains("to_copy");
            (screen.contains("IN DOUBT") && is_settled).then_some(())
        });
        terminal.settle(READ);
        terminal.send(ENTER);
        terminal.wait_until("the dialog", |screen| {
            (screen.contains("IN DOUBT copy") && !screen.contains("a moment")).then_some(())
        });
        let code = self.people.code();
        terminal.send(&format!("{TAB}both buckets were compared{TAB}{code}{TAB}"));
        terminal.wait_until("the decision to be open", |screen| (!screen.contains("locked")).then_some(()));
        terminal.send("S");
        terminal.wait_until("the gate", |screen| (!screen.contains("IN DOUBT")).then_some(()));
        assert_eq!(self.people.pass(terminal), "copy");
    }
}

/// How many objects are done, as the screen says.
fn done_on(screen: &str) -> Option<usize> {
    let before = screen.split(" objects").next()?.rsplit_once(" of ")?.0;
    let digits: String = before.rsplit(' ').next()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Killed twice and gone on with; what is wrong afterwards.
fn killed_twice(to_copy: usize) -> (Vec<String>, Buckets) {
    let mut buckets = Buckets::damaged(to_copy);
    let all = buckets.to_copy();
    let mut run = Run::new(&buckets);
    let first = all / 3;
    buckets.tap.hold_after(first);
    let mut terminal = run.terminal();
    assert_eq!(run.people.pass(&mut terminal), "copy");
    kill_after(terminal, &buckets.tap, first);

    // Those that were on their way have come through, and are not copied again.
    let so_far = buckets.tap.copies().len();
    assert!(so_far > first && so_far < all, "{so_far} of {all}");
    buckets.tap.hold_after(so_far + first);
    let mut terminal = run.terminal();
    run.send_again(&mut terminal);
    kill_after(terminal, &buckets.tap, first);

    let mut terminal = run.terminal();
    run.send_again(&mut terminal);
    assert_eq!(run.people.walk_to_the_end(&mut terminal), [""; 0]);
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(run.home.run(&["verify", "last"]).code, 0);
    let wide = run.home.journal().iter().map(|record| record.to_string().len()).max();
    assert!(wide < Some(64 << 10), "{wide:?}");

    let mut wrong = buckets.wrong();
    let (asked, twice) = (buckets.tap.copies().len(), buckets.asked_twice());
    if asked != all || twice > 0 {
        wrong.push(format!("{asked} of {all} copies were asked for, {twice} of them twice"));
    }
    (wrong, buckets)
}

/// The control: a process that cannot tell by the listing what is there already copies it again, and
/// that is noticed by both witnesses.
fn without_the_tags(to_copy: usize) -> bool {
    let mut buckets = Buckets::damaged(to_copy);
    let mut run = Run::new(&buckets);
    let first = buckets.to_copy() / 3;
    buckets.tap.hold_after(first);
    let mut terminal = run.terminal();
    assert_eq!(run.people.pass(&mut terminal), "copy");
    kill_after(terminal, &buckets.tap, first);
    buckets.tap.take_the_tags_away();
    let mut terminal = run.terminal();
    run.send_again(&mut terminal);
    // The comparison will never be content; what matters is done by then.
    let all = buckets.objects.len();
    terminal.wait_until("all copies", |_| (buckets.tap.copies().len() >= all).then_some(()));
    terminal.wait_until("the verification", |screen| screen.contains("to_copy").then_some(()));
    terminal.kill();
    let found = buckets.wrong();
    buckets.asked_twice() >= first && found.iter().filter(|one| one.contains("was copied")).count() >= first
}

#[test]
fn objects_come_back_once_each_though_the_process_is_killed_twice() {
    let (wrong, mut buckets) = killed_twice(360);
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The witness is no fool: what it must find, it finds.
    let (key, _) = buckets.objects[1].clone();
    put(&buckets.pair, BUCKET, &[(key.clone(), good(&key))]);
    let gone = json!({"Bucket": BUCKET, "Key": buckets.objects[2].0});
    buckets.hand.call(&buckets.pair, ("s3", HOME), "delete_object", gone);
    let found = buckets.wrong();
    assert_eq!(found, [format!("{key} was copied 2 times"), format!("{} is left out", buckets.objects[2].0)]);
}

#[test]
#[ignore = "the long form: .ci/faults runs it"]
fn suite_bulk_copies() {
    let mut tally = Tally::of("10,000 versions from a replica bucket, killed twice", "objects");
    let (wrong, buckets) = killed_twice(10_000);
    tally.cases = u64::try_from(buckets.to_copy()).unwrap();
    tally.violations = wrong;
    drop(buckets);
    tally.control("what a listing tells of an object", without_the_tags(240));
    tally.close();
}
