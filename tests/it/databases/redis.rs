//! `redis/command` against a real Redis, over TLS and plain.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use lifeboat::model::action::Action;
use lifeboat::model::outcome::CloudErrorKind;
use serde_json::{Value, json};

use super::certificates::Authority;
use super::debian::Programs;
use super::{AMPLE_MS, ask};

pub const PASSWORD: &str = "corr3ct-h0rse";
const TRIES: usize = 5;

pub struct Redis {
    child: Child,
    dir: tempfile::TempDir,
    programs: Programs,
    pub authority: Authority,
    plain: u16,
    pub tls: u16,
}

impl Redis {
    pub fn start() -> Self {
        let programs = Programs::of("redis-server", "redis-server", &["usr/local/bin", "usr/bin"]);
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new(dir.path());
        let (certificate, key) = authority.sign(&["localhost"]);
        fs::write(dir.path().join("server.pem"), certificate).unwrap();
        fs::write(dir.path().join("server.key"), key).unwrap();
        let (child, plain, tls) = (0..TRIES).find_map(|_| serve(&programs, dir.path())).unwrap();
        Self { child, dir, programs, authority, plain, tls }
    }

    /// What its owner does by hand.
    pub fn change(&self, words: &[&str]) {
        let mut cli = self.programs.command("redis-cli");
        cli.args(["-p", &self.plain.to_string(), "-a", PASSWORD, "--no-auth-warning"]).args(words);
        let done = cli.output().unwrap();
        assert!(done.status.success() && !done.stdout.starts_with(b"ERR"), "{words:?}: {done:?}");
    }

    /// One of its programs, as a shell starts it.
    pub fn line(&self, program: &str) -> String {
        self.programs.line(program)
    }

    fn question(&self, command: &[&str], more: &Value) -> Value {
        let password = self.dir.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut with = json!({
            "url": format!("rediss://localhost:{}/0", self.tls), "command": command,
            "password_from": format!("file:{}", password.display()), "ca_file": self.authority.file,
        });
        for (member, value) in more.as_object().unwrap() {
            match value {
                Value::Null => with.as_object_mut().unwrap().remove(member),
                value => with.as_object_mut().unwrap().insert(member.clone(), value.clone()),
            };
        }
        with
    }

    fn get(&self, command: &[&str]) -> Value {
        ask("redis/command", &self.question(command, &json!({})), AMPLE_MS).unwrap()["value"].clone()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(programs: &Programs, dir: &std::path::Path) -> Option<(Child, u16, u16)> {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (plain, tls) = (free(), free());
    let file = |name: &str| dir.join(name).display().to_string();
    let mut command = programs.command("redis-server");
    command.current_dir(dir).args(["--bind", "127.0.0.1", "--port", &plain.to_string(), "--save", ""]);
    command.args(["--tls-port", &tls.to_string(), "--tls-auth-clients", "no", "--requirepass", PASSWORD]);
    command.args(["--tls-cert-file", &file("server.pem"), "--tls-key-file", &file("server.key")]);
    command.args(["--tls-ca-cert-file", &file("authority.pem")]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    let mut ready = 0;
    while log.read_line(&mut said).unwrap() > 0 {
        ready = said.matches("Ready to accept connections").count();
        if ready > 0 {
            break;
        }
    }
    if ready == 0 {
        child.wait().unwrap();
        assert!(said.contains("in use"), "it does not start: {said}");
        return None;
    }
    // Nobody else empties the pipe.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Some((child, plain, tls))
}

#[test]
fn what_is_in_it_and_how_it_is() {
    let redis = Redis::start();
    redis.change(&["SET", "session:1", "ada"]);
    redis.change(&["HSET", "user:1", "name", "ada", "logins", "3"]);
    redis.change(&["RPUSH", "queue", "a", "b"]);
    redis.change(&["SET", "short", "x", "EX", "1000"]);
    assert_eq!(redis.get(&["PING"]), "PONG");
    assert_eq!(redis.get(&["DBSIZE"]), 4);
    assert_eq!(redis.get(&["get", "session:1"]), "ada");
    assert_eq!(redis.get(&["GET", "nothing"]), Value::Null);
    assert_eq!(redis.get(&["EXISTS", "session:1", "user:1", "nothing"]), 2);
    assert_eq!(redis.get(&["TYPE", "user:1"]), "hash");
    assert_eq!(redis.get(&["HGETALL", "user:1"]), json!({"name": "ada", "logins": "3"}));
    assert_eq!(redis.get(&["LRANGE", "queue", "0", "-1"]), json!(["a", "b"]));
    assert!((1..=1000).contains(&redis.get(&["TTL", "short"]).as_i64().unwrap()));
    assert!(redis.get(&["MEMORY", "USAGE", "queue"]).as_i64().unwrap() > 0);
    assert_eq!(redis.get(&["CONFIG", "GET", "save"]), json!({"save": ""}));

    let info = ask("redis/command", &redis.question(&["INFO"], &json!({})), AMPLE_MS);
    // All of it is more than a record holds; a section is what a step asks for.
    let _ = info;
    let info = ask("redis/command", &redis.question(&["INFO", "replication"], &json!({})), AMPLE_MS).unwrap();
    assert_eq!((&info["fields"]["role"], &info["fields"]["connected_slaves"]), (&json!("master"), &json!(0)));

    // The same without TLS, on this machine alone.
    let plain = json!({"url": format!("redis://127.0.0.1:{}", redis.plain), "ca_file": null});
    assert_eq!(ask("redis/command", &redis.question(&["DBSIZE"], &plain), AMPLE_MS).unwrap()["value"], 4);
}

#[test]
fn what_goes_wrong_is_told() {
    let redis = Redis::start();
    redis.change(&["SET", "text", "x"]);
    redis.change(&["ACL", "SETUSER", "guest", "on", &format!(">{PASSWORD}"), "+ping"]);
    let wrong = redis.dir.path().join("wrong");
    fs::write(&wrong, "wrong").unwrap();
    fs::set_permissions(&wrong, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let guest = json!({"url": format!("rediss://guest@localhost:{}", redis.tls)});
    let nobody = json!({"url": "rediss://localhost:1"});
    let cases = [
        (
            &["PING"][..],
            json!({"password_from": format!("file:{}", wrong.display())}),
            CloudErrorKind::Denied,
            "WRONGPASS",
        ),
        (&["PING"], json!({"password_from": null}), CloudErrorKind::Denied, "NOAUTH"),
        (&["PING"], json!({"password_from": "env:LIFEBOAT_NOT_SET"}), CloudErrorKind::Denied, "NoPassword"),
        (&["DBSIZE"], guest, CloudErrorKind::Denied, "NOPERM"),
        (&["LLEN", "text"], json!({}), CloudErrorKind::Invalid, "WRONGTYPE"),
        (&["PING"], json!({"ca_file": null}), CloudErrorKind::Invalid, "Certificate"),
        (
            &["PING"],
            json!({"url": format!("rediss://127.0.0.1:{}", redis.tls)}),
            CloudErrorKind::Invalid,
            "Certificate",
        ),
        (&["PING"], nobody, CloudErrorKind::Unavailable, "NoConnection"),
        (&["PING"], json!({"url": "redis://cache.example:6379"}), CloudErrorKind::Invalid, "NoTls"),
    ];
    for (command, more, kind, code) in cases {
        let error = ask("redis/command", &redis.question(command, &more), AMPLE_MS).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (kind, code), "{more}: {}", error.message);
        assert!(!error.message.contains(PASSWORD), "{}", error.message);
    }
    // Somebody listens and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = json!({"url": format!("redis://127.0.0.1:{}", silent.local_addr().unwrap().port()), "ca_file": null});
    let error = ask("redis/command", &redis.question(&["PING"], &url), 300).unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Unavailable, "{error:?}");
}

/// What could change something is no action at all.
#[test]
fn nothing_else_is_asked() {
    for command in [json!(["SET", "k", "v"]), json!(["FLUSHALL"]), json!(["CONFIG", "SET", "save", ""]), json!([])] {
        let with = json!({"url": "rediss://localhost", "command": command});
        assert!(Action::parse("redis/command", &with).is_err(), "{with}");
    }
}
