//! Floor 4: the command line: verbs, exit codes, JSON.
