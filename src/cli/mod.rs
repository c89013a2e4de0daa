//! Floor 4: the command line: verbs, exit codes, JSON.
//!
//! Knows: what a person or a script typed, and which room does it. Must not know how a run works:
//! everything about runs is asked of the floors below.

mod approve;
pub mod args;
mod check;
mod check_live;
mod doctor;
mod drill;
mod echo;
mod evidence;
pub mod exit;
mod export;
mod face;
mod files;
mod fingerprint;
mod harden;
mod hidden;
mod kept;
mod mfa;
mod new;
mod note;
mod office;
mod out;
mod past;
mod plan;
mod postmortem;
mod real;
mod report;
mod runs;
mod schema;
mod secrets;
mod session;
mod settings;
mod shell;
pub mod shipped;
mod sign;
mod signals;
mod simulated;
mod ssh;
mod start;
mod summary;
mod timeline;
mod verify;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, ConfigVerb, RunsVerb, Verb};
use exit::{CliError, Exit, Outcome};
use settings::Settings;

/// How long a terminal may take with the last words to it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Reads the command line, does what it says, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    harden::leave_no_dumps();
    harden::guard_panics();
    secrets::learn_environment();
    signals::outlive_size_signal();
    #[cfg(feature = "aws")]
    if let Some(ended) = crate::outside::asked_to_keep(std::env::args_os()) {
        return ended;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // The first word names a file wherever it is no verb: of a misspelt verb, clap would blame what follows.
            let first = std::env::args_os().nth(1).filter(|_| error.kind() == ErrorKind::UnknownArgument);
            let error = match first.and_then(|word| files::misspelt(word.to_str()?)) {
                Some(why) => Arguments::command().error(ErrorKind::InvalidSubcommand, why),
                None => error,
            };
            // Help goes to stdout and is no error; a closed pipe changes neither.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let settings = Settings::new(&arguments.global);
    match dispatch(&settings, &arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let (exit, out) = (error.exit, settings.out);
            match exit {
                // Nobody may be reading any more, and this process has to end.
                Exit::Signal(_) | Exit::Panicked => out::within(LAST_WORDS, move || out.error(&error)),
                _ => out.error(&error),
            }
            exit.into()
        }
    }
}

fn dispatch(settings: &Settings, arguments: &Arguments) -> Outcome {
    match (&arguments.verb, &arguments.file) {
        (Some(_), Some(file)) => Err(CliError::usage(format!("`{file}` stands before the verb"))
            .hint("write the verb first: lifeboat VERB FILE")),
        (None, None) => Err(CliError::usage("nothing to do").hint("lifeboat --help lists the verbs")),
        (None, Some(file)) => plan::plan(settings, &args::Plan::of(file)),
        (Some(verb), None) => verb_of(settings, verb),
    }
}

fn verb_of(settings: &Settings, verb: &Verb) -> Outcome {
    match verb {
        Verb::Check(wanted) => check::check(settings, wanted),
        Verb::Plan(wanted) => plan::plan(settings, wanted),
        Verb::Run(wanted) => real::run(settings, wanted),
        Verb::Drill(wanted) if real::is_wanted(wanted) => real::drill(settings, wanted),
        Verb::Drill(wanted) => drill::drill(settings, wanted),
        Verb::Resume(wanted) => drill::resume(settings, wanted),
        Verb::Approve(wanted) => approve::approve(settings, wanted),
        Verb::Watch(wanted) => watch::watch(settings, wanted),
        Verb::Status(run) => runs::status(settings, &run.run),
        Verb::Runs(wanted) => match &wanted.what {
            None => runs::list(settings),
            Some(RunsVerb::Diff(wanted)) => runs::diff::diff(settings, wanted),
        },
        Verb::Note(wanted) => note::note(settings, wanted),
        Verb::Timeline(wanted) => timeline::timeline(settings, wanted),
        Verb::Report(wanted) => report::period(settings, wanted),
        Verb::Mfa(wanted) => mfa::mfa(settings, wanted),
        Verb::New(wanted) => new::new(settings, wanted),
        Verb::Explain(wanted) => schema::explain(settings, wanted),
        Verb::Schema(wanted) => schema::schema(wanted),
        Verb::Export(wanted) => export::export(settings, wanted),
        Verb::Sign(wanted) => sign::sign(settings, wanted),
        Verb::Verify(wanted) => verify::verify(settings, wanted),
        Verb::Doctor => doctor::doctor(settings),
        Verb::Config(config) => match config.what {
            ConfigVerb::Path => config_path(),
        },
        Verb::Completions(wanted) => shell::completions(wanted),
        Verb::Man => shell::man(),
    }
}

fn config_path() -> Outcome {
    out::line(&settings::config_path()?.display().to_string())?;
    Ok(Exit::Done)
}
