//! Text with `${{ … }}` in it, and trees of such text (`with`), each with its place.

use indexmap::IndexMap;

use super::Value;
use super::span::{Located, Span};

/// A bare expression (`if`, `expect`, `until`, `clock`, `rpa`), not yet evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    pub source: String,
    pub span: Span,
}

/// Text that may hold `${{ … }}`. Without one it renders to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub source: String,
    pub span: Span,
}

impl Template {
    #[must_use]
    pub fn is_literal(&self) -> bool {
        !self.source.contains("${{")
    }
}

/// A YAML value with the place of every node and key; strings may be templates.
#[derive(Debug, Clone)]
pub struct Tree {
    pub node: Node,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum Node {
    /// Null, boolean or number: anything that cannot hold a template.
    Scalar(Value),
    Text(String),
    List(Vec<Tree>),
    Map(IndexMap<String, (Span, Tree)>),
}

impl Tree {
    #[must_use]
    pub fn empty_map(span: Span) -> Self {
        Self { node: Node::Map(IndexMap::new()), span }
    }

    /// The members of a map; `None` for every other node.
    #[must_use]
    pub fn as_map(&self) -> Option<&IndexMap<String, (Span, Tree)>> {
        match &self.node {
            Node::Map(map) => Some(map),
            Node::Scalar(_) | Node::Text(_) | Node::List(_) => None,
        }
    }

    /// This tree's members laid over `base`'s; where either is no map, this tree stands alone.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        match (&self.node, &base.node) {
            (Node::Map(top), Node::Map(bottom)) => {
                let mut merged = bottom.clone();
                for (key, value) in top {
                    merged.insert(key.clone(), value.clone());
                }
                Self { node: Node::Map(merged), span: self.span }
            }
            _ => self.clone(),
        }
    }

    /// Every text node with its place, in document order.
    #[must_use]
    pub fn texts(&self) -> Vec<Located<&str>> {
        let mut found = Vec::new();
        self.collect_texts(&mut found);
        found
    }

    fn collect_texts<'a>(&'a self, found: &mut Vec<Located<&'a str>>) {
        match &self.node {
            Node::Scalar(_) => {}
            Node::Text(text) => found.push(Located::new(text.as_str(), self.span)),
            Node::List(items) => items.iter().for_each(|item| item.collect_texts(found)),
            Node::Map(map) => map.values().for_each(|(_, item)| item.collect_texts(found)),
        }
    }
}
