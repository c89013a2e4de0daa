//! Every code of a finding, and its long text, which is kept as Markdown in `explain.md`.

const TEXT: &str = include_str!("explain.md");

/// Every code, in order.
pub(super) const CODES: &[&str] = &[
    "LB001", "LB002", "LB003", "LB004", "LB005", "LB006", "LB101", "LB102", "LB103", "LB104", "LB105", "LB106",
    "LB107", "LB108", "LB109", "LB110", "LB111", "LB112", "LB113", "LB114", "LB201", "LB202", "LB203", "LB204",
    "LB205", "LB206", "LB207", "LB208", "LB301", "LB302", "LB303", "LB304", "LB305", "LB306", "LB307", "LB308",
    "LB309", "LB310", "LB311", "LB312", "LB313", "LB314", "LB401", "LB402", "LB403", "LB404", "LB405", "LB501",
    "LB502", "LB503", "LB504", "LB505", "LB506", "LB507", "LB508", "LB509", "LB510", "LB511", "LB512", "LB513",
    "LB514", "LB515", "LB516", "LB517", "LB518", "LB519", "LB520", "LB521", "LB522", "LB601", "LB602", "LB603",
    "LB604", "LB605", "LB606", "LB607",
];

/// The section of a code, from its title to the next one.
pub(super) fn explain(code: &str) -> Option<&'static str> {
    let code = CODES.iter().find(|known| known.eq_ignore_ascii_case(code))?;
    let start = TEXT.find(&format!("## {code}:"))? + 3;
    let section = &TEXT[start..];
    Some(section.find("\n## ").map_or(section, |end| &section[..end]).trim_end())
}
