//! Where a database is asked: addresses as runbooks write them, and whether the way there is safe
//! enough for what goes over it. Never quotes an address that has a password in it.

// Addresses alone: `core` has no sockets.
use core::net::IpAddr;

use super::SqlQuery;

const SQL_PORT: u16 = 5432;
const REDIS_PORT: u16 = 6379;
const SSL_MODES: [&str; 3] = ["verify-full", "require", "disable"];

/// Where a statement is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub host: String,
    /// Where that host is reached, when not by its name.
    pub address: Option<IpAddr>,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub tls: Tls,
}

/// How sure the other end has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    VerifyFull,
    Require,
    Disable,
}

/// Where a command is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisPlace {
    pub host: String,
    pub port: u16,
    pub user: Option<String>,
    pub database: u16,
    pub tls: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, database, user, .. } = self;
        write!(f, "database `{database}` as `{user}` at {host}:{port}")?;
        self.address.map_or(Ok(()), |address| write!(f, " (through {address})"))
    }
}

impl std::fmt::Display for RedisPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redis at {}:{}", self.host, self.port)
    }
}

/// The parts of `scheme://user@host:port/path`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    has_password: bool,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    has_query: bool,
}

fn parts(url: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, has_query) = rest.find(['?', '#']).map_or((rest, false), |at| (&rest[..at], true));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A password may hold an `@` that nobody has encoded.
    let (who, at) = authority.rsplit_once('@').map_or((None, authority), |(who, at)| (Some(who), at));
    let (user, has_password) = who.map_or((None, false), |who| (who.split(':').next(), who.contains(':')));
    let (host, port) = match at.strip_prefix('[') {
        Some(six) => {
            let (host, rest) = six.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => at.split_once(':').map_or((at, None), |(host, port)| (host, Some(port))),
    };
    let user = user.filter(|user| !user.is_empty());
    Some(Parts { scheme, user, has_password, host, port, path, has_query })
}

/// The host of an address; none where it has none.
pub(super) fn host_of(url: &str) -> Option<&str> {
    parts(url).map(|parts| parts.host).filter(|host| !host.is_empty())
}

/// What every address has to be, whatever it leads to.
fn sound<'a>(url: &'a str, schemes: [&str; 2], like: &str) -> Result<Parts<'a>, String> {
    let no_address = || format!("the url is no address: write it as `{like}`");
    let parts = parts(url).ok_or_else(no_address)?;
    if parts.has_password {
        // Nothing of it is repeated here.
        let way_out = "take it out, and say with `password_from: env:NAME` where it is found";
        return Err(format!("the url holds a password, which would stand in the journal: {way_out}"));
    }
    if !schemes.contains(&parts.scheme) || parts.host.is_empty() {
        return Err(no_address());
    }
    if parts.has_query {
        return Err("the url holds options behind a `?`: they are members of their own, like `sslmode`".to_owned());
    }
    port(parts.port, 0)?;
    Ok(parts)
}

fn port(written: Option<&str>, usual: u16) -> Result<u16, String> {
    written.map_or(Ok(usual), |port| port.parse().map_err(|_| format!("`{port}` is no port")))
}

fn sql_parts(url: &str) -> Result<Parts<'_>, String> {
    sound(url, ["postgresql", "postgres"], "postgresql://USER@HOST:5432/DATABASE")
}

pub(super) fn check_sql_url(url: &str) -> Result<(), String> {
    sql_parts(url).map(|_| ())
}

pub(super) fn check_ssl_mode(mode: &str) -> Result<(), String> {
    tls(mode).map(|_| ())
}

fn tls(mode: &str) -> Result<Tls, String> {
    match mode {
        "verify-full" => Ok(Tls::VerifyFull),
        "require" => Ok(Tls::Require),
        "disable" => Ok(Tls::Disable),
        other => Err(format!("`{other}` is no sslmode: there are {}", SSL_MODES.join(", "))),
    }
}

/// `secret:NAME`, `env:NAME` or `file:PATH`. Anything else might be the password itself, so it is not repeated.
pub(super) fn check_password_source(source: &str) -> Result<(), String> {
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match source.split_once(':') {
        Some(("secret" | "env", name)) if is_name(name) => Ok(()),
        Some(("file", path)) if path.starts_with('/') => Ok(()),
        _ => Err("`password_from` says where the password is found, as `secret:NAME`, `env:NAME` or `file:/PATH`; \
                  the password itself has no place in a runbook"
            .to_owned()),
    }
}

pub(super) fn of_query(call: &SqlQuery) -> Result<Place, String> {
    let parts = call.url.as_deref().map(sql_parts).transpose()?.unwrap_or_default();
    let one = |member: &str, written: &Option<String>, in_url: Option<&str>| match (written, in_url) {
        (Some(_), Some(_)) => Err(format!("both the url and `{member}` say it: take one out")),
        (Some(text), None) if !text.is_empty() => Ok(text.clone()),
        (None, Some(text)) => Ok(decoded(text)),
        _ => Err(format!("`{member}` is missing: name it, or the whole url")),
    };
    let written = |text: &str| !text.is_empty();
    let no_address = |text: &str| format!("`hostaddr: {text}` is no address: a name goes into `host`");
    let address = call.hostaddr.as_deref().filter(|text| written(text));
    let address = address.map(|text| text.parse().map_err(|_| no_address(text))).transpose()?;
    let place = Place {
        address,
        host: one("host", &call.host, Some(parts.host).filter(|host| written(host)))?,
        database: one("database", &call.database, Some(parts.path).filter(|path| written(path)))?,
        user: one("user", &call.user, parts.user)?,
        port: match (call.port, parts.port) {
            (Some(_), Some(_)) => return Err("both the url and `port` say it: take one out".to_owned()),
            (Some(port), None) => port,
            (None, in_url) => port(in_url, SQL_PORT)?,
        },
        tls: tls(call.sslmode.as_deref().unwrap_or("verify-full"))?,
    };
    let is_near = place.address.map_or_else(|| is_here(&place.host), |address| address.is_loopback());
    if place.tls == Tls::Disable && !is_near {
        let why = "without TLS everybody on the way reads the password and the rows";
        return Err(format!("`sslmode: disable` is for this machine alone, and `{}` is another: {why}", place.host));
    }
    if place.tls != Tls::VerifyFull && call.ca_file.is_some() {
        return Err("`ca_file` says whom to trust, which only `sslmode: verify-full` asks".to_owned());
    }
    Ok(place)
}

pub(super) fn of_redis(url: &str) -> Result<RedisPlace, String> {
    let parts = sound(url, ["rediss", "redis"], "rediss://HOST:6379/0")?;
    let database = match parts.path {
        "" => 0,
        number => number.parse().map_err(|_| format!("`{number}` is no number of a database"))?,
    };
    Ok(RedisPlace {
        host: parts.host.to_owned(),
        port: port(parts.port, REDIS_PORT)?,
        user: parts.user.map(decoded),
        database,
        tls: parts.scheme == "rediss",
    })
}

impl RedisPlace {
    /// Whether a password may be sent there.
    ///
    /// # Errors
    /// Why not.
    pub fn check_password(&self) -> Result<(), String> {
        if self.tls || is_here(&self.host) {
            return Ok(());
        }
        Err(format!("without TLS everybody on the way to `{}` reads the password: write `rediss://`", self.host))
    }
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A part of an address without its percent signs.
fn decoded(part: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), part.as_bytes());
    while let Some((&first, more)) = rest.split_first() {
        let code = (first == b'%').then(|| more.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok()).and_then(|c| u8::from_str_radix(c, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
