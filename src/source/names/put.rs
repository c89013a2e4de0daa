//! Puts other names in the place of a template's, span by span.
//!
//! Must not know which texts are names; it is told.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::super::{inputs, scalar, yaml};
use super::OwnersName;
use crate::model::span::Span;
use crate::model::template::{Node, Tree};

/// Keys whose texts are words of the dialect or names inside the file, never names of the world.
const STRUCTURE: &[&str] =
    &["approvals", "each", "id", "if", "method", "needs", "on_failure", "role", "target", "type", "uses"];

/// Why a name cannot be put in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    #[error("`{0}` is no name of this runbook")]
    Unknown(String),
    #[error("a name is one line, and not empty")]
    NotOneLine,
    #[error("an AWS account has 12 digits")]
    NoAccount,
}

/// A text with the owner's own names: `answers` holds them by the key of the name they replace.
/// `text` is the runbook that `names` were found in, or a scenario of it.
///
/// # Errors
/// When an answer is for no name, is not one line of text, or is no account.
pub fn put_names(text: &str, names: &[OwnersName], answers: &IndexMap<String, String>) -> Result<String, PutError> {
    let mut swap = Swap::default();
    for (key, answer) in answers {
        let name = names.iter().find(|name| name.key == *key).ok_or_else(|| PutError::Unknown(key.clone()))?;
        if answer.trim().is_empty() || answer.contains(['\n', '\r']) {
            return Err(PutError::NotOneLine);
        }
        if answer == &name.value {
            continue;
        }
        if key.ends_with(".account") {
            if !inputs::is_account(answer) {
                return Err(PutError::NoAccount);
            }
            swap.accounts.push((&name.value, answer));
        } else if key == "name" {
            swap.own_name = Some(answer);
        } else if key.starts_with("contacts.") {
            swap.at.insert(key, answer);
        } else {
            swap.values.insert(&name.value, answer);
        }
    }
    // A text that is no YAML has no place to put anything.
    let (Some(tree), _) = yaml::parse(text, 0) else { return Ok(text.to_owned()) };
    swap.tree(&tree, "", text);
    Ok(swap.accounts_in(&spliced(text, &swap.edits)))
}

#[derive(Default)]
struct Swap<'a> {
    /// Old text → new text, wherever it stands as a whole value, a key, or quoted in an expression.
    values: IndexMap<&'a str, &'a str>,
    /// Path → new text, at that place only.
    at: IndexMap<&'a str, &'a str>,
    /// Old digits → new digits, anywhere.
    accounts: Vec<(&'a str, &'a str)>,
    own_name: Option<&'a str>,
    /// Start → (end, new text); a map, as an alias shows one place twice.
    edits: BTreeMap<usize, (usize, String)>,
}

impl Swap<'_> {
    fn tree(&mut self, tree: &Tree, path: &str, source: &str) {
        match &tree.node {
            Node::Scalar(_) => {}
            Node::Text(value) => self.text(value, tree.span, path, source),
            Node::List(items) => {
                for (ix, item) in items.iter().enumerate() {
                    self.tree(item, &format!("{path}[{ix}]"), source);
                }
            }
            Node::Map(members) => {
                for (key, (span, value)) in members {
                    let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if let Some(new) = self.values.get(key.as_str()).filter(|_| names_things(path)) {
                        let new = written(new, *span, source);
                        self.edits.insert(span.offset, (span.offset + span.len, new));
                    }
                    let is_confirmed = key == "type" && path.ends_with("confirm");
                    if is_confirmed
                        || !STRUCTURE.contains(&key.as_str())
                        || path.starts_with("targets")
                        || path == "mfa"
                    {
                        self.tree(value, &inner, source);
                    }
                }
            }
        }
    }

    fn text(&mut self, value: &str, span: Span, path: &str, source: &str) {
        let whole =
            if path == "name" { self.own_name } else { self.at.get(path).or_else(|| self.values.get(value)).copied() };
        let new = match whole {
            Some(new) => written(new, span, source),
            None => match self.quoted(span, source) {
                Some(new) => new,
                None => return,
            },
        };
        self.edits.insert(span.offset, (span.offset + span.len, new));
    }

    /// A text in whose expressions old names stand in quotes: `x == 'old'`.
    fn quoted(&self, span: Span, source: &str) -> Option<String> {
        let raw = source.get(span.offset..span.offset + span.len)?;
        let mut text = raw.to_owned();
        // A quote inside a quoted text would have to be written twice: no name has one.
        for (old, new) in self.values.iter().filter(|(_, new)| !new.contains(['\'', '"', '\\'])) {
            text = text.replace(&format!("'{old}'"), &format!("'{new}'"));
        }
        (text != raw && !raw.starts_with('\'')).then_some(text)
    }

    fn accounts_in(&self, text: &str) -> String {
        let mut rest = text;
        let mut out = String::with_capacity(text.len());
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let digits = rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
            let number = &rest[start..start + digits];
            out.push_str(&rest[..start]);
            out.push_str(self.accounts.iter().find(|(old, _)| *old == number).map_or(number, |(_, new)| new));
            rest = &rest[start + digits..];
        }
        out + rest
    }
}

/// Whether the keys of the map at this path are names of things (tags, a scenario's resources), and not
/// words of the dialect.
fn names_things(path: &str) -> bool {
    path.contains("with") || path.starts_with("world")
}

/// A text as it has to be written where an old one stood: in the same quotes, and plain where it was.
fn written(new: &str, span: Span, source: &str) -> String {
    let old = source.get(span.offset..span.offset + span.len).unwrap_or_default();
    if old.starts_with('\'') {
        return format!("'{}'", new.replace('\'', "''"));
    }
    let is_plain = new.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@+ ".contains(c))
        && new.starts_with(|c: char| c.is_ascii_alphanumeric() || "/_.+".contains(c))
        && new.trim() == new
        && matches!(scalar::plain(new), Node::Text(_));
    if is_plain && !old.starts_with('"') {
        return new.to_owned();
    }
    serde_json::Value::from(new).to_string()
}

fn spliced(text: &str, edits: &BTreeMap<usize, (usize, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, (end, new)) in edits {
        // Edits inside one another cannot be: texts hold no texts.
        out.push_str(text.get(at..*start).unwrap_or_default());
        out.push_str(new);
        at = *end;
    }
    out + text.get(at..).unwrap_or_default()
}
