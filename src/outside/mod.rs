//! Floor 2: the real world outside AWS: programs, HTTP endpoints, resolvers.
//!
//! Must not know: runbooks, gates, screens, journals, AWS.
