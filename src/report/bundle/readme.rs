//! The words for whoever is handed a bundle and trusts nobody.

use super::Whole;
use super::contents::TOOL;
use crate::model::event::RunHeader;
use crate::model::outcome::RunStatus;
use crate::report::summary::JournalFacts;

/// Recomputes the chain with nothing but Python.
pub(super) const SCRIPT: &str = r#"import hashlib, json

head = None
for number, line in enumerate(open("journal.jsonl", "rb"), 1):
    record = json.loads(line)
    if head is None:
        start = "lifeboat/1\n" + record["run"] + "\n" + record["ev"]["mode"]
        head = hashlib.sha256(start.encode()).hexdigest()
    found = hashlib.sha256(line[:-73] + b"}").hexdigest()
    whole = record["h"] == found and record["prev"] == head and record["seq"] == number
    assert whole, "record %d is not as it was written" % number
    head = found
print("%d records, head sha256:%s" % (number, head))
"#;

pub(super) fn render(whole: &Whole, header: &RunHeader, status: RunStatus) -> String {
    let (run, banner, digest) = (whole.run(), header.mode.banner(), &header.digest);
    let JournalFacts { records, head, .. } = whole.facts();
    let state = match status {
        RunStatus::Succeeded | RunStatus::Failed | RunStatus::Aborted => "The run had ended.",
        RunStatus::Running | RunStatus::Waiting | RunStatus::Paused => {
            "The run had not ended: this is its record so far, and a later bundle begins with the same records."
        }
    };
    format!(
        "# {banner}: evidence of run {run}

{state}

| | |
|---|---|
| Records | {records} |
| Head of the journal | `{head}` |
| Digest of the runbook | `{digest}` |
| Made by | {TOOL} |

`journal.jsonl` is the evidence. Everything else here is made from it, or vouched for by it:
`runbook/` is what record 1 holds, each file in `out/` is named by a record with its SHA-256, and
`exports/` tells the same story in forms that are easier to read.

## To check it with lifeboat

    lifeboat verify lifeboat-{run}.tar

recomputes the chain, makes every other file again from the journal and compares them byte for
byte. It needs nothing of the machine that made this file. With `--allowed-signers FILE
--identity NAME` it also checks who signed the journal; with `--cloudtrail FILE` it compares the
recorded calls with AWS's own account of them.

## To check it by hand

The files are those that were packed:

    sha256sum -c MANIFEST

The journal's chain is whole. Each line ends with `h`, the SHA-256 of the line without that
member, and `prev` is the `h` of the line above; the first line's is the SHA-256 of `lifeboat/1`,
the run's id and the mode, with a newline after each of the first two. With Python 3:

```python
{SCRIPT}```

or one line at a time, with jq:

    sed -n 1p journal.jsonl | jq -cj 'del(.h)' | sha256sum

Signatures, if there are any, are OpenSSH's. For each `signatures/N.txt`:

    ssh-keygen -Y verify -f ALLOWED_SIGNERS -I NAME -n lifeboat -s signatures/N.XXXXXXXX.sig < signatures/N.txt

and the head that it names must be the `h` of line N.

## What this proves, and what not

A changed, added, dropped or reordered record breaks the chain. Records cut off at the end do not:
compare the head above with one that was written down elsewhere (the screen, a ticket, a message
shows its first 8 digits), or with a signed one. A chain shows that nothing was changed since; that
the calls really reached AWS, only AWS can say: see `--cloudtrail`.
"
    )
}
