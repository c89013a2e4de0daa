//! The command line that does an action by hand: for the paper plan, for `y` on the screen, for the
//! day this tool is gone. Mostly `aws`; `curl` and `dig` for checks of the outside.
//!
//! Must not know: how these lines are run or shown.

mod composite;

use std::fmt::Write as _;

use composite::{copy_object_line, invalidation_line, metric_line, services_stable_line, update_origin_lines};

use super::outside::{DnsResolve, Exec, HttpCheck};
use super::{Action, swap};
use crate::model::plan::ResolvedTarget;
use crate::model::{Object, Value};

/// Asked when a `dns/resolve` names no resolvers.
const PUBLIC_RESOLVERS: [&str; 3] = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];

/// Actions that are not one API operation under its own name.
const COMPOSITE: [&str; 7] = [
    "aws/cloudfront.update_origin",
    "aws/cloudwatch.get_metric",
    "aws/ecs.register_task_definition",
    "aws/ecs.services_stable",
    "aws/s3.compare_with_replica",
    "aws/s3.copy_from_replica",
    "aws/s3.restore_object_version",
];

impl Action {
    /// The commands, in order, that do the same by hand; empty for what only people or the engine
    /// do. Most actions are one command; a composite one says so by being several.
    #[must_use]
    pub fn command_lines(&self, target: &ResolvedTarget) -> Vec<Vec<String>> {
        let lines = self.own_lines(target);
        if self.name().starts_with("aws/") { in_role(lines, target) } else { lines }
    }

    /// As [`Action::command_lines`], once the state that it changes has been seen (the answer of its
    /// probe): records are changed only if they still are as they were seen, by the batch that a run
    /// sends as well. Empty where such a batch would lose something.
    #[must_use]
    pub fn command_lines_seen(&self, target: &ResolvedTarget, before: Option<&Value>) -> Vec<Vec<String>> {
        let Self::ChangeResourceRecordSets(call) = self else { return self.command_lines(target) };
        let Ok(plan) = swap::plan(&call.change_batch, before) else { return Vec::new() };
        let mut swapped = call.clone();
        swapped.change_batch.changes = plan.changes;
        Self::ChangeResourceRecordSets(swapped).command_lines(target)
    }

    fn own_lines(&self, target: &ResolvedTarget) -> Vec<Vec<String>> {
        match self {
            Self::Manual(_) | Self::Note(_) | Self::Wait(_) => Vec::new(),
            Self::Exec(exec) => vec![exec_line(exec, target)],
            Self::HttpCheck(check) => vec![curl_line(check)],
            Self::DnsResolve(resolve) => dig_lines(resolve),
            Self::UpdateOrigin(update) => update_origin_lines(update, target),
            Self::CreateInvalidation(create) => vec![invalidation_line(create, target)],
            Self::RestoreObjectVersion(restore) => vec![copy_object_line(restore, target)],
            Self::ServicesStable(stable) => vec![services_stable_line(stable, target)],
            Self::GetMetric(metric) => vec![metric_line(metric, target)],
            Self::ListObjectVersions(_) => {
                let mut with = self.members();
                // The CLI pages by itself; its own bound on the total is called differently.
                if let Some(max) = with.shift_remove("max_keys") {
                    with.insert("max_items".to_owned(), max);
                }
                vec![aws_line("s3api", "list-object-versions", &with, target)]
            }
            other => other.operation().command_lines(target).unwrap_or_else(|| vec![other.plain_line(target)]),
        }
    }

    /// The line of an action that is one API operation under its own name.
    fn plain_line(&self, target: &ResolvedTarget) -> Vec<String> {
        let name = self.name().trim_start_matches("aws/");
        let (service, operation) = name.split_once('.').unwrap_or((name, ""));
        plain_line(service, operation, &self.members(), target)
    }

    fn members(&self) -> Object {
        match self.with() {
            Value::Object(members) => members,
            _ => Object::new(),
        }
    }
}

/// As [`Action::command_lines`] for inputs that may not be complete yet: where a value is still a
/// text in place of a number, the line is made of what there is. Empty for an unknown action.
#[must_use]
pub fn command_lines_of(name: &str, with: &Object, target: &ResolvedTarget) -> Vec<Vec<String>> {
    if let Ok(action) = Action::parse(name, &Value::Object(with.clone())) {
        return action.command_lines(target);
    }
    match name.strip_prefix("aws/").and_then(|name| name.split_once('.')) {
        Some((service, operation)) if Action::spec_of(name).is_some() && !COMPOSITE.contains(&name) => {
            in_role(vec![plain_line(service, operation, with, target)], target)
        }
        _ => Vec::new(),
    }
}

fn plain_line(service: &str, operation: &str, with: &Object, target: &ResolvedTarget) -> Vec<String> {
    let service = if service == "s3" { "s3api".to_owned() } else { service.replace('_', "-") };
    aws_line(&service, &operation.replace('_', "-"), with, target)
}

/// `aws SERVICE OPERATION --member value …` with the target's region and profile.
pub(super) fn aws_line(service: &str, operation: &str, members: &Object, target: &ResolvedTarget) -> Vec<String> {
    let mut line = vec!["aws".to_owned(), service.to_owned(), operation.to_owned()];
    for (name, value) in members {
        push_option(&mut line, &name.replace('_', "-"), value);
    }
    if let Some(region) = &target.region {
        push_text(&mut line, "region", region);
    }
    // With a role the profile opens the role's session: named here, it would win over that.
    if let Some(profile) = target.profile.as_ref().filter(|_| target.role.is_none()) {
        push_text(&mut line, "profile", profile);
    }
    line
}

/// A script that opens a session of a role for the rest of its shell: with a device's code, where the
/// role asks for one. No argument shows the keys.
#[must_use]
pub fn session_script(role: &str, mfa: Option<(&str, &str)>, target: &ResolvedTarget) -> String {
    let as_caller = ResolvedTarget { role: None, ..target.clone() };
    let mut members = Object::new();
    let mut add = |name: &str, value: &str| members.insert(name.to_owned(), Value::from(value));
    add("role_arn", role);
    add("role_session_name", "by-hand");
    if let Some((serial, code)) = mfa {
        add("serial_number", serial);
        add("token_code", code);
    }
    let assume = shell_line(&aws_line("sts", "assume-role", &members, &as_caller));
    format!(
        "keys=$({assume} --query \"Credentials.[AccessKeyId,SecretAccessKey,SessionToken]\" --output text) && \
         set -- $keys && export AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3"
    )
}

/// The command line has no option for a role, so each line that goes to AWS takes the target's role
/// first. Its keys stay in that one shell.
fn in_role(lines: Vec<Vec<String>>, target: &ResolvedTarget) -> Vec<Vec<String>> {
    let Some(role) = &target.role else { return lines };
    let take = session_script(role, None, target);
    let with_role = |line: Vec<String>| match line.as_slice() {
        [aws, ..] if aws == "aws" => script(format!("{take} && {}", shell_line(&line))),
        [sh, c, text] if sh == "sh" && c == "-c" => script(format!("{take} && {text}")),
        _ => line,
    };
    lines.into_iter().map(with_role).collect()
}

fn push_option(line: &mut Vec<String>, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(true) => line.push(format!("--{name}")),
        Value::Bool(false) => line.push(format!("--no-{name}")),
        Value::Number(number) => push_text(line, name, &number.to_string()),
        Value::String(text) => push_text(line, name, text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            line.push(format!("--{name}"));
            line.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Value::Array(_) | Value::Object(_) => push_text(line, name, &wire_json(value).to_string()),
    }
}

/// A value that begins with a dash would be taken for an option of its own.
pub(super) fn push_text(line: &mut Vec<String>, name: &str, text: &str) {
    if text.starts_with('-') {
        line.push(format!("--{name}={text}"));
    } else {
        line.push(format!("--{name}"));
        line.push(text.to_owned());
    }
}

/// A nested structure with its members named as on the wire.
fn wire_json(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (wire_name(name), wire_json(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(wire_json).collect()),
        other => other.clone(),
    }
}

/// `resource_record_set` → `ResourceRecordSet`, with the abbreviations that AWS keeps upper case.
fn wire_name(member: &str) -> String {
    match member {
        "ttl" => "TTL".to_owned(),
        "dns_name" => "DNSName".to_owned(),
        other => other
            .split('_')
            .map(|word| {
                let mut letters = word.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            })
            .collect(),
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(members) => members,
        _ => Object::new(),
    }
}

/// The target's region and profile go with it, as they do when lifeboat starts it.
fn exec_line(exec: &Exec, target: &ResolvedTarget) -> Vec<String> {
    let mut line = Vec::new();
    if let Some(dir) = &exec.cwd {
        line.extend(["sh", "-c", "cd -- \"$1\" && shift && exec \"$@\"", "sh", dir].map(str::to_owned));
    }
    let mut env = target.variables();
    for (name, value) in exec.env.iter().flatten() {
        env.retain(|(known, _)| known != name);
        env.push((name.as_str(), value.as_str()));
    }
    if !env.is_empty() {
        line.push("env".to_owned());
        line.extend(env.iter().map(|(name, value)| format!("{name}={value}")));
    }
    if exec.shell == Some(true) {
        line.extend(["sh", "-c"].map(str::to_owned));
    }
    line.extend(exec.argv.iter().cloned());
    line
}

fn curl_line(check: &HttpCheck) -> Vec<String> {
    let mut line = ["curl", "-sS", "-i", "--max-time", "10"].map(str::to_owned).to_vec();
    match check.method.as_deref() {
        None | Some("GET") => {}
        Some("HEAD") => line.push("--head".to_owned()),
        Some(method) => line.extend(["--request".to_owned(), method.to_owned()]),
    }
    for (name, value) in check.headers.iter().flatten() {
        line.extend(["--header".to_owned(), format!("{name}: {value}")]);
    }
    line.extend(["--url".to_owned(), check.url.clone()]);
    line
}

fn dig_lines(resolve: &DnsResolve) -> Vec<Vec<String>> {
    let kind = resolve.r#type.clone().unwrap_or_else(|| "A".to_owned());
    let line = |resolver: &str| {
        let mut line = ["dig", "+noall", "+answer"].map(str::to_owned).to_vec();
        line.extend([format!("@{resolver}"), resolve.name.clone(), kind.clone()]);
        line
    };
    match resolve.resolvers.as_deref() {
        Some(resolvers) if !resolvers.is_empty() => resolvers.iter().map(|resolver| line(resolver)).collect(),
        _ => PUBLIC_RESOLVERS.iter().map(|resolver| line(resolver)).collect(),
    }
}

/// A line that needs a shell for its redirection or substitution.
pub(super) fn script(text: String) -> Vec<String> {
    vec!["sh".to_owned(), "-c".to_owned(), text]
}

/// Percent-encoding as a copy source and a console link want it.
pub(super) fn percent_encoded(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            b'/' if keep_slash => encoded.push('/'),
            other => {
                encoded.push('%');
                for digit in [other >> 4, other & 15] {
                    encoded.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    encoded
}

/// One line that a POSIX shell reads back as exactly this argv.
#[must_use]
pub fn shell_line(argv: &[String]) -> String {
    let line = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    if !line.chars().any(char::is_control) {
        return line;
    }
    // A line break inside an argument may not break the line: the shell gets it from printf.
    let mut escaped = String::new();
    for letter in line.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            control if control.is_control() => {
                let mut bytes = [0; 4];
                for byte in control.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(escaped, "\\0{byte:03o}");
                }
            }
            other => escaped.push(other),
        }
    }
    format!("eval \"$(printf '%b' {})\"", quoted(&escaped))
}

/// A word as the shell must see it: bare when nothing in it is special.
pub(super) fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests;
