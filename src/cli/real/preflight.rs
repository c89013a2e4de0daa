//! Who we are at each target, before anything begins: the right account, or no run.
//!
//! Must not know how AWS is asked.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use super::targets::name_of;
use crate::cli::exit::{CliError, Exit};
use crate::model::event::TargetIdentity;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::plan::ResolvedTarget;

/// How long a target may take to say who we are. A lost region says nothing at all.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// Whoever can say who we are.
pub trait Identities: Send + Sync {
    fn identity<'a>(&'a self, target: &'a ResolvedTarget) -> BoxFuture<'a, Result<TargetIdentity, CloudError>>;
}

/// What a target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub target: ResolvedTarget,
    pub identity: Result<TargetIdentity, CloudError>,
}

/// Asks every target, all at once.
pub async fn ask(identities: &dyn Identities, targets: &[ResolvedTarget], patience: Duration) -> Vec<Answer> {
    let one = async |target: &ResolvedTarget| {
        let asked = tokio::time::timeout(patience, identities.identity(target)).await;
        let identity = asked.unwrap_or_else(|_| Err(silence(patience)));
        Answer { target: target.clone(), identity }
    };
    join_all(targets.iter().map(one)).await
}

/// The person behind the keys: the identity that the first answering target starts from, before any
/// role is taken on there.
pub async fn person(identities: &dyn Identities, answers: &[Answer]) -> Option<String> {
    let first = answers.iter().find(|answer| answer.identity.is_ok())?;
    if first.target.role.is_none() {
        return first.identity.as_ref().ok().and_then(|identity| person_of(&identity.arn));
    }
    let own = ResolvedTarget { role: None, account: None, ..first.target.clone() };
    let identity = tokio::time::timeout(PATIENCE, identities.identity(&own)).await.ok()?.ok()?;
    person_of(&identity.arn)
}

fn silence(patience: Duration) -> CloudError {
    CloudError {
        kind: CloudErrorKind::Unavailable,
        code: "NoAnswer".to_owned(),
        message: format!("no answer within {} s", patience.as_secs()),
        request_id: None,
    }
}

/// Whether the run may begin: no target has said no, and at least one has said yes. A target in a lost
/// region may say nothing; every later call to it is checked again before it is sent.
///
/// # Errors
/// Exit 4: the place, the reason, and a way out.
pub fn judge(answers: &[Answer]) -> Result<(), CliError> {
    let refusals: Vec<(&Answer, String)> =
        answers.iter().filter_map(|answer| refusal(answer).map(|why| (answer, why))).collect();
    if let Some((first, _)) = refusals.first() {
        let lines: Vec<String> =
            refusals.iter().map(|(answer, why)| format!("target {}: {why}", name_of(&answer.target))).collect();
        return Err(CliError::new(Exit::Credentials, lines.join("; ")).hint(way_out(first)));
    }
    let answered = answers.iter().any(|answer| answer.identity.is_ok());
    if answered || answers.is_empty() {
        return Ok(());
    }
    let why = |answer: &Answer| answer.identity.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<String> = answers.iter().map(|one| format!("{}: {}", name_of(&one.target), why(one))).collect();
    Err(CliError::new(Exit::Credentials, format!("no target says who we are: {}", lines.join("; ")))
        .hint("look at the network, and at AWS_ENDPOINT_URL if it is set"))
}

/// Why an answer forbids the run, if it does.
fn refusal(answer: &Answer) -> Option<String> {
    match &answer.identity {
        Ok(identity) => {
            let wanted = answer.target.account.as_ref().filter(|account| **account != identity.account)?;
            Some(format!("account {} is expected, and these keys belong to {}", wanted, identity.account))
        }
        Err(error) => match error.kind {
            // Nothing was said: not yes, not no.
            CloudErrorKind::Unavailable | CloudErrorKind::UnknownOutcome | CloudErrorKind::Throttled => None,
            CloudErrorKind::Denied | CloudErrorKind::Expired | CloudErrorKind::NotFound | CloudErrorKind::Invalid => {
                Some(error.to_string())
            }
        },
    }
}

/// A run goes on in the accounts in which it was begun.
///
/// # Errors
/// Exit 4, when a target's keys now belong to another account.
pub fn same_accounts(before: &[TargetIdentity], answers: &[Answer]) -> Result<(), CliError> {
    for now in answers.iter().filter_map(|answer| answer.identity.as_ref().ok()) {
        let other = before.iter().find(|one| one.target == now.target && one.account != now.account);
        if let Some(other) = other {
            let message = format!(
                "target {}: the run was begun in account {}, and these keys belong to {}",
                now.target, other.account, now.account
            );
            return Err(CliError::new(Exit::Credentials, message).hint("choose that account's profile: --profile NAME"));
        }
    }
    Ok(())
}

fn way_out(answer: &Answer) -> String {
    let profile = answer.target.profile.as_deref().filter(|profile| !profile.is_empty());
    match &answer.identity {
        Ok(_) => "choose the profile of that account: --profile NAME".to_owned(),
        Err(error) if error.code == "WrongAccount" => "choose the profile of that account: --profile NAME".to_owned(),
        Err(error) if error.kind == CloudErrorKind::Expired => log_in(profile),
        Err(_) => {
            let login = log_in(profile);
            format!("{login}; or --profile NAME; or --profile '' for the credentials of the environment")
        }
    }
}

fn log_in(profile: Option<&str>) -> String {
    profile.map_or_else(|| "aws sso login".to_owned(), |profile| format!("aws sso login --profile {profile}"))
}

/// `arn:aws:sts::1:assumed-role/dr-operator/alice` → `alice`; of a user, the user's name.
#[must_use]
pub fn person_of(arn: &str) -> Option<String> {
    let resource = arn.splitn(6, ':').nth(5)?;
    let name = resource.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, account: &str) -> ResolvedTarget {
        ResolvedTarget {
            name: name.to_owned(),
            account: Some(account.to_owned()),
            profile: Some("lecture-dr".to_owned()),
            ..ResolvedTarget::default()
        }
    }

    fn is(name: &str, wanted: &str, account: &str) -> Answer {
        let arn = format!("arn:aws:sts::{account}:assumed-role/dr-operator/alice");
        let identity = TargetIdentity { target: name.to_owned(), account: account.to_owned(), arn, region: None };
        Answer { target: target(name, wanted), identity: Ok(identity) }
    }

    fn says(name: &str, kind: CloudErrorKind) -> Answer {
        let error = CloudError { kind, code: "Code".to_owned(), message: "message".to_owned(), request_id: None };
        Answer { target: target(name, "111122223333"), identity: Err(error) }
    }

    #[test]
    fn a_target_of_another_account_ends_it() {
        let refused = judge(&[is("dr", "111122223333", "999900001111")]).unwrap_err();
        assert_eq!(refused.exit, Exit::Credentials);
        assert!(refused.message.contains("target dr: account 111122223333 is expected"), "{}", refused.message);
        assert!(refused.message.contains("999900001111"), "{}", refused.message);
        assert!(refused.hint.unwrap().contains("--profile"));
    }

    #[test]
    fn a_login_that_has_expired_ends_it_and_says_how_to_renew_it() {
        let refused = judge(&[is("far", "1", "1"), says("dr", CloudErrorKind::Expired)]).unwrap_err();
        assert_eq!(
            (refused.exit, refused.hint.as_deref()),
            (Exit::Credentials, Some("aws sso login --profile lecture-dr"))
        );
        for kind in [CloudErrorKind::Denied, CloudErrorKind::Invalid, CloudErrorKind::NotFound] {
            assert_eq!(judge(&[is("far", "1", "1"), says("dr", kind)]).unwrap_err().exit, Exit::Credentials);
        }
    }

    #[test]
    fn a_lost_region_that_says_nothing_does_not_prevent_it() {
        for kind in [CloudErrorKind::Unavailable, CloudErrorKind::UnknownOutcome, CloudErrorKind::Throttled] {
            assert_eq!(judge(&[says("primary", kind), is("dr", "1", "1")]), Ok(()));
            let refused = judge(&[says("primary", kind), says("dr", kind)]).unwrap_err();
            assert!(refused.message.starts_with("no target says who we are: primary: Code: message"));
        }
        assert_eq!(judge(&[]), Ok(()), "a runbook without any AWS needs none");
    }

    #[test]
    fn a_run_goes_on_where_it_was_begun() {
        let identity = |answer: Answer| answer.identity.unwrap();
        let before = [identity(is("dr", "1", "1")), identity(is("far", "2", "2"))];
        assert_eq!(same_accounts(&before, &[is("dr", "1", "1"), says("far", CloudErrorKind::Unavailable)]), Ok(()));
        let refused = same_accounts(&before, &[is("dr", "1", "1"), is("far", "2", "3")]).unwrap_err();
        assert_eq!(refused.exit, Exit::Credentials);
        assert!(refused.message.contains("begun in account 2") && refused.message.contains("belong to 3"));
    }

    #[test]
    fn people_are_the_end_of_their_arn() {
        for (arn, person) in [
            ("arn:aws:sts::1:assumed-role/dr-operator/alice", Some("alice")),
            ("arn:aws:iam::1:user/ops/bob", Some("bob")),
            ("arn:aws:iam::1:root", Some("root")),
            ("arn:aws:sts::1:federated-user/carol@example.org", Some("carol@example.org")),
            ("nonsense", None),
        ] {
            assert_eq!(person_of(arn).as_deref(), person, "{arn}");
        }
    }

    /// Tells two identities apart by whether a role is taken on.
    struct Roles;

    impl Identities for Roles {
        fn identity<'a>(&'a self, target: &'a ResolvedTarget) -> BoxFuture<'a, Result<TargetIdentity, CloudError>> {
            let arn = match &target.role {
                Some(_) => "arn:aws:sts::1:assumed-role/dr-operator/01K9RUN",
                None => "arn:aws:iam::1:user/alice",
            };
            let (target, arn) = (target.name.clone(), arn.to_owned());
            Box::pin(async move { Ok(TargetIdentity { target, account: "1".to_owned(), arn, region: None }) })
        }
    }

    #[tokio::test]
    async fn the_operator_is_the_person_behind_a_role() {
        let with_role =
            ResolvedTarget { role: Some("arn:aws:iam::1:role/dr-operator".to_owned()), ..target("dr", "1") };
        let answers = ask(&Roles, &[with_role], PATIENCE).await;
        assert!(answers[0].identity.as_ref().unwrap().arn.ends_with("01K9RUN"));
        assert_eq!(person(&Roles, &answers).await.as_deref(), Some("alice"));
    }

    /// Never says anything.
    struct Silent;

    impl Identities for Silent {
        fn identity<'a>(&'a self, _target: &'a ResolvedTarget) -> BoxFuture<'a, Result<TargetIdentity, CloudError>> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let answers = ask(&Silent, &[target("primary", "1"), target("dr", "1")], Duration::ZERO).await;
        assert!(answers.iter().all(|one| one.identity.as_ref().is_err_and(|e| e.kind == CloudErrorKind::Unavailable)));
        assert_eq!(judge(&answers).unwrap_err().exit, Exit::Credentials);
    }
}
