//! Floor 1: text → model. Located YAML, resolution, lints, diagnostics (all of them, not the first).
