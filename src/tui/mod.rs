//! Floor 4: the terminal screens. Snapshot in, commands out.
//!
//! ```text
//! keys, views, answers ──▶ update(model, view, input) ──▶ [Outgoing]     pure
//! model, view ───────────▶ view::render ─────────────────▶ Buffer        pure
//! ```
//! Only `app`, `term`, the start screen and that of past runs touch the terminal. Nothing here knows a cloud, a
//! journal or a file, and what was typed at a gate is never logged.

mod act;
mod app;
mod dialog;
#[cfg(test)]
mod fixtures;
pub mod jobs;
mod keys;
mod layout;
mod look;
mod model;
mod pen;
pub mod plain;
pub mod record;
pub mod start;
mod still;
mod term;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;

pub use app::run;
pub use model::Options;
pub use still::still;
pub use term::{abandon, hung_up, unblock};
pub use theme::ColorMode;

/// How the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The run is over; its end was shown and closed.
    Finished,
    /// The run goes on later: the operator left, or a signal came.
    Left,
    Aborted,
    /// The journal could not be written.
    Broken,
    /// The terminal is gone; the driver goes on to a safe place by itself.
    TerminalLost,
}
