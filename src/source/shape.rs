//! Reads a map of the tree by hand: takes known keys, reports unknown ones, wrong types and
//! missing members, and always goes on, so that one pass finds everything.

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, did_you_mean_or_list};
use super::keys::Key;
use super::sink::Sink;
use crate::model::Value;
use crate::model::span::{Located, Span};
use crate::model::template::{Expr, Node, Template, Tree};
use crate::model::time::parse_duration_ms;

/// What a node is, in words, for "expected X, found Y".
pub(super) fn describe(tree: &Tree) -> String {
    match &tree.node {
        Node::Scalar(Value::Null) => "nothing".to_owned(),
        Node::Scalar(Value::Bool(yes)) => format!("`{yes}`"),
        Node::Scalar(value) => format!("the number {value}"),
        Node::Text(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
        Node::Text(_) => "a text".to_owned(),
        Node::List(_) => "a list".to_owned(),
        Node::Map(_) => "a map".to_owned(),
    }
}

/// Reports that a node is of the wrong type.
pub(super) fn wrong_type(what: &str, expected: &str, tree: &Tree, sink: &mut Sink) {
    let message = format!("{what}: expected {expected}, found {}", describe(tree));
    let is_bare = matches!(&tree.node, Node::Scalar(value) if !value.is_null());
    let help = if is_bare && expected.contains("text") {
        "put it in quotes".to_owned()
    } else {
        format!("write {expected} here")
    };
    sink.push(Diagnostic::error("LB102", tree.span, message).help(help));
}

/// A map being read. Every reader takes the sink, reports what is wrong, and gives what it could read.
pub(super) struct Shape<'t> {
    members: &'t IndexMap<String, (Span, Tree)>,
    pub(super) span: Span,
    what: String,
}

impl<'t> Shape<'t> {
    /// Begins to read `tree` as a map that holds the keys of `table`, and reports every other key.
    pub(super) fn of(what: impl Into<String>, tree: &'t Tree, table: &[Key], sink: &mut Sink) -> Option<Self> {
        let what = what.into();
        let Some(members) = tree.as_map() else {
            wrong_type(&what, "a map", tree, sink);
            return None;
        };
        for (key, (span, _)) in members {
            if !key.starts_with("x-") && !sink.is_full() && !table.iter().any(|known| known.name == key) {
                let finding = Diagnostic::error("LB101", *span, format!("{what} has no key `{key}`"));
                sink.push(finding.maybe_help(did_you_mean_or_list(key, table.iter().map(|known| known.name))));
            }
        }
        Some(Self { members, span: tree.span, what })
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Tree> {
        self.members.get(key).map(|(_, tree)| tree)
    }

    /// As [`Self::get`], where leaving it out is an error.
    pub(super) fn require(&self, key: &str, sink: &mut Sink) -> Option<&'t Tree> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", self.what);
            sink.push(Diagnostic::error("LB103", self.span, message).help(format!("add `{key}:` here")));
        }
        found
    }

    fn name(&self, key: &str) -> String {
        format!("`{key}`{}{}", if self.what.is_empty() { "" } else { " of " }, self.what)
    }

    pub(super) fn text(&self, key: &str, sink: &mut Sink) -> Option<Located<String>> {
        text(&self.name(key), self.get(key)?, sink)
    }

    pub(super) fn plain_text(&self, key: &str, sink: &mut Sink) -> Option<String> {
        self.text(key, sink).map(|text| text.value)
    }

    pub(super) fn template(&self, key: &str, sink: &mut Sink) -> Option<Template> {
        self.text(key, sink).map(|text| Template { source: text.value, span: text.span })
    }

    pub(super) fn expr(&self, key: &str, sink: &mut Sink) -> Option<Expr> {
        expr(&self.name(key), self.get(key)?, sink)
    }

    pub(super) fn boolean(&self, key: &str, sink: &mut Sink) -> Option<bool> {
        let tree = self.get(key)?;
        if let Node::Scalar(Value::Bool(yes)) = tree.node {
            return Some(yes);
        }
        wrong_type(&self.name(key), "`true` or `false`", tree, sink);
        None
    }

    /// A whole number of at least `least`.
    pub(super) fn count(&self, key: &str, least: u32, sink: &mut Sink) -> Option<u32> {
        let tree = self.get(key)?;
        let number = match &tree.node {
            Node::Scalar(value) => value.as_u64().and_then(|n| u32::try_from(n).ok()),
            _ => None,
        };
        if number.is_none_or(|n| n < least) {
            wrong_type(&self.name(key), &format!("a whole number from {least}"), tree, sink);
        }
        number.filter(|n| *n >= least)
    }

    pub(super) fn duration(&self, key: &str, sink: &mut Sink) -> Option<Located<u64>> {
        duration(&self.name(key), self.get(key)?, sink)
    }

    pub(super) fn list(&self, key: &str, sink: &mut Sink) -> Option<&'t [Tree]> {
        list(&self.name(key), self.get(key)?, sink)
    }

    /// A list of words; a single word stands for a list of one.
    pub(super) fn words(&self, key: &str, sink: &mut Sink) -> Option<Vec<Located<String>>> {
        let tree = self.get(key)?;
        let name = self.name(key);
        if let Node::Text(word) = &tree.node {
            return Some(vec![Located::new(word.clone(), tree.span)]);
        }
        let items = list(&name, tree, sink)?;
        Some(items.iter().filter_map(|item| text(&format!("an item of {name}"), item, sink)).collect())
    }

    /// A map with free keys that are identifiers.
    pub(super) fn named(&self, key: &str, sink: &mut Sink) -> Vec<(&'t str, Span, &'t Tree)> {
        let Some(tree) = self.get(key) else { return Vec::new() };
        let Some(members) = tree.as_map() else {
            wrong_type(&self.name(key), "a map", tree, sink);
            return Vec::new();
        };
        let mut found = Vec::with_capacity(members.len());
        for (name, (span, member)) in members {
            if name.starts_with("x-") {
                continue;
            }
            check_id(name, *span, sink);
            found.push((name.as_str(), *span, member));
        }
        found
    }

    /// One of the words given.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], sink: &mut Sink) -> Option<T> {
        let text = self.text(key, sink)?;
        word(&self.name(key), &text, words, sink)
    }
}

pub(super) fn text(what: &str, tree: &Tree, sink: &mut Sink) -> Option<Located<String>> {
    if let Node::Text(text) = &tree.node {
        return Some(Located::new(text.clone(), tree.span));
    }
    wrong_type(what, "a text", tree, sink);
    None
}

/// Items of a list; 0 for anything else.
pub(super) fn length(tree: &Tree) -> usize {
    match &tree.node {
        Node::List(items) => items.len(),
        Node::Scalar(_) | Node::Text(_) | Node::Map(_) => 0,
    }
}

pub(super) fn list<'t>(what: &str, tree: &'t Tree, sink: &mut Sink) -> Option<&'t [Tree]> {
    if let Node::List(items) = &tree.node {
        return Some(items);
    }
    wrong_type(what, "a list", tree, sink);
    None
}

/// A bare expression; one wrapped in `${{ }}` as a whole is taken too.
pub(super) fn expr(what: &str, tree: &Tree, sink: &mut Sink) -> Option<Expr> {
    let source = match &tree.node {
        Node::Text(text) => text.trim(),
        Node::Scalar(value) if !value.is_null() => return Some(Expr { source: value.to_string(), span: tree.span }),
        Node::Scalar(_) | Node::List(_) | Node::Map(_) => {
            wrong_type(what, "an expression", tree, sink);
            return None;
        }
    };
    let inner = source.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).filter(|rest| !rest.contains("}}"));
    Some(Expr { source: inner.unwrap_or(source).trim().to_owned(), span: tree.span })
}

pub(super) fn duration(what: &str, tree: &Tree, sink: &mut Sink) -> Option<Located<u64>> {
    let (written, is_number) = match &tree.node {
        Node::Text(text) => (text.clone(), false),
        Node::Scalar(Value::Number(number)) => (number.to_string(), true),
        Node::Scalar(_) | Node::List(_) | Node::Map(_) => {
            wrong_type(what, "a duration like `90s` or `1h30m`", tree, sink);
            return None;
        }
    };
    match parse_duration_ms(&written) {
        Ok(ms) if !is_number => Some(Located::new(ms, tree.span)),
        Ok(_) => None,
        Err(error) => {
            let help = if is_number || written.bytes().all(|b| b.is_ascii_digit()) {
                format!("add a unit: `{written}s` for seconds, `{written}m` for minutes")
            } else {
                "write a number with a unit: `90s`, `30m`, `1h30m`, `2d`".to_owned()
            };
            sink.push(Diagnostic::error("LB105", tree.span, format!("{what}: {error}")).help(help));
            None
        }
    }
}

pub(super) fn word<T: Copy>(what: &str, text: &Located<String>, words: &[(&str, T)], sink: &mut Sink) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let names = words.iter().map(|(word, _)| *word);
        let finding = Diagnostic::error("LB106", text.span, format!("{what} cannot be `{}`", text.value));
        let list = format!("one of: {}", names.clone().collect::<Vec<_>>().join(", "));
        let near = super::diagnostic::did_you_mean(&text.value, names);
        sink.push(finding.help(near.map_or(list.clone(), |near| format!("{near} ({list})"))));
    }
    found
}

/// Whether a name may stand in an expression.
pub(super) fn is_id(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

pub(super) fn check_id(name: &str, span: Span, sink: &mut Sink) {
    if is_id(name) {
        return;
    }
    let finding = Diagnostic::error("LB104", span, format!("`{name}` cannot be an id"));
    let better = name.to_lowercase().replace(['-', '.', ' '], "_");
    sink.push(if is_id(&better) {
        finding.help(format!("write `{better}`: letters a-z, digits and `_`, as ids stand in expressions"))
    } else {
        finding.help("an id begins with a letter a-z and holds letters, digits and `_`, 64 at most")
    });
}
