//! Questions to databases as runbooks write them.

use serde_json::{Value, json};

use super::place::Tls;
use super::{Place, SqlQuery, problems, refusal};
use crate::model::action::Action;
use crate::model::action::command_line::shell_line;
use crate::model::plan::ResolvedTarget;

fn query(with: Value) -> SqlQuery {
    let mut with = with;
    with["query"] = "select 1".into();
    serde_json::from_value(with).unwrap()
}

#[test]
fn an_address_is_told_in_one_line_or_in_members() {
    let expected = Place {
        host: "db.example".to_owned(),
        address: None,
        port: 5432,
        database: "shop".to_owned(),
        user: "reader".to_owned(),
        tls: Tls::VerifyFull,
    };
    let members = json!({"host": "db.example", "database": "shop", "user": "reader"});
    assert_eq!(query(members).place(), Ok(expected.clone()));
    assert_eq!(query(json!({"url": "postgresql://reader@db.example/shop"})).place(), Ok(expected));
    let six = query(json!({"url": "postgres://a%40b@[::1]:6000/x", "sslmode": "disable"})).place().unwrap();
    assert_eq!((six.host.as_str(), six.port, six.user.as_str(), six.tls), ("::1", 6000, "a@b", Tls::Disable));
}

#[test]
fn what_is_missing_or_said_twice_is_named() {
    let why = |with| query(with).place().unwrap_err();
    assert!(why(json!({})).starts_with("`host` is missing"));
    assert!(why(json!({"host": "h", "user": "u"})).starts_with("`database` is missing"));
    assert!(why(json!({"url": "postgres://h/d"})).starts_with("`user` is missing"));
    assert!(why(json!({"url": "postgres://u@h/d", "host": "h"})).contains("take one out"));
    assert!(why(json!({"url": "postgres://u@h:1/d", "port": 1})).contains("take one out"));
    assert!(why(json!({"url": "postgres://u@h/d", "sslmode": "disable"})).contains("this machine alone"));
    let unused = json!({"url": "postgres://u@h/d", "sslmode": "require", "ca_file": "/x"});
    assert!(why(unused).contains("only `sslmode: verify-full` asks"));
}

/// The password is in none of the messages, and no action is made that would carry it into a journal.
#[test]
fn a_password_is_no_input() {
    for (action, with) in [
        ("sql/query", json!({"query": "select 1", "url": "postgres://u:pa55@h/d"})),
        ("sql/query", json!({"query": "select 1", "url": "postgres://u:p@pa55@h/d"})),
        ("sql/query", json!({"query": "select 1", "url": "postgres://u@h/d", "password_from": "pa55"})),
        ("sql/query", json!({"query": "select 1", "url": "postgres://u@h/d", "password_from": "env:pa-55"})),
        ("redis/command", json!({"url": "rediss://:pa55@h", "command": ["PING"]})),
        ("redis/command", json!({"url": "rediss://h", "command": ["PING"], "password_from": "file:pa55"})),
    ] {
        let found = problems(action, &with);
        assert_eq!(found.len(), 1, "{found:?}");
        let refused = Action::parse(action, &with).unwrap_err().to_string();
        assert!(refused.contains(&found[0].1), "{refused}");
        assert!(!refused.contains("pa55") && !refused.contains("pa-55"), "{refused}");
    }
}

#[test]
fn only_reading_commands_are_asked() {
    for good in [&["ping"][..], &["GET", "k"], &["memory", "usage", "k"], &["INFO"], &["OBJECT", "ENCODING", "k"]] {
        assert_eq!(refusal(good, true), None, "{good:?}");
    }
    for bad in [
        &["SET", "k", "v"][..],
        &["DEL", "k"],
        &["FLUSHALL"],
        &["EVAL", "x", "0"],
        &["GETDEL", "k"],
        &["GETEX", "k"],
        &["CONFIG", "SET", "a", "b"],
        &["CONFIG"],
        &["MEMORY", "PURGE"],
        &["CLIENT", "KILL"],
        &["SORT", "k"],
        &["DEBUG", "SLEEP", "1"],
        &["SHUTDOWN"],
        &["KEYS", "*"],
        &["GET k"],
        &[],
        &["ZRANGESTORE", "a", "b", "0", "1"],
        &["MULTI"],
        &["SUBSCRIBE", "c"],
        &["MONITOR"],
        &["BGSAVE"],
    ] {
        assert!(refusal(bad, true).is_some(), "{bad:?}");
    }
    assert!(refusal(&["KEYS", "*"], true).unwrap().contains("SCAN"));
    // What is not known yet is looked at when it is.
    assert_eq!(refusal(&["CONFIG"], false), None);
    assert_eq!(refusal(&[], false), None);
    assert!(refusal(&["SET"], false).is_some());
}

#[test]
fn a_person_asks_the_same() {
    let line = |name: &str, with: Value| {
        let lines = Action::parse(name, &with).unwrap().command_lines(&ResolvedTarget::default());
        lines.iter().map(|line| shell_line(line)).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        line("sql/query", json!({"query": "select now()", "url": "postgres://r@db.example/shop"})),
        "env 'PGOPTIONS=-c default_transaction_read_only=on' psql --no-psqlrc --set=ON_ERROR_STOP=1 \
         '--dbname=host=db.example port=5432 dbname=shop user=r sslmode=verify-full sslrootcert=system' \
         '--command=select now()'"
    );
    let with = json!({
        "query": "select $1, $2", "url": "postgres://r@localhost/shop", "sslmode": "disable",
        "params": ["it's", 3], "password_from": "env:X",
    });
    assert!(
        line("sql/query", with).ends_with(
            "'--command=PREPARE asked AS select $1, $2' '--command=EXECUTE asked('\\''it'\\'''\\''s'\\'', 3)'"
        )
    );
    let with = json!({"url": "rediss://h:7000/2", "command": ["GET", "a b"], "password_from": "env:X"});
    assert_eq!(line("redis/command", with), "redis-cli -h h -p 7000 -n 2 --tls --askpass GET 'a b'");
}
