//! A small runbook for this room's tests.

use crate::model::Object;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::SourceFile;
use crate::source::{self, RunContext};

const HEAD: &str = "version: 1
name: t
title: T
objectives: { rto: 4h }
roles: { commander: [alice, bob], dba: [carol] }
mfa: { method: totp }
targets:
  dr: { region: us-east-1, account: '111122223333', profile: lecture-dr }
  spare: { region: us-west-2, account: '111122223333' }
  tools: { region: us-west-1, account: '111122223333' }
  far: { region: eu-west-1, account: '444455556666' }
  sandbox: { region: eu-west-1, account: '999900001111', drill: true }
  unsaid: { region: eu-west-1, drill: true }
phases:
  - id: p
    steps:";

/// A plan of these steps, with alice at the keyboard.
pub fn plan(steps: &str, mode: Mode) -> Plan {
    let files = vec![SourceFile { path: "t.yaml".to_owned(), text: format!("{HEAD}{steps}") }];
    let loaded = source::load(files);
    let runbook = loaded.runbook.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let context = RunContext {
        given: Object::new(),
        mode,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "R".to_owned(),
        now_ms: 1_767_495_600_000,
    };
    source::instantiate(&runbook, &context).unwrap_or_else(|findings| panic!("{findings:?}"))
}
