//! Gate policies and the gates of one step: what the policy asks, what the author asks on top, and
//! what no policy can take away.

use super::Context;
use crate::model::action::messages::is_message;
use crate::model::outcome::Risk;
use crate::model::runbook::{Approvals, Confirm, Gates, MfaRule};
use crate::model::span::Span;
use crate::model::template::{Node, Template, Tree};
use crate::model::time::parse_duration_ms;
use crate::source::diagnostic::Diagnostic;
use crate::source::keys::{APPROVALS, CONFIRM, GATES};
use crate::source::shape::{self, Shape};
use crate::source::sink::Sink;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum ConfirmPolicy {
    EveryStep,
    Changes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum MfaPolicy {
    EveryStep,
    Changes,
    Phase,
    Within { ms: u64 },
}

/// Which steps wait, and which ask for a code.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Policy {
    confirm: ConfirmPolicy,
    mfa: MfaPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self { confirm: ConfirmPolicy::EveryStep, mfa: MfaPolicy::Changes }
    }
}

impl Policy {
    /// This policy where a nearer one says nothing.
    pub(in crate::source) fn over(self, near: (Option<ConfirmPolicy>, Option<MfaPolicy>)) -> Self {
        Self { confirm: near.0.unwrap_or(self.confirm), mfa: near.1.unwrap_or(self.mfa) }
    }
}

/// The `gates:` of a runbook, phase or step.
pub(super) fn policy(owner: &Shape<'_>, sink: &mut Sink) -> (Option<ConfirmPolicy>, Option<MfaPolicy>) {
    let Some(shape) = owner.get("gates").and_then(|tree| Shape::of("gates", tree, GATES, sink)) else {
        return (None, None);
    };
    let confirm =
        shape.word("confirm", &[("every_step", ConfirmPolicy::EveryStep), ("changes", ConfirmPolicy::Changes)], sink);
    let Some(text) = shape.text("mfa", sink) else { return (confirm, None) };
    if let Ok(ms) = parse_duration_ms(&text.value) {
        return (confirm, Some(MfaPolicy::Within { ms }));
    }
    let words = [("every_step", MfaPolicy::EveryStep), ("changes", MfaPolicy::Changes), ("phase", MfaPolicy::Phase)];
    (confirm, shape::word("`mfa` of gates, or a duration like 15m,", &text, &words, sink))
}

/// What a step says of its own gates; read once, applied to its calm and its emergency variant.
pub(super) struct Asked {
    policy: Policy,
    text: Option<Template>,
    message: Option<Template>,
    mfa: Option<(MfaRule, Span)>,
    approvals: Option<Approvals>,
    /// Where a missing confirmation text is reported.
    span: Span,
}

pub(super) fn asked(step: &Shape<'_>, span: Span, context: &Context<'_>, sink: &mut Sink) -> Asked {
    let mut asked = Asked {
        policy: context.policy.over(policy(step, sink)),
        text: None,
        message: step.template("message", sink),
        mfa: step.get("mfa").and_then(|tree| mfa(tree, sink).map(|rule| (rule, tree.span))),
        approvals: approvals(step, context, sink),
        span,
    };
    match step.get("confirm") {
        None => {}
        Some(tree) if matches!(tree.node, Node::Text(_)) => {
            if let Some(word) = shape::text("`confirm`", tree, sink) {
                shape::word("`confirm`", &word, &[("press", ())], sink);
            }
        }
        Some(tree) => {
            if let Some(shape) = Shape::of("confirm", tree, CONFIRM, sink) {
                asked.text = shape.template("type", sink);
                if let Some(text) = asked.text.as_ref().filter(|text| text.source.trim().is_empty()) {
                    let finding = Diagnostic::error("LB401", text.span, "a text to type must not be empty");
                    sink.push(finding.help("name the thing that is changed, like its identifier"));
                }
                asked.message = shape.template("message", sink).or(asked.message);
            }
        }
    }
    asked
}

fn mfa(tree: &Tree, sink: &mut Sink) -> Option<MfaRule> {
    match &tree.node {
        Node::Scalar(value) if *value == true => Some(MfaRule::Fresh),
        Node::Scalar(value) if *value == false => Some(MfaRule::Never),
        _ => {
            let text = shape::text("`mfa`", tree, sink)?;
            if let Ok(ms) = parse_duration_ms(&text.value) {
                return Some(MfaRule::Within { ms });
            }
            shape::word("`mfa`", &text, &[("fresh", MfaRule::Fresh), ("phase", MfaRule::Phase)], sink)
        }
    }
}

fn approvals(step: &Shape<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Approvals> {
    let shape = Shape::of("approvals", step.get("approvals")?, APPROVALS, sink)?;
    let min_span = shape.get("min").map_or(shape.span, |tree| tree.span);
    let min = shape.count("min", 1, sink).unwrap_or(1);
    shape.require("from", sink);
    let from = shape.words("from", sink)?;
    let within_ms = shape.duration("within", sink).map_or(900_000, |d| d.value);
    let known = from.iter().filter(|role| context.names.check_role(role, sink)).count() == from.len();
    let mut people: Vec<&String> = from.iter().filter_map(|r| context.names.roles.get(&r.value)).flatten().collect();
    people.sort();
    people.dedup();
    if known {
        satisfiable(min, &people, min_span, sink);
    }
    Some(Approvals { min, from: from.into_iter().map(|role| role.value).collect(), within_ms })
}

/// The operator never approves the own step, so one holder may not count.
fn satisfiable(min: u32, people: &[&String], span: Span, sink: &mut Sink) {
    let (have, list) = (people.len(), people.iter().map(|person| person.as_str()).collect::<Vec<_>>().join(", "));
    let need = min as usize;
    if have < need {
        let message = format!("{need} people must approve, and {have} hold the roles asked: this gate can never open");
        let help = format!("lower `min`, or add people to the roles (now: {list})");
        sink.push(Diagnostic::error("LB402", span, message).help(help));
    } else if have == need {
        let message =
            format!("{need} must approve and exactly {have} can: it opens only when none of them is the operator");
        let help = format!("the operator never approves: add somebody beside {list}, or lower `min`");
        sink.push(Diagnostic::warning("LB403", span, message).help(help));
    }
}

/// Inputs that name the thing an action changes, the most telling first.
const IDENTIFIERS: &[&str] = &[
    "db_cluster_identifier",
    "db_instance_identifier",
    "global_cluster_identifier",
    "service",
    "distribution_id",
    "hosted_zone_id",
    "bucket",
    "id",
];

/// The gates of one variant of a step.
pub(super) fn gates(asked: &Asked, action: &str, risk: Risk, with: &Tree, sink: &mut Sink) -> Gates {
    let confirm = match (&asked.text, risk) {
        (Some(text), _) => Confirm::Type(text.clone()),
        (None, Risk::Irreversible) => Confirm::Type(identifier(with).unwrap_or_else(|| {
            let finding = Diagnostic::error(
                "LB401",
                asked.span,
                "an irreversible step needs a text to type, and its input names none",
            );
            sink.push(finding.help("add `confirm: { type: \"the exact text\", message: … }`"));
            Template { source: String::new(), span: asked.span }
        })),
        (None, Risk::Reversible) => Confirm::Press,
        // A question to people is answered by people, though it changes nothing by itself.
        (None, Risk::Read) if action == "manual" => Confirm::Press,
        (None, Risk::Read) => match asked.policy.confirm {
            ConfirmPolicy::EveryStep => Confirm::Press,
            ConfirmPolicy::Changes => Confirm::None,
        },
    };
    // A message changes nothing of AWS: it goes out only when somebody has read it and said so, and asks for
    // a code only where all do.
    let of_code = if is_message(action) && risk == Risk::Reversible { Risk::Read } else { risk };
    Gates {
        confirm,
        message: asked.message.clone(),
        mfa: mfa_rule(asked, of_code, sink),
        approvals: asked.approvals.clone(),
    }
}

fn identifier(with: &Tree) -> Option<Template> {
    let members = with.as_map()?;
    let (_, tree) = IDENTIFIERS.iter().find_map(|name| members.get(*name))?;
    match &tree.node {
        Node::Text(source) => Some(Template { source: source.clone(), span: tree.span }),
        Node::Scalar(_) | Node::List(_) | Node::Map(_) => None,
    }
}

fn mfa_rule(asked: &Asked, risk: Risk, sink: &mut Sink) -> MfaRule {
    if let Some((MfaRule::Never, span)) = asked.mfa
        && risk.changes()
    {
        let finding = Diagnostic::error("LB405", span, format!("a step that is {} always asks for MFA", risk.word()));
        sink.push(finding.help("`mfa: phase` or `mfa: 15m` asks less often"));
    }
    match (asked.mfa, asked.policy.mfa, risk) {
        (Some((rule, _)), _, Risk::Read | Risk::Reversible) => rule,
        (_, _, Risk::Irreversible) | (None, MfaPolicy::EveryStep, _) | (None, MfaPolicy::Changes, Risk::Reversible) => {
            MfaRule::Fresh
        }
        (None, MfaPolicy::Phase, Risk::Reversible) => MfaRule::Phase,
        (None, MfaPolicy::Within { ms }, Risk::Reversible) => MfaRule::Within { ms },
        (None, _, Risk::Read) => MfaRule::Never,
    }
}
