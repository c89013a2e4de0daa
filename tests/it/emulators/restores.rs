//! The runbooks that try a backup: the copy is made and taken away at the emulators, and looked into
//! in a real PostgreSQL that answers under the copy's name.

use std::time::Duration;

use serde_json::{Value, json};

use super::hand::Hand;
use super::pair::{ACCESS_KEY, Pair, REPLICAS, SECRET_KEY};
use super::people::People;
use super::runs::begin;
use crate::databases::postgres::{PASSWORD, Postgres};
use crate::home::{Home, Said};
use crate::terminal::Terminal;

const WIDE: (u16, u16) = (120, 40);
/// The copy is looked at every 15 seconds until it is there.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a runbook of this kind is about.
struct Test {
    runbook: &'static str,
    profile: &'static str,
    region: &'static str,
    database: &'static str,
    /// Tables, rows and indexes as the runbook wants them.
    whole: &'static str,
}

const WEEKLY: Test = Test {
    runbook: concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/babyshield/weekly_restore_drill.yaml"),
    profile: "babyshield",
    region: "eu-north-1",
    database: "babyshield",
    whole: "
        create table users (id int primary key);
        create table recalls (id int primary key, updated_at timestamptz not null);
        create table subscriptions (id int primary key, user_id int constraint subscriptions_user_id_fkey references users);
        create table family_members (id int primary key, user_id int constraint family_members_user_id_fkey references users);
        insert into users select n from generate_series(1, 15234) n;
        insert into recalls select n, now() - interval '3 hours' from generate_series(1, 458921) n;
        insert into subscriptions select n, n from generate_series(1, 8456) n;
        insert into family_members select n, 1 + n % 15234 from generate_series(1, 28123) n;
        create index recalls_updated_at_idx on recalls (updated_at);
        create index subscriptions_user_id_idx on subscriptions (user_id);
        create index family_members_user_id_idx on family_members (user_id);
        do $$ begin for n in 1..40 loop execute format('create index more_%s on users ((id + %s))', n, n); end loop; end $$;
    ",
};

const MONTHLY: Test = Test {
    runbook: concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/lecture/database_backup_test.yaml"),
    profile: "lecture-dr",
    region: "eu-central-1",
    database: "lecture",
    whole: "
        create table users (id int primary key);
        create table courses (id int primary key);
        create table enrollments (
            id int primary key, updated_at timestamptz not null,
            user_id int constraint enrollments_user_id_fkey references users,
            course_id int constraint enrollments_course_id_fkey references courses);
        insert into users select n from generate_series(1, 500) n;
        insert into courses select n from generate_series(1, 20) n;
        insert into enrollments select n, now() - interval '1 hour', n % 500 + 1, n % 20 + 1 from generate_series(1, 2000) n;
        create index enrollments_user_id_idx on enrollments (user_id);
        create index enrollments_course_id_idx on enrollments (course_id);
    ",
};

/// A copy that is not whole: what was done to it, and what each step has to say about it.
struct Planted {
    how: &'static str,
    found: &'static [(&'static str, &'static str)],
}

const WEEKLY_FAULTS: [Planted; 2] = [
    Planted {
        how: "
            update recalls set updated_at = now() - interval '72 hours';
            alter table subscriptions drop constraint subscriptions_user_id_fkey;
            insert into subscriptions select 100000 + n, 900000 + n from generate_series(1, 12) n;
            drop index family_members_user_id_idx;
            delete from recalls where id > 400000;
        ",
        found: &[
            ("counts", "table recalls has 400000 rows, it had 458921"),
            ("recent", "The data is stale"),
            ("orphans", "12 subscriptions of nobody"),
            ("indexes", "index family_members_user_id_idx is missing or not valid"),
            ("indexes", "only 46 valid indexes"),
            ("constraints", "constraint subscriptions_user_id_fkey is missing"),
        ],
    },
    Planted {
        how: "drop table family_members",
        found: &[
            ("tables", "table family_members is missing"),
            ("counts", "relation \"family_members\" does not exist (SQLSTATE 42P01)"),
            ("orphans", "relation \"family_members\" does not exist (SQLSTATE 42P01)"),
            ("indexes", "index family_members_user_id_idx is missing or not valid"),
            ("constraints", "constraint family_members_user_id_fkey is missing"),
        ],
    },
];

const MONTHLY_FAULTS: [Planted; 2] = [
    Planted {
        how: "
            update enrollments set updated_at = now() - interval '49 hours';
            alter table enrollments drop constraint enrollments_user_id_fkey;
            delete from users where id > 90;
            alter table enrollments add constraint enrollments_user_id_fkey foreign key (user_id) references users not valid;
            drop index enrollments_course_id_idx;
        ",
        found: &[
            ("counts", "table users has 90 rows, and should have 100"),
            ("recent", "The data is stale"),
            ("orphans", "1640 enrollments of nobody"),
            ("indexes", "index enrollments_course_id_idx is missing or not valid"),
            ("constraints", "constraint enrollments_user_id_fkey of enrollments is not valid"),
        ],
    },
    Planted {
        how: "drop table courses cascade",
        found: &[
            ("tables", "table courses is missing"),
            ("counts", "relation \"courses\" does not exist (SQLSTATE 42P01)"),
            ("orphans", "relation \"courses\" does not exist (SQLSTATE 42P01)"),
            ("indexes", "index courses_pkey is missing or not valid"),
            ("constraints", "constraint enrollments_course_id_fkey is missing"),
        ],
    },
];

/// Everything around one run.
struct Surroundings {
    home: Home,
    pair: Pair,
    hand: Hand,
    server: Postgres,
    test: &'static Test,
}

impl Surroundings {
    fn new(test: &'static Test, change: &str) -> Self {
        // As moto names instances, whichever cluster they belong to.
        let name = format!("*.aaaaaaaaaa.{}.rds.amazonaws.com", test.region);
        let server = Postgres::with(&[&name], test.database, "restore_check");
        let grant = "grant pg_read_all_data to restore_check";
        server.change(&format!("begin; {} {change}; {grant}; commit", test.whole), test.database);
        let (home, pair, mut hand) = (Home::new(), Pair::start(REPLICAS), Hand::new());
        sources(&mut hand, &pair, test);
        Self { home, pair, hand, server, test }
    }

    /// What an operator has at home, the password of the user who looks among it.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let Test { profile, region, .. } = self.test;
        let config = format!(
            "[profile {profile}]\nregion = {region}\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
        );
        let mut environment = self.pair.endpoints();
        environment.extend([
            ("AWS_CONFIG_FILE", self.home.write("aws/config", config)),
            ("AWS_SHARED_CREDENTIALS_FILE", self.home.write("aws/credentials", "")),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("RESTORE_CHECK_PASSWORD", PASSWORD.to_owned()),
        ]);
        environment
    }

    fn inputs(&self) -> [String; 3] {
        let authority = self.server.authority.file.display();
        [format!("ca_file={authority}"), "tunnel=127.0.0.1".to_owned(), format!("port={}", self.server.port)]
    }

    /// Nobody sits there: the targets are marked for drills, and practice codes open the gates.
    fn headless(&self) -> Said {
        let text = std::fs::read_to_string(self.test.runbook).unwrap();
        let profile = format!("profile: {} }}", self.test.profile);
        assert!(text.contains(&profile));
        let sandbox = text.replace(&profile, &profile.replace(" }", ", drill: true }"));
        let runbook = self.home.write("sandbox.yaml", sandbox);
        let mut args = vec!["drill", &runbook, "--cloud", "aws", "--no-tui", "--yes", "--operator", "alice"];
        let inputs = self.inputs();
        for input in &inputs {
            args.extend(["-i", input]);
        }
        self.home.run_in(&args, &self.environment())
    }

    /// The databases that there are, as boto3 sees them.
    fn databases(&mut self) -> Vec<Value> {
        let place = ("rds", self.test.region);
        let instances = self.hand.call(&self.pair, place, "describe_db_instances", json!({}));
        let clusters = self.hand.call(&self.pair, place, "describe_db_clusters", json!({}));
        let named = |of: &Value, list: &str, member: &str| {
            of[list].as_array().unwrap().iter().map(|one| one[member].clone()).collect::<Vec<_>>()
        };
        let instances = named(&instances, "DBInstances", "DBInstanceIdentifier");
        [instances, named(&clusters, "DBClusters", "DBClusterIdentifier")].concat()
    }

    /// The password is in nothing that was kept.
    fn no_password_is_kept(&self) {
        let mut dirs = vec![self.home.path().to_owned()];
        let mut files = 0;
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                } else if let Ok(bytes) = std::fs::read(&path) {
                    files += 1;
                    let text = String::from_utf8_lossy(&bytes);
                    assert!(!text.contains(PASSWORD), "{}", path.display());
                }
            }
        }
        assert!(files > 2);
    }
}

/// Production, and the topic that operations listen to.
fn sources(hand: &mut Hand, pair: &Pair, test: &Test) {
    let region = test.region;
    hand.call(pair, ("sns", region), "create_topic", json!({"Name": "dr-notifications"}));
    let subnets = subnets(hand, pair, region);
    let mut group = |name: &str| {
        let group = json!({"DBSubnetGroupName": name, "DBSubnetGroupDescription": name, "SubnetIds": subnets});
        hand.call(pair, ("rds", region), "create_db_subnet_group", group);
    };
    group("babyshield-db");
    group("lecture-acme-subnet-group");
    let secret = json!({"MasterUsername": "owner", "MasterUserPassword": "not-a-secret"});
    let with_secret = |mut params: Value| {
        params.as_object_mut().unwrap().extend(secret.as_object().unwrap().clone());
        params
    };
    if test.database == "babyshield" {
        let instance = with_secret(json!({
            "DBInstanceIdentifier": "babyshield-prod", "DBInstanceClass": "db.t3.medium", "Engine": "postgres",
            "AllocatedStorage": 20,
        }));
        hand.call(pair, ("rds", region), "create_db_instance", instance);
        hand.call(pair, ("rds", region), "describe_db_instances", json!({}));
    } else {
        let cluster =
            with_secret(json!({"DBClusterIdentifier": "lecture-acme-cluster", "Engine": "aurora-postgresql"}));
        hand.call(pair, ("rds", region), "create_db_cluster", cluster);
        // It is available from the second look on.
        hand.call(pair, ("rds", region), "describe_db_clusters", json!({}));
    }
}

fn subnets(hand: &mut Hand, pair: &Pair, region: &str) -> Vec<Value> {
    let found = hand.call(pair, ("ec2", region), "describe_subnets", json!({}));
    found["Subnets"].as_array().unwrap().iter().map(|subnet| subnet["SubnetId"].clone()).collect()
}

#[rstest::rstest]
#[case::weekly_restore_drill(&WEEKLY)]
#[case::database_backup_test(&MONTHLY)]
fn a_whole_backup_passes(#[case] test: &'static Test) {
    let mut around = Surroundings::new(test, "");
    let before = around.databases();
    let inputs = around.inputs();
    let mut args = vec!["run", test.runbook, "--operator", "alice"];
    for input in &inputs {
        args.extend(["-i", input]);
    }
    let mut terminal = Terminal::start_in(&around.home, WIDE, &args, &around.environment());
    terminal.patience = PATIENCE;
    begin(&mut terminal);
    let passed = People::new().walk_to_the_end(&mut terminal);
    assert!(passed.contains(&"restore".to_owned()) && passed.contains(&"publish".to_owned()), "{passed:?}");
    let end = terminal.text();
    assert!(end.contains("RECOVERED") || end.contains("SUCCEEDED"), "{end}");
    terminal.send("q");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(code, 0, "{screen}");
    // The copy is gone, and production is as it was.
    assert_eq!(around.databases(), before);
    around.no_password_is_kept();
}

#[rstest::rstest]
#[case::weekly_damaged(&WEEKLY, &WEEKLY_FAULTS[0])]
#[case::weekly_missing_table(&WEEKLY, &WEEKLY_FAULTS[1])]
#[case::monthly_damaged(&MONTHLY, &MONTHLY_FAULTS[0])]
#[case::monthly_missing_table(&MONTHLY, &MONTHLY_FAULTS[1])]
fn what_was_planted_is_found_and_named(#[case] test: &'static Test, #[case] planted: &'static Planted) {
    let mut around = Surroundings::new(test, planted.how);
    let before = around.databases();
    let said = around.headless();
    assert_eq!(said.code, 5, "{}\n{}", said.stdout, said.stderr);
    for (step, finding) in planted.found {
        let names = |line: &&str| line.contains(&format!(" {step} ")) && line.contains(" failed: ");
        let line = said.stdout.lines().chain(said.stderr.lines()).find(names);
        assert!(line.is_some_and(|line| line.contains(finding)), "{step}: {line:?}\n{}", said.stdout);
    }
    // All other questions found nothing. Nobody gave the message an address: that is noted, and stops nothing.
    let failed = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("step") && words.next() != Some("post") && line.ends_with(" failed")
    };
    let failures = said.stdout.lines().filter(|line| failed(line)).count();
    let mut steps: Vec<&str> = planted.found.iter().map(|(step, _)| *step).collect();
    steps.dedup();
    assert_eq!(failures, steps.len(), "{}", said.stdout);
    // The copy is gone whatever was wrong with it.
    assert_eq!(around.databases(), before);
    around.no_password_is_kept();
}
