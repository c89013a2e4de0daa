//! The palette: the key table by name, found by the letters of the name in their order.

use super::decide::{Go, Item};
use crate::tui::keys::{Act, Context, of};

/// The commands that match, the best first.
pub fn items(query: &str) -> Vec<Item> {
    let mut found: Vec<(usize, Item)> = of(Context::Main)
        .filter(|binding| binding.act != Act::Palette && binding.act != Act::Suspend)
        .filter_map(|binding| {
            let rank = fuzzy(query, binding.help)?;
            Some((
                rank,
                Item { label: binding.help.to_owned(), detail: binding.label.to_owned(), go: Go::Act(binding.act) },
            ))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, item)| item).collect()
}

/// How far the letters lie apart; `None` when they do not all occur in their order.
pub fn fuzzy(query: &str, text: &str) -> Option<usize> {
    let mut rest = text.char_indices().flat_map(|(at, c)| c.to_lowercase().map(move |c| (at, c)));
    let mut last = None;
    let mut apart = 0;
    for wanted in query.chars().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()) {
        let (at, _) = rest.find(|(_, c)| *c == wanted)?;
        apart += last.map_or(at, |last| at - last - 1);
        last = Some(at);
    }
    Some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_find_a_command() {
        assert_eq!(items("contacts").len(), items("whom to call").len().min(1) * items("contacts").len());
        assert_eq!(items("add note").first().map(|item| item.go), Some(Go::Act(Act::Note)));
        assert_eq!(items("skip").first().map(|item| item.go), Some(Go::Act(Act::Skip)));
        assert!(items("zzzz").is_empty());
        assert_eq!(fuzzy("abc", "a-b-c"), Some(2));
    }
}
