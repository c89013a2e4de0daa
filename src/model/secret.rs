//! References to secrets (`secret:NAME`) and, in the hands of an adapter, their values.
//!
//! A runbook, a plan, a request, a journal and a screen hold references only, so digests, exports and
//! `plan` have nothing to hide. An adapter fills in the values at the last moment, in the few
//! places that are kept from argv, logs and answers. Must not know where values come from.

use std::fmt;

use indexmap::IndexMap;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::Value;
use super::span::Span;
use super::template::{Node, Tree};

const PREFIX: &str = "secret:";

/// Members of actions whose texts may refer to secrets: maps of texts, or one text.
pub const PLACES: &[(&str, &str)] = &[
    ("exec", "env"),
    ("http/check", "headers"),
    ("sql/query", "password_from"),
    ("redis/command", "password_from"),
    ("slack/post", "webhook"),
    ("slack/post", "token"),
    ("teams/post", "webhook"),
    ("webhook/post", "url"),
    ("webhook/post", "headers"),
    ("pagerduty/change_event", "routing_key"),
];

/// Where the value of a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of lifeboat's own environment.
    Env(String),
    /// A file that nobody else may read.
    File(String),
    /// The person at the keyboard.
    Ask,
}

/// A secret as a runbook declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretDeclaration {
    pub source: SecretSource,
    pub help: Option<String>,
    pub span: Span,
}

/// The names that a text refers to, in order.
#[must_use]
pub fn references(text: &str) -> Vec<&str> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None }).collect()
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// A reference stands by itself: not at the end of a word, nor inside an ARN (`…:secret:name`).
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut from, mut done) = (0, 0);
    while let Some(at) = text[from..].find(PREFIX).map(|at| from + at) {
        let name = &text[at + PREFIX.len()..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let is_alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_:-.".contains(c));
        from = at + PREFIX.len() + end;
        if is_alone && name[..end].starts_with(|c: char| c.is_ascii_lowercase()) {
            found.extend([Piece::Text(&text[done..at]), Piece::Name(&name[..end])]);
            done = from;
        }
    }
    found.push(Piece::Text(&text[done..]));
    found
}

/// Whether a member of an action may refer to secrets.
#[must_use]
pub fn is_place(action: &str, member: &str) -> bool {
    PLACES.contains(&(action, member))
}

/// Finds a reference that does not stand in the runbook itself but came in with a value: what a
/// program or a cloud answers may not choose which secret goes where.
#[must_use]
pub fn smuggled(action: &str, written: &Tree, rendered: &Value) -> Option<String> {
    let mut members = rendered.as_object()?.iter().filter(|(member, _)| is_place(action, member));
    let written = written.as_map();
    members.find_map(|(member, value)| foreign(written.and_then(|map| map.get(member)).map(|(_, tree)| tree), value))
}

fn foreign(written: Option<&Tree>, rendered: &Value) -> Option<String> {
    match rendered {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) => {
            let name = references(text).first().copied()?;
            let is_own = written.is_some_and(|tree| matches!(&tree.node, Node::Text(own) if own == text));
            (!is_own).then(|| name.to_owned())
        }
        Value::Array(items) => items.iter().find_map(|item| foreign(None, item)),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let own = written.and_then(Tree::as_map).and_then(|map| map.get(name)).map(|(_, tree)| tree);
            references(name).first().map(|name| (*name).to_owned()).or_else(|| foreign(own, member))
        }),
    }
}

/// A secret that is needed and not at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret `{0}` is not at hand")]
pub struct NoSecret(pub String);

/// Values by name. Never printed, never serialised, wiped when it is over.
#[derive(Clone, Default)]
pub struct Secrets(IndexMap<String, SecretString>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    pub fn insert(&mut self, name: &str, value: SecretString) {
        self.0.insert(name.to_owned(), value);
    }

    /// A text with its references replaced by the values.
    ///
    /// # Errors
    /// The first secret that is not at hand.
    pub fn fill(&self, text: &str) -> Result<SecretString, NoSecret> {
        let pieces = pieces(text);
        let value = |name: &str| self.0.get(name).ok_or_else(|| NoSecret(name.to_owned()));
        let mut room = text.len();
        for piece in &pieces {
            if let Piece::Name(name) = piece {
                room += value(name)?.expose_secret().len();
            }
        }
        // Large enough from the start: a text that grows leaves copies of itself behind.
        let mut filled = Zeroizing::new(String::with_capacity(room));
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name(name) => filled.push_str(value(name)?.expose_secret()),
            }
        }
        Ok(SecretString::from(filled.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_stands_by_itself() {
        assert_eq!(references("secret:token"), ["token"]);
        assert_eq!(references("Bearer secret:token_2, (secret:b)"), ["token_2", "b"]);
        assert_eq!(references("/secret:hook?x"), ["hook"]);
        for text in [
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:name-AbCdEf",
            "my_secret:token",
            "the secret: keep it",
            "secret:",
            "secret:Upper",
            "secret:1",
            "",
        ] {
            assert_eq!(references(text), Vec::<&str>::new(), "{text}");
        }
    }

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.insert("token", SecretString::from("hunter22"));
        secrets
    }

    #[test]
    fn values_are_filled_in_and_nothing_else_is_touched() {
        let filled = |text: &str| secrets().fill(text).map(|filled| filled.expose_secret().to_owned());
        assert_eq!(filled("Bearer secret:token!").unwrap(), "Bearer hunter22!");
        assert_eq!(filled("a:secret:token ünder").unwrap(), "a:secret:token ünder");
        assert_eq!(filled("secret:tokens").unwrap_err(), NoSecret("tokens".to_owned()));
    }

    #[test]
    fn no_value_is_ever_printed() {
        let secrets = secrets();
        assert_eq!(
            format!("{secrets:?} {:?}", secrets.fill("secret:token")),
            "{\"token\"} Ok(SecretBox<str>([REDACTED]))"
        );
    }

    fn text(source: &str) -> (Span, Tree) {
        (Span::default(), Tree { node: Node::Text(source.to_owned()), span: Span::default() })
    }

    fn map(members: Vec<(&str, (Span, Tree))>) -> (Span, Tree) {
        let members = members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect();
        (Span::default(), Tree { node: Node::Map(members), span: Span::default() })
    }

    #[test]
    fn a_reference_that_came_in_with_a_value_is_found() {
        let (_, own) = map(vec![("env", map(vec![("A", text("secret:token")), ("B", text("${{ steps.x.result }}"))]))]);
        let rendered = |b: &str| json!({"env": {"A": "secret:token", "B": b}, "argv": ["secret:token"]});
        assert_eq!(smuggled("exec", &own, &rendered("fine")), None);
        assert_eq!(smuggled("exec", &own, &rendered("x secret:token")), Some("token".to_owned()));
        assert_eq!(smuggled("note", &own, &rendered("secret:token")), None);
        let (_, whole) = map(vec![("env", text("${{ vars.env }}"))]);
        assert_eq!(smuggled("exec", &whole, &rendered("fine")), Some("token".to_owned()));
    }
}
