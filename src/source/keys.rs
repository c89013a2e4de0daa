//! The key tables of the dialect: the one place that says which keys there are. The reader refuses
//! what is not in them, and the JSON Schema is made from them.

use crate::model::milestone::{Milestone, Schedule};

/// What may stand at a key, as far as a schema can say it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The version of the dialect.
    Version,
    Text,
    /// Text that names things in expressions.
    Id,
    /// A bare expression.
    Expr,
    Duration,
    Boolean,
    /// A whole number from the given one.
    Count(u32),
    Number,
    Word(&'static [&'static str]),
    /// A list of texts, or one text.
    Words,
    /// Anything.
    Any,
    List,
    Object(&'static [Key]),
    ListOf(&'static [Key]),
    /// Identifier → object.
    Named(&'static [Key]),
    /// Identifier → anything.
    NamedAny,
    /// Identifier → text that may hold expressions.
    NamedText,
    /// Identifier → list of texts.
    NamedWords,
    Either(&'static [Self]),
    /// The name of an action.
    Uses,
    /// The input of an action.
    With,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) doc: &'static str,
}

const fn may(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc }
}

const fn must(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: true, doc }
}

use Kind::{
    Any, Boolean, Count, Duration, Either, Expr, Id, List, ListOf, Named, NamedAny, NamedText, NamedWords, Number,
    Object, Text, Uses, With, Word, Words,
};

pub(super) const TOP: &[Key] = &[
    must("version", Kind::Version, "Version of the dialect: 1"),
    must("name", Id, "Name of the runbook"),
    may("title", Text, "What it does, in one line; may hold expressions"),
    may("description", Text, "When to use it, and what it assumes"),
    may("objectives", Object(OBJECTIVES), "What must be reached"),
    may("inputs", Named(INPUT), "What differs from run to run, given with -i NAME=VALUE"),
    may("secrets", Named(SECRET), "Values that are never shown, used as secret:NAME"),
    may("vars", NamedAny, "Values made from inputs and other vars"),
    may("targets", Named(TARGET), "AWS accounts and regions that steps act in"),
    may("roles", NamedWords, "Role → people who hold it"),
    may("contacts", Named(CONTACT), "Whom to call"),
    may("mfa", Object(MFA), "How people prove their presence in a real run"),
    may("gates", Object(GATES), "Which steps wait for a person, and which ask for MFA"),
    may("schedule", Word(&Schedule::WORDS), "How often it is to be rehearsed, for the report of what is due"),
    may("defaults", Object(DEFAULTS), "What steps have that do not say otherwise"),
    may("include", Words, "Local files whose sections are added to this one"),
    may("phases", ListOf(PHASE), "Named groups of steps, in order"),
];

/// An include is a fragment: it has no name and no objectives of its own.
pub(super) const FRAGMENT: &[Key] = &[
    may("version", Kind::Version, "Version of the dialect: 1"),
    may("description", Text, "What this fragment is for"),
    may("inputs", Named(INPUT), "Inputs added to the runbook's"),
    may("secrets", Named(SECRET), "Secrets added to the runbook's"),
    may("vars", NamedAny, "Vars added to the runbook's"),
    may("targets", Named(TARGET), "Targets added to the runbook's"),
    may("roles", NamedWords, "Roles added to the runbook's"),
    may("contacts", Named(CONTACT), "Contacts added to the runbook's"),
    may("include", Words, "Further fragments"),
    may("phases", ListOf(PHASE), "Phases that come before the runbook's own"),
];

pub(super) const OBJECTIVES: &[Key] = &[
    may("rto", Duration, "Recovery time objective"),
    may("rpo", Duration, "Recovery point objective"),
    may("clock", Text, "The timestamp input at which the RTO clock starts; without it, at the run's start"),
    may("rpa", Expr, "Recovery point achieved, in seconds: an expression such as steps.lag.outputs.lag"),
];

pub(super) const INPUT_TYPES: &[&str] = &["string", "integer", "number", "boolean", "timestamp", "duration", "region"];

pub(super) const INPUT: &[Key] = &[
    may("type", Word(INPUT_TYPES), "Type, default string"),
    may("pattern", Text, "Regular expression that the whole value must match"),
    may("options", List, "Closed list of values"),
    may("default", Any, "Value when none is given; without it the input must be given"),
    may("help", Text, "What to enter, for the person who is asked"),
];

pub(super) const SECRET: &[Key] = &[
    may("env", Text, "The variable of lifeboat's own environment that holds it"),
    may("file", Text, "The file that holds it: an absolute path or ~/…, readable by its owner alone"),
    may("help", Text, "What to enter, where neither is named and the person is asked"),
];

pub(super) const TARGET: &[Key] = &[
    may("region", Text, "AWS region"),
    may("account", Text, "Account id, in quotes"),
    may("profile", Text, "Profile of the AWS configuration"),
    may("role", Text, "ARN of a role to assume"),
    may("drill", Boolean, "Whether a drill against real AWS may touch this account"),
];

pub(super) const CONTACT: &[Key] = &[
    must("name", Text, "Name"),
    may("phone", Text, "Telephone number"),
    may("email", Text, "Mail address"),
    may("role", Text, "Role, one of `roles`"),
    may("note", Text, "When to call, and whom next"),
    may("escalate_after", Duration, "How long this one has before the next in order is called"),
];

pub(super) const MFA: &[Key] = &[
    must("method", Word(&["sts", "totp"]), "sts: a fresh AssumeRole with the code; totp: a local authenticator"),
    may("serial", Text, "ARN of the MFA device"),
    may("role", Text, "ARN of the role assumed with the code"),
];

pub(super) const GATES: &[Key] = &[
    may("confirm", Word(&["every_step", "changes"]), "Which steps wait for a person, default every_step"),
    may(
        "mfa",
        Either(&[Word(&["every_step", "changes", "phase"]), Duration]),
        "Which steps ask for a code (default changes), or how long one code is enough",
    ),
];

pub(super) const RETRY: &[Key] = &[
    may("max", Count(1), "Attempts in all without asking again, default 1"),
    may("backoff", Duration, "Pause before the next attempt, default 5s"),
    may("on", Words, "Refusals after which it is tried again: throttled, unavailable, not_found, denied, invalid"),
];

const ON_FAILURE: Kind = Either(&[Word(&["pause", "continue", "rollback", "abort"]), Object(GOTO)]);

pub(super) const GOTO: &[Key] = &[must("goto", Text, "The step to go on with")];

pub(super) const DEFAULTS: &[Key] = &[
    may("target", Text, "Target of steps that name none"),
    may("timeout", Duration, "Timeout of steps that state none, default 10m"),
    may("retry", Object(RETRY), "Retries of steps that state none"),
    may("on_failure", ON_FAILURE, "What a failed step does, default pause"),
    may("every", Duration, "Pause between two looks of a verification, default 10s"),
];

pub(super) const PHASE: &[Key] = &[
    must("id", Id, "Id, unique in the runbook"),
    may("title", Text, "Title"),
    may("budget", Duration, "Time it may take, people included"),
    may("needs", Words, "Phases or steps that come first; without it, the phase above"),
    may("gates", Object(GATES), "Gates of this phase's steps"),
    may("always", Boolean, "`always` of its steps that do not say otherwise"),
    must("steps", ListOf(STEP), "Its steps"),
];

pub(super) const CONFIRM: &[Key] =
    &[may("type", Text, "The exact text to type"), may("message", Text, "What this does, shown in the dialog")];

pub(super) const APPROVALS: &[Key] = &[
    may("min", Count(1), "How many people must approve, default 1"),
    must("from", Words, "Roles whose holders may approve"),
    may("within", Duration, "How long an approval stays valid, default 15m"),
];

pub(super) const USE: &[Key] = &[
    may("uses", Uses, "The action; without it, the step's own"),
    may("with", With, "Its input"),
    may("target", Text, "Where it acts"),
];

pub(super) const CHECK: &[Key] = &[
    may("uses", Uses, "The read to make; without it, only the expression is looked at"),
    may("with", With, "Its input; what the step's own input has too may be left out"),
    may("target", Text, "Where it reads"),
    may("expect", Expr, "What must be true; `result` is the answer"),
    may("message", Text, "What it means when it is not"),
    may("override", Text, "The role whose holder may go on in spite of it, with a typed reason"),
];

pub(super) const VERIFY: &[Key] = &[
    may("uses", Uses, "The read to make; without it, the step's own result is looked at"),
    may("with", With, "Its input; what the step's own input has too may be left out"),
    may("target", Text, "Where it reads"),
    may("expect", Expr, "What must be true; `result` is the answer"),
    may("message", Text, "What it means when it is not"),
    may("every", Duration, "Pause between two looks, default 10s"),
    may("for", Duration, "How long to go on looking, default the step's timeout"),
    may("consecutive", Count(1), "How many times in a row it must be true, default 1"),
];

pub(super) const STEP: &[Key] = &[
    must("id", Id, "Id, unique in the runbook"),
    may("title", Text, "Title; may hold expressions"),
    may("name", Text, "The same as title"),
    must("uses", Uses, "The action"),
    may("with", With, "Its input: the API's own members in snake_case"),
    may("emergency", Object(USE), "What differs in an emergency run; its `with` is laid over the step's"),
    may("target", Text, "Where it acts, one of `targets`"),
    may("needs", Words, "Steps or phases that come first; without it, the step above; [] starts with the phase"),
    may("if", Expr, "Whether it applies"),
    may(
        "always",
        Boolean,
        "Whether it runs also after a step has failed with on_failure: abort, after a jump and after an abort: for clean-up. It waits until all it needs has ended, and behind its gate",
    ),
    may("foreach", Either(&[List, Expr]), "One instance for each item; `each` is the item"),
    may("modes", Words, "Modes it runs in: drill, real"),
    may("reversible", Boolean, "The author's word on what exec or manual does"),
    may("gates", Object(GATES), "Gates of this step"),
    may("confirm", Either(&[Word(&["press"]), Object(CONFIRM)]), "How a person confirms"),
    may("mfa", Either(&[Boolean, Word(&["fresh", "phase"]), Duration]), "Whether it asks for a code"),
    may("approvals", Object(APPROVALS), "Who else must agree before the call"),
    may("check", ListOf(CHECK), "Looked at before the gate opens"),
    may("verify", ListOf(VERIFY), "Looked at after the call, until true"),
    may("retry", Object(RETRY), "Retries after refusals"),
    may("timeout", Duration, "Time it may take, people left out"),
    may("usual", Duration, "How long it usually takes, for the forecast"),
    may("on_failure", ON_FAILURE, "What happens when it fails, default pause"),
    may("rollback", ListOf(USE), "What puts it back"),
    may("resume", Word(&["probe", "ask", "rerun"]), "What a crash in the middle means, default probe"),
    may("outputs", NamedText, "Values that later steps use as steps.ID.outputs.NAME"),
    may("message", Text, "What this does, shown in the dialog"),
    may(
        "milestone",
        Word(&Milestone::WORDS),
        "The moment of the incident that its success is (of several steps, the last one's)",
    ),
];

pub(super) const SCENARIO: &[Key] = &[
    must("name", Id, "Name of the scenario"),
    may("summary", Text, "What it rehearses"),
    may("starts_at", Text, "Virtual wall clock at the start, RFC 3339"),
    may("expect", Object(EXPECTATION), "How a headless drill of it ends"),
    may("world", NamedAny, "Changes to the derived world: resource kind → identifier → members"),
    may("faults", ListOf(FAULT), "What goes wrong"),
];

pub(super) const EXPECTATION: &[Key] =
    &[must("exit", Count(0), "Exit code"), may("stops_at", Text, "The step at which it stops")];

pub(super) const FAULT_KINDS: &[&str] = &[
    "region_lost",
    "throttled",
    "access_denied",
    "hangs",
    "lost_answer",
    "lost_request",
    "stale_resolver",
    "health_flaps",
    "lag",
    "mfa_device_lost",
];

pub(super) const FAULT: &[Key] = &[
    must("kind", Word(FAULT_KINDS), "What goes wrong"),
    may("action", Uses, "Only calls of this action"),
    may("region", Text, "Only in this region"),
    may("resource", Text, "Only this cluster, service, record, host or person"),
    may("after", Duration, "When it begins, from the start of the drill"),
    may("for", Duration, "How long it lasts"),
    may("times", Count(1), "How many matching calls it hits; without it, every one"),
    may("chance", Number, "Chance for each matching call, 0 to 1"),
    may("value", Any, "Its own figure: the lag (2h), the hang (6m)"),
];
