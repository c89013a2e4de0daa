//! Checks and verifications: a read and what must be true of it.

use super::{Context, DEFAULT_TIMEOUT_MS, step};
use crate::model::runbook::{ActionUse, Check};
use crate::model::span::Span;
use crate::model::template::{Expr, Tree};
use crate::source::actions::{self, Known};
use crate::source::diagnostic::Diagnostic;
use crate::source::keys::{CHECK, VERIFY};
use crate::source::shape::Shape;
use crate::source::sink::Sink;

/// The step that checks belong to.
pub(super) struct Owner<'a> {
    pub(super) uses: &'a ActionUse,
    pub(super) known: Option<&'static Known>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) context: &'a Context<'a>,
}

pub(super) fn checks(step: &Shape<'_>, owner: &Owner<'_>, sink: &mut Sink) -> Vec<Check> {
    let items = step.list("check", sink).unwrap_or_default();
    items.iter().filter_map(|tree| check(tree, false, owner, sink)).collect()
}

pub(super) fn verify(step: &Shape<'_>, owner: &Owner<'_>, sink: &mut Sink) -> Vec<Check> {
    let items = step.list("verify", sink).unwrap_or_default();
    items.iter().filter_map(|tree| check(tree, true, owner, sink)).collect()
}

fn check(tree: &Tree, is_verify: bool, owner: &Owner<'_>, sink: &mut Sink) -> Option<Check> {
    let (what, table) = if is_verify { ("a verification", VERIFY) } else { ("a check", CHECK) };
    let shape = Shape::of(what, tree, table, sink)?;
    let (uses, known) = read(&shape, what, tree.span, owner, sink);
    let mut expect = shape.expr("expect", sink);
    if expect.is_none() && shape.get("expect").is_none() {
        // A verification without a read of its own looks at the step's, and expects what that action does.
        let asked = if uses.is_some() { known } else { owner.known.filter(|_| is_verify) };
        expectation(what, uses.is_some(), asked, tree.span, sink);
        let default = asked.and_then(|known| known.spec.default_expect);
        expect = default.map(|source| Expr { source: source.to_owned(), span: Span { len: 0, ..tree.span } });
    }
    let role = shape.text("override", sink);
    if let Some(role) = &role
        && owner.context.names.check_role(role, sink)
        && owner.context.names.roles.get(&role.value).is_none_or(Vec::is_empty)
    {
        let finding = Diagnostic::error("LB404", role.span, format!("nobody holds the role `{}`", role.value));
        sink.push(finding.help("add people to it under `roles:`, or the check can never be overridden"));
    }
    let timeout_ms = owner.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
    let lasts = shape.duration("for", sink);
    if let Some(lasts) = &lasts
        && lasts.value > timeout_ms
    {
        let (shorter, longer) = (crate::model::time::human_ms(timeout_ms), crate::model::time::human_ms(lasts.value));
        let message = format!("the step's timeout of {shorter} ends before this verification does ({longer})");
        sink.push(
            Diagnostic::warning("LB511", lasts.span, message)
                .help(format!("set `timeout:` of the step to more than {longer}")),
        );
    }
    // A step's own result does not change by waiting; a question to the world is asked until it is true.
    let patience_ms = if is_verify && uses.is_some() { timeout_ms } else { 0 };
    Some(Check {
        uses,
        expect,
        message: shape.template("message", sink),
        override_role: role.map(|role| role.value),
        // Below a second a poll is an attack on the API's rate limit.
        every_ms: shape.duration("every", sink).map_or(owner.context.defaults.every_ms, |d| d.value.max(100)),
        for_ms: lasts.map_or(patience_ms, |d| d.value),
        consecutive: shape.count("consecutive", 1, sink).unwrap_or(1),
        span: Span { len: 0, ..tree.span },
    })
}

/// The read of a check, when it names one.
fn read(
    shape: &Shape<'_>,
    what: &str,
    span: Span,
    owner: &Owner<'_>,
    sink: &mut Sink,
) -> (Option<ActionUse>, Option<&'static Known>) {
    if shape.get("uses").is_none() {
        if let Some(with) = shape.get("with") {
            let finding = Diagnostic::error("LB103", with.span, format!("{what} with an input needs `uses`"));
            sink.push(finding.help("add `uses:`, or take `with` out"));
        }
        return (None, None);
    }
    let (mut uses, known) = step::action_use(shape, None, owner.context, sink);
    if shape.get("target").is_none() {
        uses.target = owner.uses.target.clone().or(uses.target);
    }
    let Some(known) = known else { return (Some(uses), None) };
    if known.spec.risk.changes() || matches!(known.spec.name, "manual" | "note" | "wait") {
        let message = format!("{what} may only read, and `{}` does not", known.spec.name);
        sink.push(Diagnostic::error("LB205", uses.action.span, message).help("make it a step of its own"));
    }
    let with = actions::inherit(&uses.with, known, &owner.uses.with);
    actions::check_with(known, &with, span, sink);
    (Some(uses), Some(known))
}

fn expectation(what: &str, has_read: bool, known: Option<&Known>, span: Span, sink: &mut Sink) {
    if known.is_some_and(|known| known.spec.default_expect.is_some()) {
        return;
    }
    let message = match known.filter(|_| has_read) {
        Some(known) => format!("{what} with `{}` needs `expect`", known.spec.name),
        // An unknown action was reported already.
        None if has_read => return,
        None => format!("{what} needs `expect`"),
    };
    sink.push(
        Diagnostic::error("LB206", Span { len: 0, ..span }, message)
            .help("say what must be true, like `expect: result.status == 'available'`"),
    );
}

#[cfg(test)]
mod tests {
    use crate::model::runbook::SourceFile;
    use crate::source;

    /// Nobody below the source has to know whose expectation is meant when none is written.
    #[test]
    fn a_verification_that_states_nothing_expects_what_its_action_does() {
        let text = "version: 1\nname: health\nphases:\n- id: all\n  steps:\n  - id: api\n    uses: http/check\n    \
                    with: { url: 'https://api.example.com/health' }\n    verify: [{ consecutive: 3 }]\n";
        let files = vec![SourceFile { path: "health.yaml".to_owned(), text: text.to_owned() }];
        let loaded = source::load(files);
        let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let expect = runbook.phases[0].steps[0].verify[0].expect.as_ref();
        assert_eq!(expect.map(|expect| expect.source.as_str()), Some("result.ok"));
    }
}
