//! The floor as a whole: text in, plan and findings out.

use super::*;
use crate::model::Object;
use crate::model::outcome::Mode;
use crate::model::plan::{Intent, Plan};
use crate::model::runbook::{Confirm, MfaRule};

fn load_text(text: &str) -> Loaded {
    load(vec![SourceFile { path: "r.yaml".to_owned(), text: text.to_owned() }])
}

fn context() -> RunContext {
    RunContext {
        given: Object::new(),
        mode: Mode::Drill,
        intent: Intent::Planned,
        operator: "alice".to_owned(),
        run: "r1".to_owned(),
        now_ms: 1_767_495_600_000,
    }
}

fn plan_of(text: &str) -> Plan {
    let loaded = load_text(text);
    assert!(loaded.runbook.is_some(), "{}", render_plain(&loaded.diagnostics, &loaded.files));
    let made = instantiate(&loaded.runbook.unwrap(), &context());
    made.unwrap_or_else(|found| panic!("{}", render_plain(&found, &loaded.files)))
}

const SAMPLE: &str = include_str!("sample.yaml");

#[test]
fn the_sample_loads_and_instantiates() {
    let loaded = load_text(SAMPLE);
    let shown = render_plain(&loaded.diagnostics, &loaded.files);
    println!("{shown}");
    let plan = plan_of(SAMPLE);
    assert_eq!(plan.title, "Fail acme over from eu-central-1 to us-east-1");
    let step = |key: &str| &plan.steps[plan.index_of(key).unwrap()];
    let needs = |key: &str| step(key).needs.iter().map(|ix| plan.steps[*ix].key.as_str()).collect::<Vec<_>>();
    assert_eq!(needs("identity"), Vec::<&str>::new());
    assert_eq!(needs("declare"), ["identity", "lag"]);
    assert_eq!(needs("promote"), ["identity", "lag", "declare"]);
    assert_eq!(needs("scale[worker]"), ["identity", "lag", "declare"]);
    assert!(matches!(&step("promote").gates.confirm, Confirm::Type(text) if text.source == "${{ vars.cluster }}"));
    assert_eq!(step("promote").gates.mfa, MfaRule::Fresh);
    assert_eq!(step("lag").gates.mfa, MfaRule::Never);
    let inherited = step("scale[backend]").verify[0].uses.as_ref().unwrap().with.as_map().unwrap();
    assert_eq!(inherited.keys().collect::<Vec<_>>(), ["cluster", "service"]);
    assert_eq!(critical_path_of_plan(&plan).ms, 7_200_000);
}
