//! The order of a runbook: who waits for whom, cycles, and who comes before whom.
//!
//! Each phase has a node for its beginning and one for its end, so that the number of edges stays
//! linear however wide the phases are. Nothing here recurses: a chain of 2,000 steps is no deeper
//! than a list.

use std::collections::HashMap;

use super::diagnostic::{Diagnostic, did_you_mean_or_list};
use super::lower::Names;
use super::sink::Sink;
use crate::model::runbook::Runbook;
use crate::model::span::{Located, Span};

/// Steps first (document order), then begin and end of each phase.
pub(super) struct Graph {
    /// Steps before each step, as bits by step; phases by the bit of their end.
    before: Vec<Vec<u64>>,
    index: HashMap<String, usize>,
}

impl Graph {
    /// Whether the step or phase named comes before the step, directly or not.
    pub(super) fn is_before(&self, name: &str, step: usize) -> bool {
        self.index.get(name).is_some_and(|&node| self.has(step, node))
    }

    fn has(&self, of: usize, node: usize) -> bool {
        self.before.get(of).is_some_and(|bits| bits[node / 64] & (1 << (node % 64)) != 0)
    }
}

struct Edge {
    from: usize,
    /// Where it is written; none for the order of the document.
    place: Option<Span>,
}

struct Nodes<'a> {
    steps: usize,
    phases: usize,
    /// Name → node that is done when it is done.
    done: HashMap<&'a str, usize>,
}

impl Nodes<'_> {
    fn begin(&self, phase: usize) -> usize {
        self.steps + 2 * phase
    }

    fn end(&self, phase: usize) -> usize {
        self.steps + 2 * phase + 1
    }

    fn len(&self) -> usize {
        self.steps + 2 * self.phases
    }
}

/// Builds the graph, reports unknown names and cycles; there is no order when there is a cycle.
pub(super) fn build(runbook: &Runbook, names: &Names, sink: &mut Sink) -> Option<Graph> {
    let nodes = nodes(runbook);
    let edges = edges(runbook, &nodes, names, sink);
    let (order, left) = sorted(&edges);
    if !left.is_empty() {
        report_cycle(runbook, &nodes, &edges, &left, sink);
        return None;
    }
    let words = nodes.len().div_ceil(64);
    let mut before: Vec<Vec<u64>> = vec![Vec::new(); nodes.len()];
    for node in order {
        let mut bits = vec![0_u64; words];
        for edge in &edges[node] {
            bits[edge.from / 64] |= 1 << (edge.from % 64);
            for (mine, theirs) in bits.iter_mut().zip(&before[edge.from]) {
                *mine |= theirs;
            }
        }
        before[node] = bits;
    }
    let index = nodes.done.iter().map(|(name, node)| ((*name).to_owned(), *node)).collect();
    Some(Graph { before, index })
}

fn nodes(runbook: &Runbook) -> Nodes<'_> {
    let mut done = HashMap::new();
    let steps = runbook.phases.iter().map(|phase| phase.steps.len()).sum();
    let mut nodes = Nodes { steps, phases: runbook.phases.len(), done: HashMap::new() };
    for (ix, phase) in runbook.phases.iter().enumerate() {
        done.entry(phase.id.as_str()).or_insert(nodes.end(ix));
    }
    for (ix, (_, step)) in runbook.steps().enumerate() {
        done.entry(step.id.as_str()).or_insert(ix);
    }
    nodes.done = done;
    nodes
}

fn edges(runbook: &Runbook, nodes: &Nodes<'_>, names: &Names, sink: &mut Sink) -> Vec<Vec<Edge>> {
    let mut edges: Vec<Vec<Edge>> = (0..nodes.len()).map(|_| Vec::new()).collect();
    let mut step_ix = 0;
    for (phase_ix, phase) in runbook.phases.iter().enumerate() {
        let (begin, end) = (nodes.begin(phase_ix), nodes.end(phase_ix));
        match &phase.needs {
            None if phase_ix > 0 => edges[begin].push(Edge { from: nodes.end(phase_ix - 1), place: None }),
            None => {}
            Some(needs) => named(needs, nodes, names, &mut edges[begin], sink),
        }
        edges[end].push(Edge { from: begin, place: None });
        for (ix, step) in phase.steps.iter().enumerate() {
            edges[step_ix].push(Edge { from: begin, place: None });
            match &step.needs {
                None if ix > 0 => edges[step_ix].push(Edge { from: step_ix - 1, place: None }),
                None => {}
                Some(needs) => named(needs, nodes, names, &mut edges[step_ix], sink),
            }
            edges[end].push(Edge { from: step_ix, place: None });
            step_ix += 1;
        }
    }
    edges
}

fn named(needs: &[Located<String>], nodes: &Nodes<'_>, names: &Names, edges: &mut Vec<Edge>, sink: &mut Sink) {
    for need in needs {
        if sink.is_full() {
            return;
        }
        if let Some(&from) = nodes.done.get(need.value.as_str()) {
            edges.push(Edge { from, place: Some(need.span) });
        } else if !names.ids.contains_key(&need.value) {
            let finding = Diagnostic::error("LB301", need.span, format!("there is no step or phase `{}`", need.value));
            let help = did_you_mean_or_list(&need.value, names.ids.keys().map(String::as_str));
            sink.push(finding.maybe_help(help));
        }
    }
}

/// A topological order, and the nodes that no order can hold.
fn sorted(edges: &[Vec<Edge>]) -> (Vec<usize>, Vec<usize>) {
    let mut open: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (node, needs) in edges.iter().enumerate() {
        for edge in needs {
            followers[edge.from].push(node);
        }
    }
    let mut order: Vec<usize> = (0..edges.len()).filter(|&node| open[node] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for &follower in &followers[order[next]] {
            open[follower] -= 1;
            if open[follower] == 0 {
                order.push(follower);
            }
        }
        next += 1;
    }
    let left = (0..edges.len()).filter(|&node| open[node] > 0).collect();
    (order, left)
}

/// Walks back from a node that is left until one comes twice: that is a cycle.
fn report_cycle(runbook: &Runbook, nodes: &Nodes<'_>, edges: &[Vec<Edge>], left: &[usize], sink: &mut Sink) {
    let is_left: std::collections::HashSet<usize> = left.iter().copied().collect();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut walk: Vec<(usize, Option<Span>)> = Vec::new();
    let mut node = left[0];
    // Every node left waits for one that is left too, so the walk ends only by coming round.
    while !seen.contains_key(&node) {
        seen.insert(node, walk.len());
        // An edge that somebody wrote is the more telling one.
        let mut choices = edges[node].iter().filter(|edge| is_left.contains(&edge.from));
        let first = choices.next();
        let Some(edge) =
            first.filter(|edge| edge.place.is_some()).or_else(|| choices.find(|edge| edge.place.is_some())).or(first)
        else {
            return;
        };
        walk.push((node, edge.place));
        node = edge.from;
    }
    let cycle = &walk[seen[&node]..];
    let label = |node: usize| -> Option<String> {
        if node < nodes.steps {
            return runbook.steps().nth(node).map(|(_, step)| step.id.clone());
        }
        let phase = (node - nodes.steps) / 2;
        (node == nodes.begin(phase) || cycle.iter().all(|(other, _)| *other != nodes.begin(phase)))
            .then(|| runbook.phases.get(phase).map(|phase| phase.id.clone()))
            .flatten()
    };
    let mut ring: Vec<String> = cycle.iter().filter_map(|(node, _)| label(*node)).collect();
    ring.dedup();
    let place = cycle.iter().filter_map(|(_, place)| *place).min().unwrap_or_default();
    let shown = if ring.len() > 12 {
        format!("{} → … → {}", ring[..11].join(" → "), ring[ring.len() - 1])
    } else {
        ring.join(" → ")
    };
    let first = ring.first().cloned().unwrap_or_default();
    let message = format!("these wait for each other: {shown} → {first}");
    let help = if ring.len() == 1 {
        format!("take `{first}` out of its own `needs`")
    } else {
        "take one of these `needs` out".to_owned()
    };
    sink.push(Diagnostic::error("LB302", place, message).help(help));
}
