//! The variables that a program is started with: those that it needs to work as it does when its
//! user starts it by hand, and no others, so that no unrelated secret gets into its output.
//!
//! `AWS_*` is among them, credentials too: a program stands for the `aws` or `kubectl` line that the
//! same person would type, and `kubectl` itself asks `aws` who it is. Where the step's target names
//! a profile or a region, these rule: the keys in the environment are then held back, as they would
//! win over the profile. A session that an MFA code opened is never handed on.

use std::ffi::{OsStr, OsString};

use crate::model::plan::ResolvedTarget;

const NAMES: [&str; 26] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "KUBECONFIG",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "SHELL",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ALL_PROXY",
];
const BEGINNINGS: [&str; 2] = ["AWS_", "LC_"];
/// Would be used before a profile is looked at.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Colours and pagers are for people at a terminal.
const PLAIN: [(&str, &str); 2] = [("TERM", "dumb"), ("AWS_PAGER", "")];

/// The variables of a program, from those of this process and its step's target.
pub(super) fn of(
    vars: impl Iterator<Item = (OsString, OsString)>,
    target: &ResolvedTarget,
) -> Vec<(OsString, OsString)> {
    let has_profile = target.profile.is_some();
    let mut kept: Vec<_> = vars.filter(|(name, _)| is_allowed(name, has_profile)).collect();
    for (name, value) in target.variables().into_iter().chain(PLAIN) {
        kept.retain(|(known, _)| known != name);
        kept.push((name.into(), value.into()));
    }
    kept
}

fn is_allowed(name: &OsStr, has_profile: bool) -> bool {
    let Some(name) = name.to_str() else { return false };
    let known = NAMES.contains(&name) || BEGINNINGS.iter().any(|start| name.starts_with(start));
    known && !(has_profile && KEYS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(of: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        of.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn names(kept: &[(OsString, OsString)]) -> Vec<&str> {
        kept.iter().map(|(name, _)| name.to_str().unwrap()).collect()
    }

    const MINE: [(&str, &str); 8] = [
        ("PATH", "/bin"),
        ("GITHUB_TOKEN", "secret"),
        ("LD_PRELOAD", "/tmp/x.so"),
        ("LIFEBOAT_STATE_DIR", "/x"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_REGION", "eu-central-1"),
        ("LC_ALL", "C"),
        ("TERM", "xterm"),
    ];

    #[test]
    fn only_what_is_needed_is_handed_on() {
        let kept = of(vars(&MINE).into_iter(), &ResolvedTarget::default());
        assert_eq!(names(&kept), ["PATH", "AWS_ACCESS_KEY_ID", "AWS_REGION", "LC_ALL", "TERM", "AWS_PAGER"]);
        assert!(kept.contains(&("TERM".into(), "dumb".into())));
    }

    #[test]
    fn the_targets_profile_and_region_rule() {
        let target = ResolvedTarget {
            region: Some("us-east-1".to_owned()),
            profile: Some("dr".to_owned()),
            ..ResolvedTarget::default()
        };
        let kept = of(vars(&MINE).into_iter(), &target);
        let expected = ["PATH", "LC_ALL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "TERM", "AWS_PAGER"];
        assert_eq!(names(&kept), expected);
        assert!(kept.contains(&("AWS_REGION".into(), "us-east-1".into())));
        assert!(kept.contains(&("AWS_PROFILE".into(), "dr".into())));
    }
}
