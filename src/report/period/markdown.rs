//! The report as GitHub-flavoured Markdown. Text from outside is escaped.

use std::fmt::Write as _;

use super::Report;
use super::page::{Block, Cell, sections, title};
use crate::report::timeline::markdown::escape;

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = format!("# {}\n", escape(&title(report)));
    for section in sections(report) {
        let _ = write!(page, "\n## {}\n", section.title);
        for block in section.blocks {
            page.push('\n');
            put(&mut page, block);
        }
    }
    page
}

fn put(page: &mut String, block: Block) {
    match block {
        Block::Line(text) => {
            let _ = writeln!(page, "{}", escape(&text));
        }
        Block::Todo(what) => {
            let _ = writeln!(page, "**TODO:** {}", escape(what));
        }
        Block::List(lines) => {
            for line in lines {
                let _ = writeln!(page, "- {}", escape(&line));
            }
        }
        Block::Table { columns, rows } => {
            let _ = writeln!(page, "| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
            for row in rows {
                page.push('|');
                for cell in row {
                    let _ = match cell {
                        Cell::Text(text) => write!(page, " {} |", escape(&text)),
                        Cell::Trend { blocks, svg: _ } => write!(page, " {blocks} |"),
                    };
                }
                page.push('\n');
            }
        }
    }
}
