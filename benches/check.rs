//! `check` of 2,000 steps, side by side and in one chain, beside the floor: the same text read into
//! plain values by serde, without places, meaning or findings.

#![expect(clippy::expect_used, reason = "a benchmark of a text that is refused measures nothing")]

mod texts;

use divan::{Bencher, black_box};
use lifeboat::model::runbook::SourceFile;
use lifeboat::source;

const STEPS: usize = 2_000;

fn main() {
    divan::main();
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Wide,
    Deep,
}

fn text(shape: Shape) -> String {
    match shape {
        Shape::Wide => texts::runbook(STEPS, |_| "[]".to_owned()),
        Shape::Deep => texts::runbook(STEPS, |ix| if ix == 0 { "[]".to_owned() } else { format!("[s{:04}]", ix - 1) }),
    }
}

#[divan::bench(args = [Shape::Wide, Shape::Deep])]
fn floor_serde(bencher: Bencher, shape: Shape) {
    let text = text(shape);
    bencher.bench(|| serde_yaml::from_str::<serde_json::Value>(black_box(&text)).expect("it is YAML"));
}

#[divan::bench(args = [Shape::Wide, Shape::Deep])]
fn check(bencher: Bencher, shape: Shape) {
    let files = vec![SourceFile { path: "made_up.yaml".to_owned(), text: text(shape) }];
    assert!(source::load(files.clone()).runbook.is_some(), "the made-up runbook is refused");
    bencher.with_inputs(|| files.clone()).bench_values(source::load);
}
