//! A PostgreSQL of its own for a test: data in a directory of the test's, TLS with a certificate of
//! the test's, one user who may read and one who may do everything.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::certificates::Authority;
use super::debian::Programs;

/// What the reader's password is; it may be found nowhere but there.
pub const PASSWORD: &str = "corr3ct-h0rse";
/// PostgreSQL does not run as root; nobody needs to be somebody.
const NOBODY: u32 = 65_534;
/// A port that was free may be taken when it is needed.
const TRIES: usize = 5;

pub struct Postgres {
    child: Child,
    programs: Programs,
    dir: tempfile::TempDir,
    pub authority: Authority,
    pub port: u16,
}

impl Postgres {
    /// With an empty database `shop`, a user `reader`, and a certificate for these names.
    pub fn start(names: &[&str]) -> Self {
        Self::with(names, "shop", "reader")
    }

    /// With an empty database, a user without rights, and a certificate for these names.
    pub fn with(names: &[&str], database: &str, user: &str) -> Self {
        let programs =
            Programs::of("postgresql", "postgres", &["usr/lib/postgresql/*/bin", "usr/local/bin", "usr/bin"]);
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let authority = Authority::new(dir.path());
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        give(&data);
        let how = ["-U", "owner", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8"];
        let made = nobody(programs.command("initdb").arg("-D").arg(&data).args(how)).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let access = format!("hostssl all {user} 127.0.0.1/32 scram-sha-256\nhost all owner 127.0.0.1/32 trust\n");
        fs::write(data.join("pg_hba.conf"), access).unwrap();
        write_certificate(dir.path(), &authority, names);
        let (child, port) = (0..TRIES).find_map(|_| serve(&programs, dir.path())).unwrap();
        let server = Self { child, programs, dir, authority, port };
        server.change(&format!("CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'"), "postgres");
        server.change(&format!("CREATE DATABASE {database}"), "postgres");
        server
    }

    /// Another certificate, for other names; connections made from now on see it.
    pub fn certify(&self, names: &[&str]) {
        write_certificate(self.dir.path(), &self.authority, names);
        self.change("SELECT pg_reload_conf()", "postgres");
    }

    /// What the owner does by hand.
    pub fn change(&self, sql: &str, database: &str) {
        let about = format!("host=127.0.0.1 port={} user=owner dbname={database} sslmode=disable", self.port);
        let mut psql = self.programs.command("psql");
        psql.args(["--no-psqlrc", "-q", "--set=ON_ERROR_STOP=1", "-f", "-", &about]).stdin(Stdio::piped());
        let mut psql = psql.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        psql.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        let done = psql.wait_with_output().unwrap();
        assert!(done.status.success(), "{sql}\n{}", String::from_utf8_lossy(&done.stderr));
    }

    /// One of its programs, as a shell starts it.
    pub fn line(&self, program: &str) -> String {
        self.programs.line(program)
    }

    /// A file with a password that only its owner can read.
    pub fn password_file(&self, password: &str) -> String {
        let path = self.dir.path().join(format!("password-{}", password.len()));
        fs::write(&path, password).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// A question of the reader's, with some members in place of the usual ones.
    pub fn question(&self, query: &str, more: &Value) -> Value {
        let mut with = json!({
            "query": query, "host": "localhost", "port": self.port, "database": "shop", "user": "reader",
            "password_from": format!("file:{}", self.password_file(PASSWORD)),
            "ca_file": self.authority.file,
        });
        for (member, value) in more.as_object().unwrap() {
            match value {
                Value::Null => with.as_object_mut().unwrap().remove(member),
                value => with.as_object_mut().unwrap().insert(member.clone(), value.clone()),
            };
        }
        with
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, and its children with it.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let _ = self.child.wait();
    }
}

fn serve(programs: &Programs, dir: &Path) -> Option<(Child, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let data = dir.join("data");
    let mut command = programs.command("postgres");
    command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", "", "-h", "127.0.0.1"]);
    for setting in ["fsync=off", "ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key", "max_connections=20"]
    {
        command.args(["-c", setting]);
    }
    let mut child = nobody(&mut command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while log.read_line(&mut said).unwrap() > 0 {
        if said.contains("ready to accept connections") {
            // Nobody else empties the pipe.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some((child, port));
        }
    }
    child.wait().unwrap();
    assert!(said.contains("could not bind"), "it does not start: {said}");
    None
}

fn write_certificate(dir: &Path, authority: &Authority, names: &[&str]) {
    let (certificate, key) = authority.sign(names);
    let file = |name: &str| dir.join("data").join(name);
    for (name, text) in [("server.pem", certificate), ("server.key", key)] {
        fs::write(file(name), text).unwrap();
        fs::set_permissions(file(name), Permissions::from_mode(0o600)).unwrap();
        give(&file(name));
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn give(path: &PathBuf) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn nobody(command: &mut Command) -> &mut Command {
    command.current_dir("/");
    if is_root() { command.uid(NOBODY).gid(NOBODY) } else { command }
}
