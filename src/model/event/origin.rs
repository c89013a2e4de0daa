//! Where an approval was handed in.

use serde::{Deserialize, Serialize};

/// Where an approval came from: what the system says about the process that handed it in, never what
/// that process claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the login that the process runs as; empty where the system has none for it.
    pub login: String,
    pub uid: u32,
    /// Who logged in at first, where the system keeps that and it is somebody else (`sudo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
}

impl Origin {
    /// `pts/3 as dr (uid 1001), logged in as bob, on jump1`.
    #[must_use]
    pub fn words(&self) -> String {
        let terminal = self.terminal.as_deref().unwrap_or("no terminal");
        let login = if self.login.is_empty() { String::new() } else { format!("{} ", self.login) };
        let session = self.session.as_ref().map(|name| format!(", logged in as {name},")).unwrap_or_default();
        format!("{terminal} as {login}(uid {}){session} on {}", self.uid, self.host)
    }
}
