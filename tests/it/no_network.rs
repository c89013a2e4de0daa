//! A simulated drill needs no network: it runs where there is none, not even a loopback.
//!
//! Linux with `unshare` of util-linux, and the right to make a namespace, as root or as a user where
//! the system allows that. Where it cannot be made these tests fail, and say so.

#![cfg(target_os = "linux")]

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use crate::home::{Home, environment};

/// Runs a program where the only interface is a loopback that is down.
fn without_network(home: &Home, program: &str, args: &[&str]) -> Output {
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--", program])
        .args(args)
        .env_clear()
        .envs(environment(home.path()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("this test needs `unshare` of util-linux: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.starts_with("unshare:"), "no network namespace can be made on this machine: {said}");
    output
}

#[test]
fn a_whole_drill_runs_where_no_socket_can_reach_anything() {
    let home = Home::new();
    let args = ["drill", "regional_failover", "--scenario", "calm", "--seed", "7", "--no-tui", "--yes", "--json"];
    let output = without_network(&home, env!("CARGO_BIN_EXE_lifeboat"), &args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let summary: serde_json::Value =
        serde_json::from_str(String::from_utf8_lossy(&output.stdout).lines().last().unwrap()).unwrap();
    assert_eq!((&summary["status"], &summary["mode"]), (&"succeeded".into(), &"drill".into()));
    assert!(home.changes().contains(&"aws/rds.promote_read_replica_db_cluster".to_owned()));
}

/// The control: what listens on the loopback outside is reached from outside, and not from there.
#[test]
fn there_not_even_the_loopback_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{}", listener.local_addr().unwrap().port());
    let outside = Command::new("bash").args(["-c", &connect]).output().unwrap();
    assert!(outside.status.success(), "{outside:?}");
    let home = Home::new();
    let inside = without_network(&home, "bash", &["-c", &connect]);
    let said = String::from_utf8_lossy(&inside.stderr);
    assert!(!inside.status.success() && said.contains("Network is unreachable"), "{said}");
}
