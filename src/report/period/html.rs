//! The report as one page of HTML: style and drawings inside, no script, nothing fetched.

use std::fmt::Write as _;

use super::Report;
use super::page::{Block, Cell, sections, title};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--quiet:#666;--rule:#ccc;--line:#0072b2;--budget:#d55e00;--paper:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--quiet:#a0a0a0;--rule:#444;--line:#56b4e9;--budget:#e69f00;--paper:#161616}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid var(--rule)}\
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0}\
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--rule);vertical-align:top}\
th{color:var(--quiet);font-weight:600}td{font-variant-numeric:tabular-nums}\
svg polyline{fill:none;stroke:var(--line);stroke-width:1.5}svg circle{fill:var(--line)}\
svg .budget{stroke:var(--budget);stroke-dasharray:4 3}.todo{color:var(--quiet)}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let title = escape(&title(report));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    for section in sections(report) {
        let _ = writeln!(page, "<h2>{}</h2>", section.title);
        for block in section.blocks {
            put(&mut page, block);
        }
    }
    page.push_str("</body></html>\n");
    page
}

fn put(page: &mut String, block: Block) {
    match block {
        Block::Line(text) => {
            let _ = writeln!(page, "<p>{}</p>", escape(&text));
        }
        Block::Todo(what) => {
            let _ = writeln!(page, "<p class=\"todo\"><strong>TODO:</strong> {}</p>", escape(what));
        }
        Block::List(lines) => {
            let items: Vec<String> = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
            let _ = writeln!(page, "<ul>{}</ul>", items.concat());
        }
        Block::Table { columns, rows } => {
            let heads: Vec<String> = columns.iter().map(|name| format!("<th>{name}</th>")).collect();
            let _ = writeln!(page, "<div class=\"table\"><table><thead><tr>{}</tr></thead><tbody>", heads.concat());
            for row in rows {
                let cells: String = row.into_iter().map(cell).collect();
                let _ = writeln!(page, "<tr>{cells}</tr>");
            }
            page.push_str("</tbody></table></div>\n");
        }
    }
}

fn cell(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => format!("<td>{}</td>", escape(&text)),
        Cell::Trend { blocks: _, svg } => format!("<td>{svg}</td>"),
    }
}

/// Text as text, between tags and in quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
