//! Floor 2: the append-only file of a run: hash chain, sync before act, lock, recovery.
