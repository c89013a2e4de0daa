//! Names found and put: on small texts here, on every shipped runbook in `tests/it`.

use super::*;

const TEMPLATE: &str = "\
# Comments stay, also about 111122223333.
version: 1
name: small
targets: { home: { region: us-east-1, account: '111122223333' } }
mfa: { method: sts, serial: 'arn:aws:iam::111122223333:mfa/x', role: 'arn:aws:iam::111122223333:role/dr' }
inputs:
  source: { type: string, default: orders-db, help: The damaged instance }
  shards: { type: integer, default: 3 }
vars:
  tag: ${{ run.id | lower }}
  site: www.acme.com
roles: { commander: [alice, bob] }
contacts:
  first: { name: '[Name]', phone: '[Phone]' }
  second: { name: '[Name]' }
phases:
  - id: orders-db
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica
        with: { db_instance_identifier: orders-replica }
        confirm: { type: orders-replica }
        verify: [{ expect: \"result.id == 'orders-replica' and result.n == 1\" }]
";

fn answers(pairs: &[(&str, &str)]) -> IndexMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_name_is_asked_once() {
    let keys: Vec<String> = owners_names(TEMPLATE).into_iter().map(|name| name.key).collect();
    let expected = [
        "name",
        "targets.home.account",
        "targets.home.region",
        "mfa.serial",
        "mfa.role",
        "inputs.source",
        "vars.site",
        "steps.promote.with.db_instance_identifier",
        "roles.commander[0]",
        "roles.commander[1]",
        "contacts.first.name",
        "contacts.first.phone",
        "contacts.second.name",
    ];
    assert_eq!(keys, expected);
    assert_eq!(owners_names(TEMPLATE)[5].help, "The damaged instance");
    assert!(owners_names("a: [").is_empty());
}

#[test]
fn a_name_is_put_wherever_it_stands_and_nothing_else_moves() {
    let names = owners_names(TEMPLATE);
    let put = put_names(
        TEMPLATE,
        &names,
        &answers(&[
            ("targets.home.account", "444455556666"),
            ("steps.promote.with.db_instance_identifier", "shop-replica"),
            ("inputs.source", "shop: db"),
            ("contacts.second.name", "O'Neill"),
            ("name", "ours"),
        ]),
    )
    .unwrap();
    let expected = TEMPLATE
        .replace("111122223333", "444455556666")
        .replace("orders-replica", "shop-replica")
        .replace("default: orders-db", "default: \"shop: db\"")
        .replace("second: { name: '[Name]' }", "second: { name: 'O''Neill' }")
        .replace("name: small", "name: ours");
    assert_eq!(put, expected);
}

#[test]
fn what_cannot_be_put_is_said() {
    let names = owners_names(TEMPLATE);
    let put = |key: &str, value: &str| put_names(TEMPLATE, &names, &answers(&[(key, value)]));
    assert_eq!(put("inputs.sauce", "x"), Err(PutError::Unknown("inputs.sauce".to_owned())));
    assert_eq!(put("inputs.source", " "), Err(PutError::NotOneLine));
    assert_eq!(put("inputs.source", "a\nb: c"), Err(PutError::NotOneLine));
    assert_eq!(put("targets.home.account", "acme"), Err(PutError::NoAccount));
    assert_eq!(put("inputs.source", "orders-db").unwrap(), TEMPLATE);
}

#[test]
fn a_plain_word_that_would_be_read_as_something_else_gets_quotes() {
    let names = owners_names(TEMPLATE);
    for (answer, written) in
        [("true", "\"true\""), ("007", "007"), ("12", "\"12\""), ("a#b", "\"a#b\""), ("a-b", "a-b")]
    {
        let put = put_names(TEMPLATE, &names, &answers(&[("inputs.source", answer)])).unwrap();
        assert!(put.contains(&format!("default: {written}, help")), "{answer}: {put}");
    }
}
