//! The commands of Redis that only read, and do not hold up everybody else.
//!
//! Must not know: what they answer.

/// Commands by themselves.
const READS: &[&str] = &[
    "BITCOUNT",
    "BITPOS",
    "DBSIZE",
    "ECHO",
    "EXISTS",
    "EXPIRETIME",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "INFO",
    "LASTSAVE",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MGET",
    "PEXPIRETIME",
    "PING",
    "PTTL",
    "RANDOMKEY",
    "ROLE",
    "SCAN",
    "SCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "TIME",
    "TTL",
    "TYPE",
    "XLEN",
    "XRANGE",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANGE",
    "ZRANK",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
];

/// Commands that are one of several under a name.
const READS_OF: &[(&str, &[&str])] = &[
    ("CLIENT", &["ID", "INFO", "LIST"]),
    ("CLUSTER", &["INFO", "KEYSLOT", "MYID", "NODES", "SHARDS", "SLOTS"]),
    ("COMMAND", &["COUNT"]),
    ("CONFIG", &["GET"]),
    ("LATENCY", &["LATEST"]),
    ("MEMORY", &["STATS", "USAGE"]),
    ("OBJECT", &["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("XINFO", &["CONSUMERS", "GROUPS", "STREAM"]),
];

/// Why a command is not asked; `None` for one that only reads. Of a command that `is_whole` all words
/// are known, of another only these first ones.
#[must_use]
pub fn refusal(words: &[&str], is_whole: bool) -> Option<String> {
    let Some(first) = words.first() else {
        return is_whole.then(|| "the command is empty".to_owned());
    };
    let name = first.to_ascii_uppercase();
    if let Some((_, kinds)) = READS_OF.iter().find(|(of, _)| *of == name) {
        return match words.get(1) {
            Some(kind) if kinds.contains(&kind.to_ascii_uppercase().as_str()) => None,
            None if !is_whole => None,
            _ => Some(format!("of `{name}` only these are read: {}", kinds.join(", "))),
        };
    }
    if READS.contains(&name.as_str()) {
        return None;
    }
    Some(match name.as_str() {
        "KEYS" => {
            "`KEYS` holds up everybody else while it looks: count with `DBSIZE`, or go through with `SCAN`".to_owned()
        }
        _ if first.chars().any(char::is_whitespace) => {
            format!("`{first}` is several words: write them one by one, like `[GET, key]`")
        }
        _ => format!(
            "`{first}` is not among the commands that only read: what changes something is a step of its own, with `exec`"
        ),
    })
}
