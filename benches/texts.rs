//! Runbooks of any size, made up for the benchmarks.

use std::fmt::Write as _;

/// A runbook of `steps` reads; `needs` says what the n-th of them waits for.
pub fn runbook(steps: usize, needs: impl Fn(usize) -> String) -> String {
    let mut text = String::from(
        "version: 1\n\
         name: made_up\n\
         title: Many steps\n\
         objectives: { rto: 4h }\n\
         targets: { dr: { region: eu-west-1, account: '111122223333' } }\n\
         defaults: { target: dr, timeout: 1m }\n\
         phases:\n\
         \x20 - id: all\n\
         \x20   budget: 3h\n\
         \x20   steps:\n",
    );
    for ix in 0..steps {
        let needs = needs(ix);
        let _ = writeln!(text, "      - {{ id: s{ix:04}, needs: {needs}, uses: aws/sts.get_caller_identity }}");
    }
    text
}
