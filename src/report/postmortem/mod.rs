//! Post-mortems: a run told in the order of a template.
//!
//! What a run cannot know stays a TODO for the author. The text says what happened and how the next
//! run can go better; who did what stands in the list of participants and in the timeline alone.
//! Whatever a template writes out is escaped, so that no title or reason becomes markup.

mod context;
mod environment;

use super::actions::ActionItem;
use super::timeline::Document;

pub use environment::TemplateError;

/// What the variables of a template are, for whoever writes one.
pub const VARIABLES: &str = include_str!("variables.md");

/// The largest template of one's own.
pub const TEMPLATE_MAX_BYTES: usize = 256 * 1024;

/// The templates that come with the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipped {
    /// In the order of Google's SRE book.
    Sre,
    /// In the order of a Correction of Error at AWS.
    Coe,
    /// The record of a drill, after NIST SP 800-84.
    Drill,
}

impl Shipped {
    pub const ALL: [Self; 3] = [Self::Sre, Self::Coe, Self::Drill];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sre => "sre",
            Self::Coe => "coe",
            Self::Drill => "drill",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Its text, as a template of one's own may begin with it.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Sre => concat!(
                include_str!("templates/sre.md.j2"),
                include_str!("templates/timeline.md.j2"),
                include_str!("templates/supporting.md.j2"),
                include_str!("templates/evidence.md.j2")
            ),
            Self::Coe => concat!(
                include_str!("templates/coe_head.md.j2"),
                include_str!("templates/timeline.md.j2"),
                include_str!("templates/coe.md.j2"),
                include_str!("templates/evidence.md.j2")
            ),
            Self::Drill => concat!(
                include_str!("templates/drill.md.j2"),
                include_str!("templates/timeline.md.j2"),
                include_str!("templates/evidence.md.j2"),
                include_str!("templates/sign_off.md.j2")
            ),
        }
    }
}

/// All that a post-mortem is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'m> {
    pub document: &'m Document,
    pub actions: &'m [ActionItem],
    /// Role → people who hold it, as the runbook says.
    pub roles: &'m [(String, Vec<String>)],
}

/// Renders a template.
///
/// # Errors
/// What is wrong with it, and in which line.
pub fn render(material: Material<'_>, source: &str) -> Result<String, TemplateError> {
    if source.len() > TEMPLATE_MAX_BYTES {
        return Err(TemplateError::TooLong { bytes: source.len() });
    }
    let rows = material.document.rows.len() + material.document.steps.len();
    environment::render(source, context::of(material), rows)
}

/// The names that a template may use.
#[cfg(test)]
pub(super) fn names(material: Material<'_>) -> Vec<String> {
    context::values(material).as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
