# Shortcuts. What CI runs is .ci/run, and nothing else.

# Everything CI checks
ci:
    .ci/run

# Rehearse the first runbook on this screen
drill *ARGS:
    cargo run --no-default-features -- drill regional_failover {{ARGS}}

# The benchmarks, each beside its floor
bench *ARGS:
    cargo bench --no-default-features {{ARGS}}
