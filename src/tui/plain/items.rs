//! What can be chosen just now, as a numbered list.

use crate::driver::handle::View;
use crate::engine::snapshot::{Allowed, StepView, UnknownView};
use crate::tui::dialog::{Kind, gate, override_check};
use crate::tui::look;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub label: String,
    pub go: Go,
}

/// Where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Go {
    /// Ask for the fields of a form, then for a word, then press that button of it.
    Ask {
        kind: Kind,
        step: String,
        button: char,
        word: &'static str,
    },
    Retry {
        step: String,
    },
    ProbeAgain {
        step: String,
    },
    Reads {
        phase: String,
    },
}

pub fn items(view: &View) -> Vec<Item> {
    let mut items = Vec::new();
    for step in look::waiting(&view.snapshot) {
        of_step(&mut items, step);
    }
    for phase in view.snapshot.phases.iter().filter(|phase| phase.ready_reads > 1) {
        let label = format!("run the {} ready reads of {} at once", phase.ready_reads, phase.id);
        items.push(Item { label, go: Go::Reads { phase: phase.id.clone() } });
    }
    items
}

fn of_step(items: &mut Vec<Item>, step: &StepView) {
    let key = &step.key;
    let mut item = |label: String, go: Go| items.push(Item { label, go });
    let ask = |kind, button, word| Go::Ask { kind, step: key.clone(), button, word };
    for allowed in &step.allowed {
        match allowed {
            Allowed::Run => item(format!("review and run {key}"), ask(Kind::Gate, 'R', "run")),
            Allowed::Approve => {
                let open = gate::approvals(step).map_or(0, gate::missing);
                if open > 0 {
                    item(format!("approve {key} as somebody else"), ask(Kind::Gate, 'A', ""));
                }
            }
            Allowed::Override => {
                for (ix, check) in
                    step.checks.iter().enumerate().filter(|(_, check)| override_check::can_override(check))
                {
                    let kind = Kind::Override(u16::try_from(ix).unwrap_or(u16::MAX));
                    item(format!("override a check of {key}: {}", check.text), ask(kind, 'O', "override"));
                }
            }
            Allowed::Skip => item(format!("skip {key}"), ask(Kind::Skip, 'S', "skip")),
            Allowed::DoneExternally => {
                item(format!("record that {key} was done externally"), ask(Kind::External, 'X', "external"));
            }
            Allowed::Retry => item(format!("retry {key}"), Go::Retry { step: key.clone() }),
            Allowed::RollBack => item(format!("roll {key} back"), ask(Kind::RollBack, 'R', "roll back")),
            Allowed::ResolveUnknown => {
                item(format!("{key}: record as done"), ask(Kind::Doubt, 'D', "done"));
                item(format!("{key}: record as not done"), ask(Kind::Doubt, 'N', "not done"));
                item(format!("{key}: send again"), ask(Kind::Doubt, 'S', "again"));
                let can_look = |unknown: &UnknownView| unknown.probe.is_some() && unknown.verification.is_none();
                if step.unknown.as_ref().is_some_and(can_look) {
                    item(format!("{key}: probe again"), Go::ProbeAgain { step: key.clone() });
                }
            }
        }
    }
}
