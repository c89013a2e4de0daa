//! The values of a runbook's secrets: from the environment, from files, from the person who sits there.
//!
//! A secret never comes from the command line, which every process of the machine can read, and is
//! known to the redactor before anybody else has it. A drill in the simulated cloud needs none and
//! asks for none; those at hand are hidden there too. Must not know what they are used for.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use indexmap::IndexMap;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::exit::{CliError, Exit};
use super::hidden::{self, Kind};
use super::settings::Settings;
use crate::model::Value;
use crate::model::action::messages::is_message;
use crate::model::plan::Plan;
use crate::model::redact::{self, Redactor, SHORTEST_BYTES};
use crate::model::runbook::{ActionUse, SourceFile};
use crate::model::secret::{SecretDeclaration, SecretSource, Secrets, references};

type Declared = IndexMap<String, SecretDeclaration>;

const TYPED: Kind = Kind { name: "secret", max_bytes: 4096, keeps_blanks: true };
/// More is no secret.
const FILE_MAX_BYTES: u64 = 64 * 1024;
/// Anybody but the owner.
const OTHERS: u32 = 0o077;
/// Variables that hold keys, whatever the runbook says of them.
const KEYS: [&str; 3] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"];
/// A shorter one of these is a word of a test, and hiding it would garble ordinary text.
const KEY_MIN_BYTES: usize = 16;
const PROXY_PASSWORD_MIN_BYTES: usize = 8;

/// Hides what the environment alone tells: keys of AWS, passwords of proxies.
pub fn learn_environment() {
    let known = |name: &&str| std::env::var(name).ok().map(Zeroizing::new);
    for key in KEYS.iter().filter_map(known).filter(|key| key.len() >= KEY_MIN_BYTES) {
        redact::shared().learn(&key);
    }
    for proxy in PROXIES.iter().filter_map(known) {
        let password = password_of(&proxy).filter(|password| password.len() >= PROXY_PASSWORD_MIN_BYTES);
        if let Some(password) = password {
            redact::shared().learn(password);
        }
    }
}

/// `http://user:password@proxy:3128`.
fn password_of(address: &str) -> Option<&str> {
    let authority = address.split_once("://").map_or(address, |(_, rest)| rest).split('/').next()?;
    authority.rsplit_once('@')?.0.split_once(':').map(|(_, password)| password)
}

/// Hides the secrets that are at hand, where none is needed. Nobody is asked.
///
/// # Errors
/// When one stands in the runbook or an input itself.
pub fn hide(plan: &Plan, files: &[SourceFile]) -> Result<(), CliError> {
    let found = plan.secrets.iter().filter_map(|(name, one)| Some((name.as_str(), at_hand(name, one).ok()??)));
    found.into_iter().try_for_each(|(name, value)| accept(name, &value, plan, files))
}

/// The secrets that are at hand, for whoever can do without the others. Nobody is asked.
pub fn at_hand_for(declared: &Declared) -> Secrets {
    let mut secrets = Secrets::default();
    for (name, one) in declared {
        if let Ok(Some(value)) = at_hand(name, one)
            && value.len() >= SHORTEST_BYTES
        {
            redact::shared().learn(&value);
            secrets.insert(name, SecretString::from(value.as_str()));
        }
    }
    secrets
}

/// Every secret of a run in the real world.
///
/// # Errors
/// The first that is not to be had, is too short to be hidden, or stands in the runbook itself.
pub fn gather(settings: &Settings, plan: &Plan, files: &[SourceFile], is_headless: bool) -> Result<Secrets, CliError> {
    // What the environment or a file lacks is asked for too.
    let may_ask = !is_headless && !plan.secrets.is_empty();
    let _unseen = may_ask.then(hidden::Unseen::begin);
    let mut secrets = Secrets::default();
    for (name, declared) in &plan.secrets {
        let value = match at_hand(name, declared)? {
            Some(value) => value,
            // No run waits for a message: without its secret it is noted as not sent.
            None if declared.source != SecretSource::Ask && is_only_for_messages(name, plan) => continue,
            None if !is_headless && hidden::is_person() => typed(settings, name, declared)?,
            None => return Err(missing(name, declared)),
        };
        accept(name, &value, plan, files)?;
        secrets.insert(name, SecretString::from(value.as_str()));
    }
    Ok(secrets)
}

/// Whether nothing but messages to people needs it.
fn is_only_for_messages(name: &str, plan: &Plan) -> bool {
    let uses = plan.steps.iter().flat_map(|step| {
        let checks = step.checks.iter().chain(&step.verify).filter_map(|check| check.uses.as_ref());
        std::iter::once(&step.uses).chain(checks).chain(&step.rollback)
    });
    let needs = |uses: &&ActionUse| uses.with.texts().iter().any(|text| references(text.value).contains(&name));
    let mut needed = uses.filter(needs).peekable();
    needed.peek().is_some() && needed.all(|uses| is_message(&uses.action.value))
}

fn missing(name: &str, declared: &SecretDeclaration) -> CliError {
    let (why, hint) = match &declared.source {
        SecretSource::Env(variable) => {
            (format!("the variable {variable} is not set"), format!("set {variable} where lifeboat is started"))
        }
        SecretSource::File(path) => {
            (format!("there is no file `{path}`"), "make it with mode 0600 and the secret in it".to_owned())
        }
        SecretSource::Ask => (
            "nobody is here to be asked".to_owned(),
            format!("start at a terminal, or say in the runbook where `{name}` is: `env: NAME` or `file: PATH`"),
        ),
    };
    CliError::new(Exit::Credentials, format!("the secret `{name}` is missing: {why}")).hint(hint)
}

/// The value, where one can be had without asking.
fn at_hand(name: &str, declared: &SecretDeclaration) -> Result<Option<Zeroizing<String>>, CliError> {
    let value = match &declared.source {
        SecretSource::Env(variable) => std::env::var(variable).ok().map(Zeroizing::new),
        SecretSource::File(path) => in_file(name, path)?,
        SecretSource::Ask => None,
    };
    Ok(value.filter(|value| !value.is_empty()))
}

fn in_file(name: &str, path: &str) -> Result<Option<Zeroizing<String>>, CliError> {
    let failed = |why: String| CliError::new(Exit::Credentials, format!("failed to read the secret `{name}`: {why}"));
    let place = match path.strip_prefix("~/") {
        Some(rest) => std::env::home_dir().map_or_else(|| PathBuf::from(path), |home| home.join(rest)),
        None => PathBuf::from(path),
    };
    // A pipe in its place is not waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = match File::options().read(true).custom_flags(flags).open(&place) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(format!("`{path}`: {error}"))),
    };
    let about = file.metadata().map_err(|error| failed(error.to_string()))?;
    if !about.is_file() || about.len() > FILE_MAX_BYTES {
        return Err(failed(format!("`{path}` is no file with a secret in it")));
    }
    if about.mode() & OTHERS != 0 {
        return Err(failed(format!("others may read `{path}`")).hint(format!("chmod 600 {path}")));
    }
    let room = usize::try_from(about.len()).unwrap_or(0) + 1;
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.read_to_string(&mut text).map_err(|error| failed(format!("`{path}`: {error}")))?;
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    Ok(Some(text))
}

fn typed(settings: &Settings, name: &str, declared: &SecretDeclaration) -> Result<Zeroizing<String>, CliError> {
    let help = declared.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    hidden::ask(settings, &format!("The secret `{name}`{help}:"), TYPED)
}

/// Makes the value known to the redactor, and refuses what could not be kept secret.
fn accept(name: &str, value: &str, plan: &Plan, files: &[SourceFile]) -> Result<(), CliError> {
    let refused = |why: String, hint: &str| Err(CliError::new(Exit::Credentials, why).hint(hint));
    if value.len() < SHORTEST_BYTES {
        let why = format!(
            "the secret `{name}` has fewer than {SHORTEST_BYTES} characters: it could not be kept out of sight"
        );
        return refused(why, "use a longer one");
    }
    let own = Redactor::default();
    own.learn(value);
    if let Some(file) = files.iter().find(|file| matches!(own.text(&file.text), std::borrow::Cow::Owned(_))) {
        let why = format!("the value of the secret `{name}` stands in `{}`", file.path);
        return refused(why, "the runbook is kept in the journal: write `secret:NAME` there, and change the secret");
    }
    let mut inputs = Value::Object(plan.inputs.clone());
    own.hide_in(&mut inputs);
    if inputs != Value::Object(plan.inputs.clone()) {
        let why = format!("an input holds the value of the secret `{name}`");
        return refused(why, "inputs are kept in the journal and shown; leave it to `secret:NAME`");
    }
    redact::shared().learn(value);
    Ok(())
}

#[cfg(test)]
mod tests;
