//! Global flags and the environment, settled once: colour, glyphs, who, where.
//!
//! Must not know any verb.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use super::args::{ColorChoice, Global};
use super::exit::CliError;
use super::out::Out;

/// What every verb may want to know.
#[derive(Debug, Clone)]
pub struct Settings {
    pub out: Out,
    pub json: bool,
    /// No alternate screen: one line an event, numbered prompts.
    pub plain: bool,
    pub operator: Option<String>,
    pub state_dir: Option<PathBuf>,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a build without AWS takes the flags and needs none"))]
    pub aws: AwsFlags,
}

/// The global flags that aws has too. What the environment says is the adapter's to read.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "as `Settings::aws`"))]
pub struct AwsFlags {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint_url: Option<String>,
}

impl Settings {
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let ascii = global.ascii || dumb;
        let out = Out { color: color(global.color, dumb), ascii, quiet: global.quiet, verbose: global.verbose };
        Self {
            out,
            json: global.json,
            plain: global.plain || dumb,
            operator: global.operator.clone(),
            state_dir: global.state_dir.clone(),
            aws: AwsFlags {
                profile: global.profile.clone(),
                region: global.region.clone(),
                endpoint_url: global.endpoint_url.clone(),
            },
        }
    }

    /// The operator's name: given, or the login name.
    #[must_use]
    pub fn operator(&self) -> String {
        let login = || ["USER", "LOGNAME"].into_iter().find_map(set);
        self.operator.clone().or_else(login).unwrap_or_else(|| "operator".to_owned())
    }

    /// The directory that holds `runs/`.
    ///
    /// # Errors
    /// When neither a flag nor the environment says where.
    pub fn state_dir(&self) -> Result<PathBuf, CliError> {
        if let Some(dir) = &self.state_dir {
            return Ok(dir.clone());
        }
        base_dir("XDG_STATE_HOME", ".local/state").map(|dir| dir.join("lifeboat")).ok_or_else(|| {
            CliError::usage("no place for the state of runs: HOME is not set")
                .hint("name one with --state-dir DIR or LIFEBOAT_STATE_DIR=DIR")
        })
    }
}

/// The configuration file's path, whether or not it exists.
///
/// # Errors
/// As [`Settings::state_dir`].
pub fn config_path() -> Result<PathBuf, CliError> {
    base_dir("XDG_CONFIG_HOME", ".config").map(|dir| dir.join("lifeboat").join("config.toml")).ok_or_else(|| {
        CliError::usage("no place for the configuration: HOME is not set").hint("name one with XDG_CONFIG_HOME=DIR")
    })
}

/// Where things are kept that can be worked out again.
#[must_use]
pub fn cache_dir() -> Option<PathBuf> {
    base_dir("XDG_CACHE_HOME", ".cache").map(|dir| dir.join("lifeboat"))
}

/// A variable that is set and not empty.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The XDG rule: an absolute path in the variable, else below the home directory.
fn base_dir(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| env::home_dir().filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(below_home)))
}

fn color(choice: ColorChoice, dumb: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let refused = dumb || set("NO_COLOR").is_some() || is_ci();
            !refused && io::stdout().is_terminal() && io::stderr().is_terminal()
        }
    }
}

/// Whether this runs on a build server: then nobody answers a question.
#[must_use]
pub fn is_ci() -> bool {
    set("CI").is_some_and(|value| value != "false" && value != "0")
}
