//! Runs in the real world, up to their first step: who may begin one, and where. AWS is a loopback
//! server that says who we are, region by region.

#![cfg_attr(feature = "aws", expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed"))]

use crate::home::Home;

const RUNBOOK: &str = "version: 1
name: look_around
title: Look around
objectives: { rto: 2h }
targets:
  dr: { region: us-east-1, account: '111122223333' }
  primary: { region: eu-central-1, account: '111122223333', profile: lost }
  sandbox: { region: us-west-2, account: '999900001111', drill: true }
roles: { commander: [alice, bob] }
mfa: { method: totp }
phases:
  - id: look
    steps:
";
const IN_BOTH_REGIONS: &str = "
      - { id: here, uses: aws/sts.get_caller_identity, target: dr }
      - { id: there, uses: aws/sts.get_caller_identity, target: primary }
";

fn runbook(home: &Home, steps: &str) -> String {
    home.write("look_around.yaml", format!("{RUNBOOK}{steps}"))
}

#[test]
fn a_real_run_is_refused_without_a_person() {
    let home = Home::new();
    let file = runbook(&home, IN_BOTH_REGIONS);
    for (args, why) in [
        (&["run", &file][..], "needs a person at a terminal"),
        (&["run", &file, "--plain"], "needs a person at a terminal"),
        (&["run", &file, "--yes"], "--yes is refused"),
        (&["run", &file, "--no-tui"], "--no-tui is refused"),
        (&["run", &file, "--no-tui", "--yes"], "--yes is refused"),
        (&["run", &file, "--json"], "--json is refused"),
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(said.stderr.contains(why) && said.stderr.contains("hint: "), "{args:?}: {said:?}");
    }
    assert!(home.runs().is_empty());
}

#[test]
fn a_drill_in_an_account_has_no_pace_and_no_scenario() {
    let home = Home::new();
    let file = runbook(&home, IN_BOTH_REGIONS);
    for flags in
        [&["--scenario", "calm"][..], &["--seed", "7"], &["--speed", "max"], &["--people-speed", "2"], &["--surprise"]]
    {
        let said = home.run(&[&["drill", &file, "--cloud", "aws", "--no-tui", "--yes"][..], flags].concat());
        assert_eq!(said.code, 2, "{flags:?}: {said:?}");
        assert!(said.stderr.contains(flags[0]) && said.stderr.contains("belongs to the simulated cloud"), "{said:?}");
    }
    let said = home.run(&["drill", &file, "--cloud", "aws", "--yes"]);
    assert!(said.code == 2 && said.stderr.contains("--no-tui"), "{said:?}");
    assert!(home.runs().is_empty());
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_so() {
    let home = Home::new();
    let file = runbook(&home, IN_BOTH_REGIONS);
    let said = home.run(&["drill", &file, "--cloud", "aws", "--no-tui", "--yes"]);
    assert!(said.code == 2 && said.stderr.contains("this build has no AWS in it"), "{said:?}");
}

#[cfg(feature = "aws")]
mod there {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::{IN_BOTH_REGIONS, runbook};
    use crate::home::Home;
    use crate::operator::waits;
    use crate::terminal::{ENTER, Terminal};

    const SIZE: (u16, u16) = (120, 36);

    /// What a region says to "who am I?".
    #[derive(Debug, Clone, Copy)]
    enum Says {
        Account(&'static str),
        Expired,
        /// Hangs up.
        Nothing,
    }

    /// STS of every region.
    struct Sts {
        url: String,
        says: Arc<Mutex<Vec<(&'static str, Says)>>>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Sts {
        fn start(says: &[(&'static str, Says)]) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let says = Arc::new(Mutex::new(says.to_vec()));
            let asked = Arc::new(Mutex::new(Vec::new()));
            let (answers, seen) = (Arc::clone(&says), Arc::clone(&asked));
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                    thread::spawn(move || serve(stream.unwrap(), &answers, &seen));
                }
            });
            Self { url, says, asked }
        }

        fn now_says(&self, says: &[(&'static str, Says)]) {
            *self.says.lock().unwrap() = says.to_vec();
        }

        fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }
    }

    fn serve(stream: TcpStream, says: &Mutex<Vec<(&'static str, Says)>>, asked: &Mutex<Vec<String>>) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some((scope, body)) = request(&mut reader) {
            asked.lock().unwrap().push(body);
            let region = says.lock().unwrap().iter().find(|(region, _)| scope.contains(*region)).copied();
            let (status, text) = match region {
                Some((_, Says::Account(account))) => (
                    "200 OK",
                    format!(
                        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                     <Arn>arn:aws:sts::{account}:assumed-role/dr-operator/carol</Arn><UserId>AROA:carol</UserId>\
                     <Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                    ),
                ),
                Some((_, Says::Expired)) => (
                    "403 Forbidden",
                    "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
                     <Message>The security token included in the request is expired</Message></Error></ErrorResponse>"
                        .to_owned(),
                ),
                Some((_, Says::Nothing)) | None => return,
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n", text.len());
            if writer.write_all(format!("{head}{text}").as_bytes()).is_err() {
                return;
            }
        }
    }

    /// What a request was signed for, and its body.
    fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
        let (mut scope, mut length) = (String::new(), 0);
        let mut first = true;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.clone_into(&mut scope),
                "content-length" => length = value.trim().parse().unwrap(),
                "" if !first => break,
                _ => {}
            }
            first = false;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some((scope, String::from_utf8(body).unwrap()))
    }

    fn home() -> Home {
        let home = Home::new();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        home.write(
            ".aws/credentials",
            "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret\n\
             [lost]\naws_access_key_id = AKIALOST\naws_secret_access_key = secret\n",
        );
        home
    }

    const BOTH: [(&str, Says); 2] =
        [("us-east-1", Says::Account("111122223333")), ("eu-central-1", Says::Account("111122223333"))];

    fn begin(home: &Home, sts: &Sts, verb: &[&str]) -> Terminal {
        Terminal::start(home, SIZE, &[verb, &["--endpoint-url", &sts.url]].concat())
    }

    #[test]
    fn who_and_where_is_shown_before_anything_begins() {
        let (home, sts) = (home(), Sts::start(&BOTH));
        let file = runbook(&home, IN_BOTH_REGIONS);
        // Nobody is told who they are, and so nothing is shown, until this is let go.
        let held = sts.says.lock().unwrap();
        let mut terminal = begin(&home, &sts, &["run", &file, "--mode", "emergency"]);
        // Typed before it could be read: begins nothing.
        terminal.send(ENTER);
        drop(held);
        let screen = terminal.wait_for("Enter begin");
        for shown in [
            " REAL ",
            "look_around",
            "EMERGENCY",
            "✓ dr  account 111122223333  us-east-1",
            "✓ primary  account 111122223333  eu-central-1",
            "arn:aws:sts::111122223333:assumed-role/dr-operator/carol",
            "carol  (the AWS identity)",
            "RTO 2h, started just now",
        ] {
            assert!(screen.contains(shown), "{shown:?} is not on the screen:\n{screen}");
        }
        terminal.send("q");
        let (code, _) = terminal.wait_exit();
        assert_eq!(code, 0);
        assert!(home.runs().is_empty(), "a run was begun");
        assert!(sts.asked().iter().all(|body| body.contains("Action=GetCallerIdentity")), "{:?}", sts.asked());
    }

    #[test]
    fn keys_of_another_account_begin_nothing() {
        let (home, sts) = (home(), Sts::start(&[("us-east-1", Says::Account("444455556666")), BOTH[1]]));
        let file = runbook(&home, IN_BOTH_REGIONS);
        let (code, said) = begin(&home, &sts, &["run", &file]).wait_exit();
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("target dr") && said.contains("444455556666") && said.contains("--profile"), "{said}");
        sts.now_says(&[("us-east-1", Says::Expired), BOTH[1]]);
        let (code, said) = begin(&home, &sts, &["run", &file]).wait_exit();
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("target dr") && said.contains("aws sso login"), "{said}");
        sts.now_says(&[("us-east-1", Says::Nothing), ("eu-central-1", Says::Nothing)]);
        let (code, said) = begin(&home, &sts, &["run", &file]).wait_exit();
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("no target says who we are"), "{said}");
        assert!(home.runs().is_empty());
    }

    #[test]
    fn a_lost_region_does_not_prevent_a_run_which_goes_on_in_its_own_account_only() {
        let (home, sts) = (home(), Sts::start(&[BOTH[0], ("eu-central-1", Says::Nothing)]));
        let file = runbook(&home, IN_BOTH_REGIONS);
        let mut terminal = begin(&home, &sts, &["run", &file]);
        let screen = terminal.wait_for("Enter begin");
        assert!(screen.contains("✓ dr  ") && screen.contains("? primary  "), "{screen}");
        terminal.wait_until("a screen that listens", |screen| (!screen.contains("a moment")).then_some(()));
        terminal.send(ENTER);
        let screen = terminal.wait_until("a step that waits", |screen| waits(screen).then(|| screen.to_owned()));
        assert!(screen.contains(" REAL ") && screen.contains("account 111122223333 as dr-operator"), "{screen}");
        terminal.kill();

        let first = &home.journal()[0]["ev"];
        assert_eq!((first["mode"].as_str(), first["operator"].as_str()), (Some("real"), Some("carol")));
        let identities = first["identities"].as_array().unwrap();
        assert_eq!(identities.len(), 1, "{identities:?}");
        assert_eq!(
            (identities[0]["target"].as_str(), identities[0]["account"].as_str()),
            (Some("dr"), Some("111122223333"))
        );
        assert!(first["drill"].is_null());

        let said = home.run(&["resume", "last", "--no-tui", "--yes"]);
        assert!(said.code == 2 && said.stderr.contains("a person at every gate"), "{said:?}");
        let story = home.run(&["timeline", "last"]).stdout;
        assert!(story.starts_with("# REAL") && story.contains("assumed-role/dr-operator/carol"), "{story}");

        let mut terminal = begin(&home, &sts, &["resume", "last"]);
        let screen = terminal.wait_for("Enter begin");
        assert!(screen.contains(" REAL ") && screen.contains("0 of 2 steps are settled"), "{screen}");
        terminal.send("q");
        assert_eq!(terminal.wait_exit().0, 0);
    }

    #[test]
    fn a_drill_keeps_to_drill_accounts() {
        let (home, sts) = (home(), Sts::start(&[("us-west-2", Says::Account("999900001111")), BOTH[0]]));
        let drill = |file: &str, flags: &[&str]| {
            home.run(&[&["drill", file, "--cloud", "aws", "--endpoint-url", &sts.url][..], flags].concat())
        };
        let mixed = home.write("mixed.yaml", format!("{}{IN_BOTH_REGIONS}", super::RUNBOOK));
        let said = drill(&mixed, &["--no-tui", "--yes"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains("not a drill account: target dr, primary"), "{said:?}");
        assert!(sts.asked().is_empty(), "something was asked: {:?}", sts.asked());

        let sandbox = "\n      - { id: here, uses: aws/sts.get_caller_identity, target: sandbox }\n";
        let file = runbook(&home, sandbox);
        let said = drill(&file, &["--no-tui", "--yes", "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
        let first = &home.journal()[0]["ev"];
        assert_eq!((first["mode"].as_str(), first["drill"].is_null()), (Some("drill"), true));
        assert_eq!(first["identities"][0]["account"], "999900001111");
        let story = home.run(&["timeline", "last"]).stdout;
        assert!(story.starts_with("# DRILL") && story.contains("accounts kept for drills"), "{story}");

        sts.now_says(&[("us-west-2", Says::Account("111122223333"))]);
        let said = drill(&file, &["--no-tui", "--yes"]);
        assert_eq!(said.code, 4, "{said:?}");
        assert!(said.stderr.contains("target sandbox"), "{said:?}");
    }

    /// The way through the SDK: a delete of what the run has not made is no request, and a read is one.
    #[test]
    fn a_delete_aimed_at_production_is_no_request() {
        let (home, sts) = (home(), Sts::start(&[("us-west-2", Says::Account("999900001111"))]));
        let steps = "
      - { id: name, uses: note, with: { text: so it is called }, target: sandbox, outputs: { it: shop-production } }
      - { id: looked, uses: aws/rds.describe_db_clusters, with: { db_cluster_identifier: shop-production }, target: sandbox, on_failure: continue }
      - id: gone
        uses: aws/rds.delete_db_cluster
        with: { db_cluster_identifier: \"${{ steps.name.outputs.it }}\", skip_final_snapshot: true }
        target: sandbox
        timeout: 5m
        confirm: { type: gone }
";
        let file = runbook(&home, steps);
        let said = home.run(&["drill", &file, "--cloud", "aws", "--endpoint-url", &sts.url, "--no-tui", "--yes"]);
        let asked = sts.asked();
        let of = |operation: &str| asked.iter().filter(|body| body.contains(operation)).count();
        assert!(of("Action=DescribeDBClusters") > 0, "{asked:?}");
        assert_eq!((of("Action=DeleteDBCluster"), said.code), (0, 5), "{said:?}");
        let journal = home.journal();
        let kinds = |kind: &str| {
            journal.iter().filter(|record| record["ev"]["type"] == kind && record["ev"]["step"] == "gone").count()
        };
        assert_eq!((kinds("StepFailed"), kinds("GateOpened"), kinds("StepConfirmed")), (1, 0, 0));
        let refused = journal.iter().any(|record| {
            record["ev"]["reason"]
                .as_str()
                .is_some_and(|why| why.starts_with("refused: ") && why.contains("shop-production"))
        });
        assert!(refused, "{journal:#?}");
    }
}
