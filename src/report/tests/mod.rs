//! Rows, summaries and timelines over one of every event, with friendly and with hostile texts.

mod diff;
mod every;
mod fold;
mod rows;
mod run;
mod timeline;
