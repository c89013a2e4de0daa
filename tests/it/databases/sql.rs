//! `sql/query` against a real PostgreSQL.

use std::time::{Duration, Instant};

use lifeboat::model::outcome::CloudErrorKind;
use serde_json::{Value, json};

use super::postgres::{PASSWORD, Postgres};
use super::{AMPLE_MS, ask};

fn get(server: &Postgres, query: &str) -> Value {
    ask("sql/query", &server.question(query, &json!({})), AMPLE_MS).unwrap()
}

/// Kind, code and message.
fn refused(server: &Postgres, query: &str, more: &Value, timeout_ms: u64) -> (CloudErrorKind, String, String) {
    let asked = ask("sql/query", &server.question(query, more), timeout_ms);
    let error = asked.map_or_else(|error| error, |answer| panic!("{query} {more}: {answer}"));
    assert!(!error.message.contains(PASSWORD), "{}", error.message);
    (error.kind, error.code, error.message)
}

#[test]
fn values_rows_and_parameters() {
    let server = Postgres::start(&["localhost"]);
    server
        .change("CREATE TYPE mood AS ENUM ('calm', 'storm'); CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0)", "shop");
    let all = "select 7::int2 as small, -8 as whole, 9223372036854775807 as big, 12.50::numeric as price, \
        123456789012345678901.5::numeric as huge, 'NaN'::numeric as none, sum(x) as total, 0.1::real as tenth, 1e300::float8 as far, \
        'Infinity'::float8 as endless, true as yes, null::int as nothing, 'plain' as words, 'c'::\"char\" as letter, \
        '{\"a\": [1, null]}'::json as document, '{\"b\": 2}'::jsonb as binary, \
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, '2026-01-04 03:00:00.25+00'::timestamptz as at, \
        '2026-01-04 03:00:00'::timestamp as local, '2026-01-04'::date as day, '03:00:00'::time as clock, \
        '1 day 02:00:00.5'::interval as span, '\\xbeef'::bytea as bytes, array[1, null, 3] as list, \
        'storm'::mood as mood, 4::even as even, 'pg_class'::regclass::oid as oid \
        from generate_series(1, 3) x";
    let answer = get(&server, all);
    let expected = json!({
        "small": 7, "whole": -8, "big": 9_223_372_036_854_775_807_i64, "price": 12.5, "huge": "123456789012345678901.5",
        "none": "NaN", "total": 6, "tenth": 0.1, "far": 1e300, "endless": "inf", "yes": true, "nothing": null,
        "words": "plain", "letter": "c", "document": {"a": [1, null]}, "binary": {"b": 2},
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "at": "2026-01-04T03:00:00.250Z", "local": "2026-01-04T03:00:00",
        "day": "2026-01-04", "clock": "03:00:00", "span": 93_600.5, "bytes": "\\xbeef", "list": [1, null, 3],
        "mood": "storm", "even": 4, "oid": 1259,
    });
    assert_eq!(answer["row"], expected);
    assert_eq!((&answer["count"], &answer["value"], &answer["truncated"]), (&json!(1), &json!(7), &json!(false)));

    let none = get(&server, "select 1 where false");
    assert_eq!(none, json!({"count": 0, "value": null, "row": null, "truncated": false, "rows": []}));
    assert_eq!(get(&server, "show transaction_read_only")["value"], "on");
    assert_eq!(get(&server, "explain select 1")["count"], 1);

    let with = json!({
        "params": ["it's", 3, null, true, "2026-01-04T03:00:00Z", ["a b", "c\"d"], {"k": 1}, 2.5],
    });
    let query = "select $1::text as a, $2::int + 1 as b, $3::int as c, $4::bool as d, $5::timestamptz as e, \
        $6::text[] as f, $7::jsonb as g, $8::numeric as h";
    let answer = ask("sql/query", &server.question(query, &with), AMPLE_MS).unwrap();
    let expected = json!({
        "a": "it's", "b": 4, "c": null, "d": true, "e": "2026-01-04T03:00:00Z", "f": ["a b", "c\"d"], "g": {"k": 1},
        "h": 2.5,
    });
    assert_eq!(answer["row"], expected);

    // No more rows than asked for, and no more bytes than fit, come over the wire at all.
    let few = server.question("select generate_series(1, 100000000) as n", &json!({"max_rows": 3}));
    let answer = ask("sql/query", &few, AMPLE_MS).unwrap();
    assert_eq!((&answer["count"], &answer["truncated"]), (&json!(3), &json!(true)));
    assert_eq!(answer["rows"], json!([{"n": 1}, {"n": 2}, {"n": 3}]));
    let long = get(&server, "select repeat('x', 10000) as x from generate_series(1, 5)");
    assert_eq!((&long["count"], &long["truncated"]), (&json!(2), &json!(true)));
    let (_, code, _) = refused(&server, "select repeat('x', 30000)", &json!({}), AMPLE_MS);
    assert_eq!(code, "TooLarge");
    let (_, code, message) = refused(&server, "select '10.0.0.1'::inet as who", &json!({}), AMPLE_MS);
    assert!(code == "UnknownType" && message.contains("`who::text`"), "{message}");
    let (_, code, message) = refused(&server, "select $1::int", &json!({}), AMPLE_MS);
    assert!(code == "WrongParams" && message.contains("1 parameters"), "{message}");
}

/// Every way that is known to write, as a user who could: refused by the server, and nothing is changed.
#[test]
fn nothing_writes() {
    let server = Postgres::start(&["localhost"]);
    server.change(
        "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1); GRANT ALL ON kept TO reader; CREATE SEQUENCE s; \
         GRANT ALL ON SEQUENCE s TO reader; GRANT ALL ON SCHEMA public TO reader; \
         CREATE FUNCTION spoil() RETURNS int LANGUAGE plpgsql AS $$ begin delete from kept; return 1; end $$; \
         CREATE FUNCTION unlock() RETURNS int LANGUAGE plpgsql AS \
         $$ begin set transaction read write; delete from kept; return 1; end $$; \
         CREATE PROCEDURE run() LANGUAGE plpgsql AS $$ begin commit; delete from kept; commit; end $$;",
        "shop",
    );
    for write in [
        "insert into kept values (2)",
        "delete from kept returning n",
        "with gone as (delete from kept returning n) select count(*) from gone",
        "update kept set n = 2",
        "truncate kept",
        "drop table kept",
        "create table more (n int)",
        "alter table kept add m int",
        "select * from kept for update",
        "select nextval('s')",
        "select spoil()",
        "create index on kept (n)",
        "comment on table kept is 'x'",
        "copy kept from stdin",
    ] {
        let (kind, code, message) = refused(&server, write, &json!({}), AMPLE_MS);
        assert_eq!((kind, code.as_str()), (CloudErrorKind::Invalid, "25006"), "{write}: {message}");
        assert!(message.contains("only reads") && message.contains("SQLSTATE 25006"), "{message}");
    }
    // The ways to a transaction that could.
    for way in
        ["set transaction read write", "select unlock()", "select set_config('transaction_read_only', 'off', false)"]
    {
        let (_, code, message) = refused(&server, way, &json!({}), AMPLE_MS);
        assert_eq!(code, "25001", "{way}: {message}");
    }
    for (several, code) in [
        ("select 1; delete from kept", "42601"),
        ("commit; delete from kept", "42601"),
        ("do $$ begin commit; delete from kept; end $$", "2D000"),
        ("call run()", "2D000"),
    ] {
        let (_, found, message) = refused(&server, several, &json!({}), AMPLE_MS);
        assert_eq!(found, code, "{several}: {message}");
    }
    // Alone these end the transaction, and nothing comes after it.
    for end in ["commit", "rollback", "notify somebody", "set session characteristics as transaction read write"] {
        let _ = ask("sql/query", &server.question(end, &json!({})), AMPLE_MS);
    }
    assert_eq!(get(&server, "select n from kept")["rows"], json!([{"n": 1}]));
    assert_eq!(
        get(&server, "select last_value, is_called from s")["row"],
        json!({"last_value": 1, "is_called": false})
    );
}

/// What is wrong is told with its place and a way out.
#[test]
fn what_goes_wrong_is_told() {
    let server = Postgres::start(&["localhost"]);
    server.change("CREATE TABLE closed (n int)", "shop");
    let wrong = json!({"password_from": format!("file:{}", server.password_file("wrong"))});
    let lost = json!({"hostaddr": "127.0.0.1", "host": "db.example", "ca_file": server.authority.file});
    let place = format!("database `shop` as `reader` at localhost:{}", server.port);
    let cases = [
        ("select 1", wrong, CloudErrorKind::Denied, "28P01", "holds the password"),
        ("select 1", json!({"password_from": null}), CloudErrorKind::Denied, "NoPassword", "password_from"),
        (
            "select 1",
            json!({"password_from": "env:LIFEBOAT_NOT_SET"}),
            CloudErrorKind::Denied,
            "NoPassword",
            "LIFEBOAT_NOT_SET is not set",
        ),
        ("select 1", json!({"database": "gone"}), CloudErrorKind::NotFound, "3D000", "\"gone\" does not exist"),
        (
            "select 1",
            json!({"ca_file": null}),
            CloudErrorKind::Invalid,
            "CertificateIssuer",
            "name the issuer's certificates",
        ),
        ("select 1", lost, CloudErrorKind::Invalid, "CertificateName", "connect by the name"),
        ("select 1", json!({"ca_file": "/nowhere.pem"}), CloudErrorKind::Invalid, "NoCaFile", "/nowhere.pem"),
        ("select 1", json!({"port": 1}), CloudErrorKind::Unavailable, "NoConnection", "is it up"),
        ("select 1", json!({"sslmode": "disable", "ca_file": null}), CloudErrorKind::Denied, "28000", "pg_hba"),
        ("select n from orders", json!({}), CloudErrorKind::NotFound, "42P01", "relation \"orders\" does not exist"),
        ("select n from closed", json!({}), CloudErrorKind::Denied, "42501", "closed"),
        ("select m from closed", json!({}), CloudErrorKind::NotFound, "42703", "column \"m\" does not exist"),
        ("selekt 1", json!({}), CloudErrorKind::Invalid, "42601", "selekt"),
        ("select 1 / 0", json!({}), CloudErrorKind::Invalid, "22012", "division by zero"),
    ];
    for (query, more, kind, code, part) in cases {
        let found = refused(&server, query, &more, AMPLE_MS);
        assert_eq!((found.0, found.1.as_str()), (kind, code), "{query} {more}: {}", found.2);
        assert!(found.2.contains(part), "{query} {more}: {}", found.2);
        let is_usual = ["42P01", "28P01", "22012"].contains(&code);
        assert!(!is_usual || found.2.starts_with(&place), "{}", found.2);
    }
    // Only encrypted, with whomever: that is what the word says.
    let encrypted = server.question(
        "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
        &json!({"sslmode": "require", "ca_file": null}),
    );
    assert_eq!(ask("sql/query", &encrypted, AMPLE_MS).unwrap()["value"], true);
    // Through a tunnel the certificate is still the host's.
    server.certify(&["db.example"]);
    let tunnel = server.question("select 1", &json!({"hostaddr": "127.0.0.1", "host": "db.example"}));
    assert_eq!(ask("sql/query", &tunnel, AMPLE_MS).unwrap()["value"], 1);

    let (kind, code, message) = refused(&server, "select 1", &json!({}), AMPLE_MS);
    assert_eq!((kind, code.as_str()), (CloudErrorKind::Invalid, "CertificateName"), "{message}");
}

/// The server itself ends what takes too long, and nothing goes on running.
#[test]
fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let server = Postgres::start(&["localhost"]);
    // It is told to end before nobody waits for it any more.
    let limit = get(&server, "select setting::int from pg_settings where name = 'statement_timeout'");
    let limit_ms = limit["value"].as_u64().unwrap();
    assert!(limit_ms > 0 && limit_ms < AMPLE_MS, "{limit_ms}");
    let (kind, code, message) = refused(&server, "select pg_sleep(600)", &json!({}), 3_000);
    assert_eq!(kind, CloudErrorKind::Unavailable, "{code} {message}");
    // Where the server is late with its answer, nobody waited for that.
    assert!(code != "57014" || message.contains("timeout"), "{message}");
    // It says so before it has come to rest, and would go on for minutes.
    let running = "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and state = 'active'";
    let asked = Instant::now();
    while get(&server, running)["value"] != 0 {
        assert!(asked.elapsed() < Duration::from_mins(1), "it goes on running");
    }

    // Somebody listens and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (kind, _, message) = refused(&server, "select 1", &json!({"port": port}), 300);
    assert_eq!(kind, CloudErrorKind::Unavailable);
    assert!(message.contains("no answer within") || message.contains("timed out"), "{message}");
}
