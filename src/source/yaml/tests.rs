//! The bounds, the places and the plain values of the YAML reader.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::*;

/// What this thread has computed so far: it does not matter who else wants the machine.
fn computed() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.try_into().unwrap(), spent.tv_nsec.try_into().unwrap())
}

fn one_finding(text: &str) -> Diagnostic {
    let (_, found) = parse(text, 0);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn every_node_knows_its_place() {
    let (tree, found) = parse("a: 1\nb:\n  - 'x y'\n  - {c: ü, d: z}\n", 3);
    assert!(found.is_empty());
    let tree = tree.unwrap();
    let map = tree.as_map().unwrap();
    let (key, list) = &map["b"];
    assert_eq!((key.file, key.line, key.column, key.offset, key.len), (3, 2, 1, 5, 1));
    let Node::List(items) = &list.node else { panic!("a list") };
    assert_eq!((items[0].span.line, items[0].span.column, items[0].span.len), (3, 5, 5));
    let inner = items[1].as_map().unwrap();
    assert_eq!((inner["d"].0.line, inner["d"].0.column), (4, 12));
}

#[test]
fn every_duplicate_key_is_found_in_one_pass() {
    let (tree, found) = parse("a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n", 0);
    assert!(tree.is_some());
    let places: Vec<_> = found.iter().map(|d| (d.code, d.span.line, d.span.column)).collect();
    assert_eq!(places, [("LB005", 3, 1), ("LB005", 4, 11)]);
}

#[test]
fn merge_keys_give_way_to_members_written_out() {
    let (tree, found) = parse("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\n", 0);
    assert!(found.is_empty(), "{found:?}");
    let tree = tree.unwrap();
    let merged = tree.as_map().unwrap()["use"].1.as_map().unwrap();
    assert!(matches!(&merged["x"].1.node, Node::Scalar(v) if *v == 1));
    assert!(matches!(&merged["y"].1.node, Node::Scalar(v) if *v == 3));
}

#[test]
fn hostile_texts_are_refused_at_once() {
    let bomb = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))
    });
    let deep_blocks = (0..400).fold(String::new(), |text, n| text + &" ".repeat(n) + "a:\n");
    let merge_bomb = format!(
        "a: &a {{{}}}\nb: [{}]\n",
        (0..900).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(", "),
        vec!["{<<: *a}"; 900].join(", ")
    );
    for (name, text) in [
        ("brackets", "[".repeat(100_000)),
        ("braces", "{a: ".repeat(30_000)),
        ("dashes", "- ".repeat(100_000)),
        ("alias bomb", bomb),
        ("merge bomb", merge_bomb),
        ("deep blocks", deep_blocks),
        ("scalars", "- a\n".repeat(65_000) + &"- [0,0,0,0]\n".repeat(20_000)),
        ("self alias", "a: &a [*a]".to_owned()),
    ] {
        let before = computed();
        let (tree, found) = parse(&text, 0);
        assert!(tree.is_none() && found.iter().any(|d| matches!(d.code, "LB002" | "LB004")), "{name}: {found:?}");
        let spent = computed().checked_sub(before).unwrap();
        // Generous: debug builds on a slow machine. Quadratic readers need many seconds.
        assert!(spent < Duration::from_secs(2), "{name} took {spent:?}");
    }
}

#[test]
fn wrong_syntax_is_located() {
    let finding = one_finding("a: 1\nb: [1, 2\nc: 3\n");
    assert_eq!((finding.code, finding.span.line), ("LB003", 3));
    assert!(finding.help.unwrap().contains("bracket"), "{}", finding.message);
    assert!(one_finding("a: *nowhere\n").help.unwrap().contains("anchor"));
    assert_eq!(one_finding("a: 1\n---\nb: 2\n").code, "LB003");
    assert_eq!(one_finding("? [a, b]\n: 1\n").code, "LB102");
}
