//! The words of the command line, as clap reads them. Only verbs that do something are listed.
//!
//! Must not know how any verb does its work.

mod record;
mod timeline;

use std::path::PathBuf;

pub use timeline::{Schema, SchemaOf, Timeline, TimelineFormat};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::model::plan::Intent;

pub use record::{Note, Report, ReportFormat};

const AFTER_HELP: &str = "\
FILE is a path, or the name of a shipped runbook. RUN is a run's id, a unique
prefix of it, or `last`.

Exit codes:
  0  done, objectives met        5  stopped, can be resumed
  1  failed                      6  aborted by the operator
  2  usage, or invalid file      7  locked by another process
  3  done, RTO or RPO missed     8  journal damaged
  4  credentials or MFA      128+n  ended by signal n
                               101  a bug: lifeboat has panicked; can be resumed";

/// Walk a disaster-recovery runbook from the terminal: confirmed step by step, timed, and written down.
#[derive(Debug, Parser)]
#[command(
    name = "lifeboat",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
pub struct Arguments {
    /// Show the plan of this runbook; nothing is ever run this way
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

impl Arguments {
    /// Every verb's name.
    #[must_use]
    pub fn verbs() -> Vec<String> {
        let command = Self::command();
        command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
    }
}

/// Flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub struct Global {
    /// Who drives; without it the AWS identity, in a simulated drill the login name
    #[arg(long, global = true, value_name = "NAME")]
    pub operator: Option<String>,
    /// The AWS profile, in place of the targets' own; an empty one: the credentials of the environment
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The AWS region, where the runbook's target names none
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Send every AWS call to this endpoint
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Print JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN", hide_possible_values = true, help = "When to use colour: auto, always or never")]
    pub color: ColorChoice,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// No full screen: one line an event, numbered prompts (also for screen readers)
    #[arg(long, global = true)]
    pub plain: bool,
    /// Where runs are kept, in DIR/runs/
    #[arg(long, global = true, value_name = "DIR", env = "LIFEBOAT_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,
    /// Say less on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find everything that is wrong with runbooks, each with its place and a way out
    Check(Check),
    /// Show what a runbook would do: steps in order, calls, who must act, the critical path
    Plan(Plan),
    /// Run a runbook against AWS, for real
    Run(Live),
    /// Rehearse a runbook against the simulated cloud, or a sandbox account
    Drill(Drill),
    /// Go on with a run where it stopped
    Resume(Resume),
    /// Approve a step that waits for it, from another terminal of this machine and with your own device
    Approve(Approve),
    /// Follow a run on a second screen that cannot do anything
    Watch(Watch),
    /// Show the state of a run
    Status(Run),
    /// List the runs kept here, or compare two of them
    Runs(Runs),
    /// Write a note into a run's journal
    Note(Note),
    /// Export what happened, when, by whom
    Timeline(Timeline),
    /// Pack a run's evidence into one file that can be checked on any machine
    Export(Export),
    /// Sign a journal's head with an SSH key
    Sign(Sign),
    /// Recompute the hash chain of a journal, or check a bundle: every byte, signatures, CloudTrail
    Verify(Verify),
    /// Drills and incidents of a period: objectives, trends, rehearsals due, open action items
    Report(Report),
    /// MFA devices kept here: enrol one, try it, list them
    Mfa(Mfa),
    /// Make a runbook of your own from a shipped one: asks for the names, and leaves a valid file
    New(New),
    /// Explain a finding's code
    Explain(Explain),
    /// Print a JSON Schema: of runbooks, scenarios or timelines; or what a post-mortem template may name
    Schema(Schema),
    /// Look at this terminal, the state directory and the clock
    Doctor,
    /// Where the configuration is
    Config(Config),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

const AFTER_CHECK: &str = "\
With --live each thing that a step takes for granted is one line:
  ✓ ok       as the step needs it
  ✗ gap      the step would fail; what to do stands below it
  ? unknown  it could not be asked: no rights, no answer, no datapoint
  · later    which one is meant is known only during the run
Exit code 0: all is well. 1: a gap, or something unknown. 4: no credentials work.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_CHECK)]
pub struct Check {
    /// Runbooks to check
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Then ask AWS whether every step could work there now; only reads are sent
    #[arg(long)]
    pub live: bool,
    /// With --live: give an input its value; may be repeated
    #[arg(short, long = "input", value_name = "NAME=VALUE", requires = "live")]
    pub inputs: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Plan {
    /// The runbook
    pub file: String,
    /// Give an input its value; may be repeated
    #[arg(short, long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// md is a paper fallback that a person can follow without this tool
    #[arg(short = 'o', long = "output", value_enum, default_value_t = PlanFormat::Text)]
    pub output: PlanFormat,
}

impl Plan {
    /// As `lifeboat FILE` means it.
    #[must_use]
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), inputs: Vec::new(), output: PlanFormat::Text }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    Text,
    Md,
    Json,
}

#[derive(Debug, Args)]
pub struct Live {
    /// The runbook
    pub file: String,
    /// Give an input its value; may be repeated
    #[arg(short, long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// emergency: the `emergency:` variant of each step applies
    #[arg(long, value_enum, default_value_t = IntentChoice::Planned, value_name = "planned|emergency", hide_possible_values = true)]
    pub mode: IntentChoice,
    // Known only to be refused in our own words.
    #[arg(long, hide = true)]
    pub no_tui: bool,
    #[arg(long, hide = true)]
    pub yes: bool,
}

/// The calm variant of each step, or the desperate one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IntentChoice {
    Planned,
    Emergency,
}

impl From<IntentChoice> for Intent {
    fn from(choice: IntentChoice) -> Self {
        match choice {
            IntentChoice::Planned => Self::Planned,
            IntentChoice::Emergency => Self::Emergency,
        }
    }
}

/// What a drill acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CloudChoice {
    Sim,
    Aws,
}

#[derive(Debug, Args)]
pub struct Drill {
    /// The runbook; without it, choose from the shipped ones
    pub file: Option<String>,
    /// sim: the simulated cloud. aws: accounts that the runbook's targets mark `drill: true`
    #[arg(long, value_enum, default_value_t = CloudChoice::Sim, value_name = "sim|aws", hide_possible_values = true)]
    pub cloud: CloudChoice,
    /// emergency: the `emergency:` variant of each step applies
    #[arg(long, value_enum, default_value_t = IntentChoice::Planned, value_name = "planned|emergency", hide_possible_values = true)]
    pub mode: IntentChoice,
    /// What the simulated world looks like and what goes wrong: a name beside the runbook, or a path
    #[arg(long, value_name = "NAME|PATH")]
    pub scenario: Option<String>,
    /// The same seed replays the same drill
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Keep the faults from the operator
    #[arg(long)]
    pub surprise: bool,
    /// Give an input its value; may be repeated
    #[arg(short, long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    #[command(flatten)]
    pub face: Face,
}

/// How a drill is driven.
#[derive(Debug, Clone, Args)]
pub struct Face {
    /// Virtual seconds a real second, or max
    #[arg(long, value_name = "N|max")]
    pub speed: Option<String>,
    /// Virtual seconds a real second while people are awaited
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = people_speed)]
    pub people_speed: f64,
    /// No screen; needs --yes
    #[arg(long)]
    pub no_tui: bool,
    /// Answer every gate, with practice MFA codes; in drills only
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Resume {
    /// The run's id, a unique prefix, or last
    pub run: String,
    #[command(flatten)]
    pub face: Face,
}

const AFTER_APPROVE: &str = "\
What is to be approved is shown first; the code of your device then approves it. There is no flag
for the code, so that it ends up in no history. A script in a drill writes it to stdin, as a line.

An approval counts for this attempt of this very request, once, and until it expires. Nobody can
approve a step of a run that they drive.

Exit code 0: approved. 1: not in the run's present state. 2: no such step, or not this person.
4: the code does not count, or there is no device. 5: nobody drives the run. 7: the run is driven
by a process that takes no approvals.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_APPROVE)]
pub struct Approve {
    /// The run's id, a unique prefix, or last
    pub run: String,
    /// The step, as the run's screen names it
    pub step: String,
    /// Who approves, as the runbook's roles name them
    #[arg(long = "as", value_name = "NAME")]
    pub by: String,
}

#[derive(Debug, Args)]
pub struct Watch {
    /// The run's id, a unique prefix, or last; or the path of a journal, a copy for example
    #[arg(value_name = "RUN|PATH")]
    pub run: String,
}

#[derive(Debug, Args)]
pub struct Runs {
    #[command(subcommand)]
    pub what: Option<RunsVerb>,
}

#[derive(Debug, Subcommand)]
pub enum RunsVerb {
    /// Show what was different in two runs, and which steps got slower
    Diff(RunsDiff),
}

#[derive(Debug, Args)]
pub struct RunsDiff {
    /// The run to compare with: an id, a unique prefix, or last
    pub a: String,
    /// The run that is compared
    pub b: String,
}

#[derive(Debug, Args)]
pub struct Run {
    /// The run's id, a unique prefix, or last
    pub run: String,
}

const AFTER_EXPORT: &str = "\
The bundle is a tar file: the journal byte for byte, the runbook, large answers, the timeline in
each format, the SHA-256 of each file, and how to check it all by hand. The same journal always
makes the same bytes. Of a run that still goes on it holds the records so far.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_EXPORT)]
pub struct Export {
    /// The run's id, a unique prefix, or last
    pub run: String,
    /// Write the bundle to this file
    #[arg(long, value_name = "FILE.tar")]
    pub bundle: PathBuf,
    /// Sign the head first, with this SSH key (as `lifeboat sign --key`)
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
}

const AFTER_SIGN: &str = "\
ssh-keygen signs: the key stays in its agent, its token or its file, and its passphrase goes to
nobody else. The signature lies beside the journal and in every bundle made later. Several people
may sign, and one may sign again when records have been added.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_SIGN)]
pub struct Sign {
    /// The run's id, a unique prefix, or last
    pub run: String,
    /// The SSH key; of one that an agent or a token holds, its public half (KEY.pub)
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,
}

const AFTER_VERIFY: &str = "\
PATH is a bundle, a journal or a copy of one; nothing else of this machine is needed then.

With --cloudtrail each call that changed something must have an event with its request id that says
the same, and each such event of this run's identities, while it went on, must be recorded. Fetch
events of every region that the run worked in, and of us-east-1 for Route 53 and CloudFront, not
before 15 minutes have passed: for example

  aws cloudtrail lookup-events --region REGION --start-time BEGIN --end-time END > events.json

Exit code 0: whole, and all that was asked for holds. 1: not signed as asked, or CloudTrail tells it
otherwise. 8: changed, cut or not what it says it is.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_VERIFY)]
pub struct Verify {
    /// The run's id, a unique prefix, or last; or the path of a bundle or a journal
    #[arg(value_name = "RUN|PATH")]
    pub run: String,
    /// Whose signatures count: a file as ssh-keygen(1) describes under ALLOWED SIGNERS
    #[arg(long, value_name = "FILE")]
    pub allowed_signers: Option<PathBuf>,
    /// Who must have signed, as that file names them; anybody in it unless given
    #[arg(long, value_name = "NAME", requires = "allowed_signers")]
    pub identity: Option<String>,
    /// Compare the recorded calls with CloudTrail's events: files as they lie in S3 (also .gz), or what
    /// `aws cloudtrail lookup-events` prints
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub cloudtrail: Vec<PathBuf>,
    /// With --cloudtrail: also list reads that the journal does not know
    #[arg(long, requires = "cloudtrail")]
    pub reads: bool,
}

#[derive(Debug, Args)]
pub struct Mfa {
    #[command(subcommand)]
    pub what: MfaVerb,
}

#[derive(Debug, Subcommand)]
pub enum MfaVerb {
    /// Make a device: a QR code for an authenticator app, shown once; counts after a code has proved it
    #[command(visible_alias = "enrol")]
    Enroll(MfaEnroll),
    /// Ask for a code and say whether it counts; it is used up
    Test(MfaTest),
    /// List the devices: whose, since when, last used
    List,
}

#[derive(Debug, Args)]
pub struct MfaEnroll {
    /// Whose device, as the runbook's roles name them; the operator unless given
    pub name: Option<String>,
    /// Take the place of the present device, which must give a code
    #[arg(long)]
    pub replace: bool,
}

#[derive(Debug, Args)]
pub struct MfaTest {
    /// Whose device; the operator's unless given
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct New {
    /// A shipped runbook, or the path of another; without it, choose one
    pub template: Option<String>,
    /// The file to write, never over an existing one; the runbook's own name unless given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Give a name without being asked (`--list` shows the keys); may be repeated
    #[arg(long = "set", value_name = "KEY=NAME")]
    pub set: Vec<String>,
    /// Ask nothing: names that are not given stay as the template has them
    #[arg(long)]
    pub defaults: bool,
    /// Show what would be asked, and write nothing
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A finding's code; without it, all are listed
    pub code: Option<String>,
}

#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    pub what: ConfigVerb,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigVerb {
    /// Print the path of the configuration file
    Path,
}

#[derive(Debug, Args)]
pub struct Completions {
    pub shell: Shell,
}

fn people_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(times) if (1.0..=60.0).contains(&times) => Ok(times),
        _ => Err("write a number from 1 (as it is) to 60".to_owned()),
    }
}
