//! Whether a host answers: through its records to a side of the failover, and to the services there.
//!
//! Knows: names, regions and services. Must not know: HTTP.

use super::World;
use super::resolver::RESOLVERS;
use crate::sim::naming::bare;

/// How a host answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Well,
    /// Something answers, but no service behind it.
    Unavailable,
    /// Nothing answers.
    Silent,
}

/// A host's answer as a scenario has fixed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    pub status: u32,
    pub body: String,
}

const LONGEST_CHAIN: usize = 8;

impl World {
    /// How a host answers now, as seen through the first resolver.
    #[must_use]
    pub fn health_of(&self, host: &str) -> Health {
        let mut name = bare(host);
        let mut known = false;
        for _ in 0..LONGEST_CHAIN {
            let resolved = self.resolve(RESOLVERS[0], &name, "A", self.now_ms);
            known |= resolved.known;
            let Some(origin) = self.origin_behind(&resolved.end).or_else(|| self.origin_behind(&name)) else {
                name = resolved.end;
                break;
            };
            known = true;
            if origin == name {
                break;
            }
            name = origin;
        }
        self.health_at(&name, known)
    }

    /// The origin of the distribution that answers a name.
    fn origin_behind(&self, name: &str) -> Option<String> {
        let distribution = self.distributions.values().find(|distribution| {
            bare(&distribution.domain_name) == name || distribution.aliases.iter().any(|alias| bare(alias) == name)
        })?;
        distribution.origins.first().map(|(_, domain)| bare(domain))
    }

    /// `name`: where the chain ends. `known`: whether it is one of the plan's own.
    fn health_at(&self, name: &str, known: bool) -> Health {
        if self.primary_names.contains(name) {
            return if self.is_lost(&self.primary) { Health::Silent } else { Health::Well };
        }
        if !known && !self.standby_names.contains(name) {
            // Nobody told the world about it: it lives unless its name says it lies in a lost region.
            let lost = !self.primary.is_empty() && name.contains(&self.primary) && self.is_lost(&self.primary);
            return if lost { Health::Silent } else { Health::Well };
        }
        let mut health = Health::Well;
        for key in &self.standby {
            if self.is_lost(&key.0) {
                return Health::Silent;
            }
            if !self.services.get(key).is_some_and(super::ecs::Service::carries_load) {
                health = Health::Unavailable;
            }
        }
        health
    }
}
