//! Floor 4: the terminal screens: Snapshot in, commands out.
