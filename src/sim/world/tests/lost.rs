//! What a look gives back of a lost answer, for every action of the catalogue.

use crate::model::action::{Action, SPECS, examples};
use crate::model::outcome::ProbeAnswer;
use crate::model::scenario::Scenario;
use crate::sim::testing::*;

/// Once the change is through, the look holds every member of the answer but those that the catalogue
/// says only the answer has. So a verification that names one can be asked, or is known not to be.
#[test]
fn what_the_look_does_not_give_back_is_known() {
    let (mut looked, mut wrong) = (0, Vec::new());
    for spec in SPECS.iter().filter(|spec| spec.risk.changes() && spec.name.starts_with("aws/")) {
        let with = examples::example_with(spec.name).unwrap();
        let action = act(spec.name, &with);
        let Some(probe) = action.probe() else { continue };
        let mut hand = Hand::new(&plan(vec![step("s", spec.name, &with)]), &Scenario::default());
        let look = |hand: &mut Hand| hand.call(probe.name(), &probe.with()).ok();
        let before = look(&mut hand);
        hand.wait_s(60);
        let Ok(answer) = hand.call(spec.name, &with) else { continue };
        hand.wait_s(7_200);
        // What was taken away leaves nothing to look at.
        let Some(after) = look(&mut hand) else { continue };
        if action.judge(before.as_ref(), &after) != ProbeAnswer::After {
            continue;
        }
        looked += 1;
        let seen = action.answer_seen(before.as_ref(), &after).unwrap_or_default();
        let only = Action::only_in_answer(spec.name);
        for member in members(&answer) {
            if seen.get(member).is_none() != only.contains(&member) {
                wrong.push(format!("{}: {member}, seen {:?}", spec.name, members(&seen)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(looked >= 15, "only {looked} actions could be looked at");
}
