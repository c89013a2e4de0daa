//! YAML text → located tree, within bounds. Knows nothing of runbooks.
//!
//! It listens to the parser's events directly: a syntax error ends the reading, but every duplicate
//! key is found, aliases and merge keys count against the budget before anything is copied, and no
//! recursion follows the input.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};
use indexmap::IndexMap;

use super::diagnostic::Diagnostic;
use super::scalar;
use crate::model::span::Span;
use crate::model::template::{Node, Tree};

/// Largest file that is read at all.
pub const MAX_BYTES: usize = 256 * 1024;
/// Nodes of one file, copies made by aliases included.
pub const MAX_NODES: usize = 100_000;
/// Duplicate keys that are reported before reading stops.
const MAX_DUPLICATES: usize = 100;
/// Maps and lists inside each other.
pub const MAX_DEPTH: usize = 48;

const TOO_DEEP: &str = "a runbook needs no more than a dozen levels: is a bracket left open?";

/// Parses one file. The tree is missing when its text is no YAML, or too much of it.
pub(super) fn parse(text: &str, file: u16) -> (Option<Tree>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        return (None, vec![too_large(text.len() as u64, file)]);
    }
    let mut builder = Builder { file, ..Builder::default() };
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let step = match next {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => Err(builder.syntax_error(&error, text)),
        };
        if let Err(fatal) = step {
            builder.found.push(fatal);
            return (None, builder.found);
        }
    }
    (builder.root, builder.found)
}

/// The finding for a file above the bound; its text was not looked at.
pub(super) fn too_large(bytes: u64, file: u16) -> Diagnostic {
    let span = Span { file, line: 1, column: 1, offset: 0, len: 0 };
    Diagnostic::error("LB002", span, format!("the file has {} KiB; a runbook may have 256 KiB", bytes.div_ceil(1024)))
        .help("split it with `include:`, or move long texts behind links")
}

/// The first bracket left open on the line above. The parser reads ahead: where an error stops it, it
/// has not always told of the map that is to blame.
fn open_bracket(text: &str, line: usize) -> Option<(char, usize, usize)> {
    let lines: Vec<&str> = text.lines().take(line.saturating_sub(1)).collect();
    let above = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    for (ix, c) in lines[above].chars().enumerate() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            // A quote inside a word is an apostrophe.
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '#') if before == ' ' => break,
            (None, '[' | '{') => open.push((c, ix + 1)),
            (None, ']' | '}') => {
                open.pop();
            }
            (Some(_) | None, _) => {}
        }
        before = c;
    }
    open.first().map(|&(bracket, column)| (bracket, above + 1, column))
}

fn syntax_help(info: &str, line: &str) -> &'static str {
    if info.contains("tab") {
        "indent with spaces: YAML takes no tabs there"
    } else if info.contains("anchor") {
        "an alias `*name` needs an anchor `&name` above it; text that begins with `*` needs quotes"
    } else if info.contains("escape") {
        "inside double quotes a backslash begins an escape: write `\\\\`, or use single quotes"
    } else if info.contains("quoted") {
        "look for a quote that is never closed"
    } else if info.contains("unexpected character") {
        "text that begins with this character needs quotes"
    } else if info.contains("bracket") {
        "there is one bracket too many"
    } else if line.contains("${{") && !line.contains("\"${{") {
        "text with `${{ }}` needs quotes here: `\"${{ inputs.x }}\"`"
    } else {
        "look at the indentation and the quotes here and on the line above; text with `: ` or `#` in it needs quotes"
    }
}

/// A map or list that is not finished yet.
struct Open {
    kind: Kind,
    span: Span,
    anchor: usize,
    /// Node count when it began, to know the size of what an alias copies.
    nodes_before: usize,
    /// Written with brackets or braces.
    is_flow: bool,
}

enum Kind {
    List(Vec<Tree>),
    Map { members: IndexMap<String, (Span, Tree)>, key: Option<(String, Span)>, merges: Vec<Tree> },
}

#[derive(Default)]
struct Builder {
    file: u16,
    open: Vec<Open>,
    root: Option<Tree>,
    documents: usize,
    nodes: usize,
    /// Anchor → finished tree and its number of nodes.
    anchors: HashMap<usize, (Tree, usize)>,
    found: Vec<Diagnostic>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &granit_parser::Span) -> Result<(), Diagnostic> {
        let place = self.place(&span.start, &span.end);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Diagnostic::error("LB003", place, "a second YAML document begins here")
                        .help("one file holds one runbook: take out the line `---`"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, place)?;
                let node = scalar_node(&text, style, tag.as_deref());
                self.remember(anchor, 1, || Tree { node: node.clone(), span: place });
                self.push(Tree { node, span: place })
            }
            Event::SequenceStart(style, anchor, _) => self.begin(Kind::List(Vec::new()), style, place, anchor),
            Event::MappingStart(style, anchor, _) => {
                let kind = Kind::Map { members: IndexMap::new(), key: None, merges: Vec::new() };
                self.begin(kind, style, place, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => match self.anchors.get(&id) {
                Some((tree, size)) => {
                    let (tree, size) = (tree.clone(), *size);
                    self.count(size, place)?;
                    self.push(tree)
                }
                None => Err(Diagnostic::error("LB004", place, "this alias stands inside the value it names")
                    .help("write the value out")),
            },
            // Stream and document ends carry nothing; the other events are switched off above.
            _ => Ok(()),
        }
    }

    fn syntax_error(&self, error: &granit_parser::ScanError, text: &str) -> Diagnostic {
        let info = error.info();
        let span = self.place(error.marker(), error.marker());
        if info.contains("limit") {
            return Diagnostic::error("LB004", span, format!("too much nesting: {info}")).help(TOO_DEEP);
        }
        let line = text.lines().nth((span.line as usize).saturating_sub(1)).unwrap_or_default();
        let finding = Diagnostic::error("LB003", span, format!("this is not valid YAML: {info}"));
        let open = self.open.last().filter(|open| open.is_flow && open.span.line != span.line);
        let begun = open.map(|open| {
            let bracket = if matches!(open.kind, Kind::List(_)) { '[' } else { '{' };
            (bracket, open.span.line as usize, open.span.column as usize)
        });
        match begun.or_else(|| open_bracket(text, span.line as usize)) {
            Some((bracket, line, column)) => {
                finding.help(format!("the bracket `{bracket}` on line {line}, column {column}, is not closed"))
            }
            None => finding.help(syntax_help(&info, line)),
        }
    }

    fn place(&self, start: &granit_parser::Marker, end: &granit_parser::Marker) -> Span {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let offset = start.byte_offset().unwrap_or_default();
        Span {
            file: self.file,
            line: number(start.line()),
            column: number(start.col() + 1),
            offset,
            len: end.byte_offset().unwrap_or_default().saturating_sub(offset),
        }
    }

    fn count(&mut self, nodes: usize, place: Span) -> Result<(), Diagnostic> {
        self.nodes += nodes;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        Err(Diagnostic::error(
            "LB004",
            place,
            format!("the file has more than {MAX_NODES} values, copies by aliases included"),
        )
        .help("aliases multiply what they name: write fewer, or smaller, anchored values"))
    }

    fn remember(&mut self, anchor: usize, size: usize, tree: impl FnOnce() -> Tree) {
        if anchor != 0 {
            self.anchors.insert(anchor, (tree(), size));
        }
    }

    fn begin(&mut self, kind: Kind, style: StructureStyle, span: Span, anchor: usize) -> Result<(), Diagnostic> {
        self.count(1, span)?;
        if self.open.len() >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} levels inside each other");
            return Err(Diagnostic::error("LB004", span, message).help(TOO_DEEP));
        }
        self.open.push(Open { kind, span, anchor, nodes_before: self.nodes, is_flow: style == StructureStyle::Flow });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let node = match open.kind {
            Kind::List(items) => Node::List(items),
            Kind::Map { members, merges, .. } => Node::Map(merged(members, merges)?),
        };
        let tree = Tree { node, span: open.span };
        let size = self.nodes - open.nodes_before + 1;
        if open.anchor != 0 {
            // The copy that the anchor keeps counts too: memory is what the bound is for.
            self.count(size, open.span)?;
            self.anchors.insert(open.anchor, (tree.clone(), size));
        }
        self.push(tree)
    }

    /// Puts a finished node where it belongs: as a key, a member, an item, or the root.
    fn push(&mut self, tree: Tree) -> Result<(), Diagnostic> {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(tree);
            return Ok(());
        };
        match &mut open.kind {
            Kind::List(items) => items.push(tree),
            Kind::Map { members, key, merges } => match key.take() {
                None => *key = Some(key_of(tree)?),
                Some((name, _)) if name == "<<" => merges.push(tree),
                Some((name, span)) => match members.get(&name) {
                    None => {
                        members.insert(name, (span, tree));
                    }
                    Some((first, _)) => {
                        let message = format!("the key `{name}` stands here a second time");
                        let help = format!("it is already on line {}: keep one of them", first.line);
                        let finding = Diagnostic::error("LB005", span, message).help(help);
                        if self.found.len() >= MAX_DUPLICATES {
                            return Err(finding);
                        }
                        self.found.push(finding);
                    }
                },
            },
        }
        Ok(())
    }
}

/// Members written out win over merged ones, earlier merges over later ones.
fn merged(
    mut members: IndexMap<String, (Span, Tree)>,
    merges: Vec<Tree>,
) -> Result<IndexMap<String, (Span, Tree)>, Diagnostic> {
    for merge in merges {
        let sources = match merge.node {
            Node::List(items) => items,
            node => vec![Tree { node, span: merge.span }],
        };
        for source in sources {
            let Node::Map(source_members) = source.node else {
                return Err(Diagnostic::error("LB102", source.span, "`<<` merges a map, or a list of maps")
                    .help("name an anchored map: `<<: *defaults`"));
            };
            for (key, member) in source_members {
                members.entry(key).or_insert(member);
            }
        }
    }
    Ok(members)
}

fn key_of(tree: Tree) -> Result<(String, Span), Diagnostic> {
    match tree.node {
        Node::Text(text) => Ok((text, tree.span)),
        Node::Scalar(value) => Ok((value.to_string(), tree.span)),
        Node::List(_) | Node::Map(_) => {
            Err(Diagnostic::error("LB102", tree.span, "a key is a word, found a list or a map").help(
                "text that begins with `{` or `[` needs quotes: `\"${{ inputs.x }}\"`, and so does `{{ }}` anywhere",
            ))
        }
    }
}

fn scalar_node(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Node {
    match tag {
        Some(tag) if tag.is_yaml_core_schema_tag("str") => Node::Text(text.to_owned()),
        _ if style == ScalarStyle::Plain => scalar::plain(text),
        _ => Node::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
