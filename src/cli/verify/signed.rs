//! Signed heads: which key, whose, and how far the journal has come since.

use serde_json::{Value, json};

use crate::cli::args::Verify;
use crate::cli::exit::{CliError, Exit, Outcome};
use crate::cli::ssh::Signature;
use crate::report::bundle::Members;
use crate::report::bundle::statement;

/// Every signature that was found.
#[derive(Default)]
pub struct Signed {
    found: Vec<One>,
    /// Why none of them could be looked at.
    unchecked: Option<String>,
}

struct One {
    records: u64,
    since: u64,
    state: State,
}

enum State {
    /// Good, by somebody who is allowed to sign.
    By {
        who: String,
        key: String,
    },
    /// Good; whose key it is was not asked, or is nobody's who counts.
    Key {
        key: String,
        why: Option<String>,
    },
    Bad {
        why: String,
    },
}

impl Signed {
    /// Checks the signatures of a journal with so many records, whose statements are known to fit it.
    ///
    /// # Errors
    /// When ssh-keygen is missing although it was asked who signed.
    pub fn of(signatures: &Members, records: u64, wanted: &Verify) -> Result<Self, CliError> {
        let mut signed = Self::default();
        for (name, bytes) in signatures {
            let Some((at, true)) = statement::read_name(name) else { continue };
            let Some(statement) = signatures.get(&statement::statement_name(at)) else { continue };
            match look(bytes, statement, wanted) {
                Ok(state) => signed.found.push(One { records: at, since: records.saturating_sub(at), state }),
                Err(error) if wanted.allowed_signers.is_some() => return Err(error),
                Err(error) => {
                    signed.unchecked = Some(format!("signed at record {at}; not checked, as {}", error.message));
                }
            }
        }
        Ok(signed)
    }

    /// # Errors
    /// When a signature is no signature, or nobody has signed who was asked for.
    pub fn verdict(&self, wanted: &Verify) -> Outcome {
        if let Some(State::Bad { why }) =
            self.found.iter().map(|one| &one.state).find(|state| matches!(state, State::Bad { .. }))
        {
            return Err(CliError::new(Exit::Failed, format!("a signature does not fit what it signs: {why}")));
        }
        if wanted.allowed_signers.is_none() || self.found.iter().any(|one| matches!(one.state, State::By { .. })) {
            return Ok(Exit::Done);
        }
        let whom = wanted.identity.as_deref().unwrap_or("anybody in that file");
        let whys: Vec<String> = self.found.iter().filter_map(|one| one.state.why()).collect();
        let because = if self.found.is_empty() { "nobody has signed it".to_owned() } else { whys.join("; ") };
        Err(CliError::new(Exit::Failed, format!("the journal is not signed by {whom}: {because}"))
            .hint("lifeboat sign RUN --key KEY signs it"))
    }

    /// A line for each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |one: &One| {
            let since = match one.since {
                0 => "the last one".to_owned(),
                1 => "1 record since".to_owned(),
                more => format!("{more} records since"),
            };
            let who = match &one.state {
                State::By { who, key } => format!("by {who}, {key}"),
                State::Key { key, why: None } => format!("with {key}; --allowed-signers FILE says whose it is"),
                State::Key { key, why: Some(why) } => format!("with {key}, which does not count: {why}"),
                State::Bad { why } => format!("but the signature does not fit: {why}"),
            };
            format!("signed at record {}, {since}, {who}", one.records)
        };
        self.found.iter().map(line).chain(self.unchecked.clone()).collect()
    }

    #[must_use]
    pub fn json(&self) -> Value {
        let one = |one: &One| {
            let (state, key, who, why) = match &one.state {
                State::By { who, key } => ("good", Some(key), Some(who), None),
                State::Key { key, why: None } => ("unknown_signer", Some(key), None, None),
                State::Key { key, why: Some(why) } => ("not_allowed", Some(key), None, Some(why)),
                State::Bad { why } => ("bad", None, None, Some(why)),
            };
            json!({"records": one.records, "since": one.since, "state": state, "key": key, "by": who, "detail": why})
        };
        Value::Array(self.found.iter().map(one).collect())
    }
}

impl State {
    fn why(&self) -> Option<String> {
        match self {
            Self::Key { why, .. } => why.clone(),
            Self::Bad { why } => Some(why.clone()),
            Self::By { .. } => None,
        }
    }
}

fn look(signature: &[u8], statement: &[u8], wanted: &Verify) -> Result<State, CliError> {
    let signature = Signature::put(signature)?;
    let key = match signature.key(statement)? {
        Ok(key) => key,
        Err(why) => return Ok(State::Bad { why }),
    };
    let Some(allowed) = &wanted.allowed_signers else { return Ok(State::Key { key, why: None }) };
    let candidates = match &wanted.identity {
        Some(who) => vec![who.clone()],
        None => signature.owners(allowed)?,
    };
    let mut why = "its key is nobody's in that file".to_owned();
    for who in candidates {
        match signature.is_by(&who, allowed, statement)? {
            Ok(()) => return Ok(State::By { who: crate::model::text::safe(&who), key }),
            Err(refused) => why = refused,
        }
    }
    Ok(State::Key { key, why: Some(why) })
}
