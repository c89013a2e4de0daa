//! What an action makes and what it takes away for good, by kind and name: a run may take away only
//! what it has made itself.
//!
//! Knows names. Must not know what a run has made so far, nor who is asked before anything goes.

use super::cli::Command;
use crate::model::Value;
use crate::model::time::parse_rfc3339_ms;

/// What sort of thing it is: a name means something only within its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    DbCluster,
    DbInstance,
    DbClusterSnapshot,
    DbSnapshot,
    Table,
    ReplicationGroup,
    CacheSnapshot,
    LogGroup,
    /// `bucket/key`: the only kind whose name proves by itself whose it is, as it can hold the run's id.
    Object,
    /// What an operation takes away of which no more is known than its name (`ec2 terminate-instances`).
    Unknown,
}

impl Kind {
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::DbCluster => "DB cluster",
            Self::DbInstance => "DB instance",
            Self::DbClusterSnapshot => "DB cluster snapshot",
            Self::DbSnapshot => "DB snapshot",
            Self::Table => "table",
            Self::ReplicationGroup => "replication group",
            Self::CacheSnapshot => "cache snapshot",
            Self::LogGroup => "log group",
            Self::Object => "object",
            Self::Unknown => "whatever is named in",
        }
    }

    /// Whether the service takes `Shop` and `shop` for the same name.
    const fn ignores_case(&self) -> bool {
        match self {
            Self::DbCluster
            | Self::DbInstance
            | Self::DbClusterSnapshot
            | Self::DbSnapshot
            | Self::ReplicationGroup
            | Self::CacheSnapshot => true,
            Self::Table | Self::LogGroup | Self::Object | Self::Unknown => false,
        }
    }
}

/// One thing of the cloud by its name. An ARN is no such name: it may lie in another region or account,
/// so it is never the name of what a run has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: Kind,
    pub name: String,
}

impl Resource {
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Self {
        let name = if kind.ignores_case() { name.to_ascii_lowercase() } else { name.to_owned() };
        Self { kind, name }
    }

    /// Whether its name says whose it is: an object whose key holds the run's id.
    #[must_use]
    pub fn is_named_after(&self, run: &str) -> bool {
        let key = self.name.split_once('/').map_or("", |(_, key)| key);
        self.kind == Kind::Object && run.len() >= 16 && key.contains(run)
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind.word(), self.name)
    }
}

/// A restore job that has ended well, as AWS Backup tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub job: String,
    /// The recovery point that it restored.
    pub source: String,
    pub made: Resource,
    /// When the job was created, by the service's clock (Unix ms).
    pub created_ms: Option<i64>,
}

/// The jobs in an answer that have made something.
#[must_use]
pub fn finished(action: &str, answer: &Value) -> Vec<Finished> {
    let jobs: Vec<&Value> = match action {
        "aws/backup.describe_restore_job" => vec![answer],
        "aws/backup.list_restore_jobs" => answer["restore_jobs"].as_array().into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    jobs.into_iter().filter(|job| job["status"] == "COMPLETED").filter_map(finished_job).collect()
}

fn finished_job(job: &Value) -> Option<Finished> {
    Some(Finished {
        job: job["restore_job_id"].as_str()?.to_owned(),
        source: job["recovery_point_arn"].as_str()?.to_owned(),
        made: of_arn(job["created_resource_arn"].as_str()?)?,
        created_ms: job["creation_date"].as_str().and_then(|time| parse_rfc3339_ms(time).ok()),
    })
}

/// `arn:aws:rds:REGION:ACCOUNT:db:NAME` and the like.
fn of_arn(arn: &str) -> Option<Resource> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts[..] {
        [_, _, "rds", _, _, "cluster", name] => Some(Resource::new(Kind::DbCluster, name)),
        [_, _, "rds", _, _, "db", name] => Some(Resource::new(Kind::DbInstance, name)),
        [_, _, "dynamodb", _, _, table] => table.strip_prefix("table/").map(|name| Resource::new(Kind::Table, name)),
        _ => None,
    }
}

/// What a restore of AWS Backup makes, as its metadata says.
#[must_use]
pub fn restored<'a>(metadata: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<Resource> {
    let kind = |name: &str| match name.to_ascii_lowercase().as_str() {
        "dbinstanceidentifier" => Some(Kind::DbInstance),
        "dbclusteridentifier" => Some(Kind::DbCluster),
        "targettablename" => Some(Kind::Table),
        _ => None,
    };
    metadata.into_iter().filter_map(|(name, value)| Some(Resource::new(kind(name)?, value))).collect()
}

/// Whether an action may take anything away; its inputs say whether it does, and what.
#[must_use]
pub fn may_delete(action: &str) -> bool {
    action.contains(".delete_") || matches!(action, "exec" | "aws/cli")
}

/// Words with which an operation's name begins that takes something away for good.
const DELETES: [&str; 6] = ["delete-", "terminate-", "remove-", "purge-", "release-", "batch-delete-"];
/// Further ones, by service.
const DELETES_TOO: [(&str, &str); 3] = [("s3", "rm"), ("s3", "rb"), ("s3", "mv")];

/// Operations of the command line whose name member a typed action may have made.
const NAMED: [(&str, &str, Name, Kind); 8] = [
    ("rds", "delete-db-cluster", ("DBClusterIdentifier", "--db-cluster-identifier"), Kind::DbCluster),
    ("rds", "delete-db-instance", ("DBInstanceIdentifier", "--db-instance-identifier"), Kind::DbInstance),
    (
        "rds",
        "delete-db-cluster-snapshot",
        ("DBClusterSnapshotIdentifier", "--db-cluster-snapshot-identifier"),
        Kind::DbClusterSnapshot,
    ),
    ("rds", "delete-db-snapshot", ("DBSnapshotIdentifier", "--db-snapshot-identifier"), Kind::DbSnapshot),
    ("dynamodb", "delete-table", ("TableName", "--table-name"), Kind::Table),
    (
        "elasticache",
        "delete-replication-group",
        ("ReplicationGroupId", "--replication-group-id"),
        Kind::ReplicationGroup,
    ),
    ("elasticache", "delete-snapshot", ("SnapshotName", "--snapshot-name"), Kind::CacheSnapshot),
    ("logs", "delete-log-group", ("logGroupName", "--log-group-name"), Kind::LogGroup),
];

/// A member of an operation's input, and the option that sets it.
type Name = (&'static str, &'static str);

/// Whether an operation of the command line takes something away for good.
#[must_use]
pub fn is_delete(service: &str, operation: &str, args: &[String]) -> bool {
    DELETES.iter().any(|start| operation.starts_with(start))
        || DELETES_TOO.contains(&(service, operation))
        || (service == "s3" && args.iter().any(|arg| arg == "--delete"))
}

/// What a command of the `aws` program takes away.
#[must_use]
pub fn deleted_by(command: &Command<'_>) -> Vec<Resource> {
    if !is_delete(command.service, command.operation, command.args) {
        return Vec::new();
    }
    let unknown = || vec![Resource::new(Kind::Unknown, &format!("{} {}", command.service, command.operation))];
    let member = |(name, option): Name| {
        let given = command.input.and_then(|input| input.get(name)).and_then(Value::as_str);
        let mut found: Vec<&str> = given.into_iter().collect();
        found.extend(values_of(command.args, option));
        // Two names, and it is not known which of them counts.
        match found[..] {
            [one] => Some(one.to_owned()),
            _ => None,
        }
    };
    let object = match (command.service, command.operation) {
        ("s3api", "delete-object") => {
            member(("Bucket", "--bucket")).zip(member(("Key", "--key"))).map(|(bucket, key)| format!("{bucket}/{key}"))
        }
        ("s3", "rm") => match command.args {
            [address] => address.strip_prefix("s3://").map(str::to_owned),
            _ => None,
        },
        _ => None,
    };
    if let Some(object) = object {
        return vec![Resource::new(Kind::Object, &object)];
    }
    let named =
        NAMED.iter().find(|(service, operation, ..)| (*service, *operation) == (command.service, command.operation));
    match named.and_then(|(.., name, kind)| Some(Resource::new(kind.clone(), &member(*name)?))) {
        Some(found) => vec![found],
        None => unknown(),
    }
}

/// A word as a program's name, without its path.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// What a script takes away through `aws`: something, if any of its words says so.
#[must_use]
pub fn deleted_by_script(script: &str) -> Vec<Resource> {
    let words: Vec<&str> = script.split(|c: char| c.is_whitespace() || ";|&()`'\"".contains(c)).collect();
    let ends = |pair: &&[&str]| {
        DELETES.iter().any(|start| pair[1].starts_with(start)) || DELETES_TOO.contains(&(pair[0], pair[1]))
    };
    let ended = words.windows(2).find(ends).map(|pair| pair[1]);
    let ended = ended.or_else(|| words.contains(&"--delete").then_some("--delete"));
    let is_of_aws = words.iter().any(|word| program(word) == "aws");
    ended.filter(|_| is_of_aws).map(|word| Resource::new(Kind::Unknown, word)).into_iter().collect()
}

/// What a program takes away that is started by its words: `aws` itself, or a shell with a script.
/// `goes_elsewhere`: its environment leads to another place than the target.
#[must_use]
pub fn deleted_by_argv(argv: &[String], goes_elsewhere: bool) -> Vec<Resource> {
    match (argv.first().map(|first| program(first)), argv) {
        (Some("aws"), _) => {}
        (Some("sh" | "bash" | "dash" | "zsh"), [_, options @ .., script]) if !options.is_empty() => {
            return deleted_by_script(script);
        }
        _ => return Vec::new(),
    }
    let mut rest = &argv[1..];
    while let Some(first) = rest.first().filter(|word| word.starts_with("--")) {
        let is_alone = first.contains('=') || first.starts_with("--no-") || first == "--debug";
        rest = rest.get(if is_alone { 1 } else { 2 }..).unwrap_or_default();
    }
    let [service, operation, words @ ..] = rest else { return Vec::new() };
    let found = deleted_by(&Command { service, operation, args: words, input: None, query: None, only_reads: false });
    // Where it goes is not the target's, so the name says nothing.
    let elsewhere = ["--region", "--profile", "--endpoint-url"];
    let is_elsewhere =
        goes_elsewhere || argv.iter().any(|word| elsewhere.iter().any(|option| word.starts_with(option)));
    let vague = |one: Resource| match one.kind {
        Kind::Object => one,
        _ if is_elsewhere => Resource::new(Kind::Unknown, &format!("{service} {operation}")),
        _ => one,
    };
    found.into_iter().map(vague).collect()
}

/// What follows an option, each time that it stands there.
fn values_of<'a>(args: &'a [String], option: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (ix, arg) in args.iter().enumerate() {
        if arg == option {
            found.extend(args.get(ix + 1).map(String::as_str));
        } else if let Some(value) = arg.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
            found.push(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn argv(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_line_of_the_aws_program_says_what_it_takes_away() {
        let by = |line: &str| deleted_by_argv(&argv(line), false);
        assert_eq!(
            by("aws rds delete-db-cluster --db-cluster-identifier Shop"),
            [Resource::new(Kind::DbCluster, "shop")]
        );
        assert_eq!(
            by("/usr/bin/aws --cli-read-timeout 9 --no-cli-pager dynamodb delete-table --table-name=T"),
            [Resource::new(Kind::Table, "T")]
        );
        assert_eq!(by("aws s3api delete-object --bucket b --key k/x"), [Resource::new(Kind::Object, "b/k/x")]);
        assert_eq!(by("aws s3 rm s3://b/k"), [Resource::new(Kind::Object, "b/k")]);
        for vague in [
            "aws s3 rm s3://b/k --recursive",
            "aws s3 sync a s3://b --delete",
            "aws ec2 terminate-instances --instance-ids i-1",
            "aws rds delete-db-cluster --db-cluster-identifier a --db-cluster-identifier b",
            "aws rds delete-db-cluster",
            "aws rds delete-db-cluster --db-cluster-identifier a --region eu-west-1",
        ] {
            assert_eq!(by(vague)[0].kind, Kind::Unknown, "{vague}");
        }
        let line = argv("aws rds delete-db-cluster --db-cluster-identifier a");
        assert_eq!(deleted_by_argv(&line, true)[0].kind, Kind::Unknown);
        let script = |text: &str| deleted_by_argv(&["sh".into(), "-c".into(), text.into()], false).len();
        assert_eq!(script("for i in 1 2; do aws ec2 terminate-instances --instance-ids $i; done"), 1);
        assert_eq!(script("/usr/bin/aws s3 rm s3://b/k"), 1);
        assert_eq!(script("aws s3 ls | grep delete"), 0);
        assert_eq!(script("psql -c 'delete from x'"), 0);
        for harmless in ["aws s3 ls", "aws s3 sync a s3://b", "psql -c delete", "aws", "aws ecs update-service"] {
            assert_eq!(by(harmless), [], "{harmless}");
        }
    }

    #[test]
    fn only_an_objects_key_says_whose_it_is() {
        let run = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
        let object = |name: String| Resource::new(Kind::Object, &name).is_named_after(run);
        assert!(object(format!("media/backup-test/{run}.txt")));
        assert!(!object(format!("media-{run}/logo.png")), "a bucket is no key");
        assert!(!object("media/logo.png".to_owned()));
        assert!(!Resource::new(Kind::DbCluster, &format!("copy-{run}")).is_named_after(run));
        assert!(!Resource::new(Kind::Object, "b/R.txt").is_named_after("R"), "too short to be nobody else's");
    }

    #[test]
    fn a_job_tells_what_it_has_made_once_it_is_complete() {
        let mut job = json!({
            "restore_job_id": "J", "status": "COMPLETED", "recovery_point_arn": "arn:p",
            "created_resource_arn": "arn:aws:rds:us-east-1:111122223333:db:copy", "creation_date": "1970-01-01T00:00:01Z",
        });
        let made = finished("aws/backup.describe_restore_job", &job);
        assert_eq!((&made[0].made, made[0].created_ms), (&Resource::new(Kind::DbInstance, "copy"), Some(1000)));
        assert_eq!(finished("aws/backup.list_restore_jobs", &json!({"restore_jobs": [job]})).len(), 1);
        job["status"] = json!("RUNNING");
        assert_eq!(finished("aws/backup.describe_restore_job", &job), []);
    }

    /// Whoever adds an action that takes something away says so, or it could name anything.
    #[test]
    fn every_action_that_deletes_by_its_name_says_what() {
        for spec in crate::model::action::SPECS {
            let action = crate::model::action::examples::example(spec.name).unwrap();
            let operation = spec.name.rsplit(['.', '/']).next().unwrap_or_default();
            let ends = ["delete_", "terminate_", "purge_"].iter().any(|verb| operation.starts_with(verb));
            let deletes = !action.operation().deletes().is_empty();
            assert!((!ends || deletes) && (!deletes || may_delete(spec.name)), "{}", spec.name);
            let makes = operation.starts_with("create_")
                || operation.starts_with("restore_db_")
                || operation.starts_with("restore_table");
            let is_made = !action.operation().creates().is_empty() || spec.name == "aws/cloudfront.create_invalidation";
            assert!(!makes || is_made, "{}", spec.name);
        }
    }
}
