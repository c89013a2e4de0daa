//! Rows, summaries and timelines over one of every event, with friendly and with hostile texts.

mod diff;
mod every;
mod fold;
mod period;
mod postmortem;
mod rows;
mod run;
mod timeline;
