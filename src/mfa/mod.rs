//! Floor 2: proof of presence: RFC 6238 codes, each accepted once.
