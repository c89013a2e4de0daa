//! The visitor's side of the hatch.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::{Zeroize as _, Zeroizing};

use super::peer;
use super::protocol::{ANSWER_MAX_BYTES, ASK_MAX_BYTES, Answer, Ask, VERSION};
use super::server::Address;

/// A run that does not answer within this time is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why nothing could be asked.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// Nobody listens: the run has stopped, or was never driven in front of people.
    #[error("nobody answers for this run")]
    Nobody,
    #[error("the socket of this run belongs to another login")]
    Stranger,
    #[error("the run does not answer")]
    Silent,
    #[error("the run has stopped meanwhile")]
    Gone,
    #[error("the run's answer is not understood: {0}")]
    Strange(String),
    #[error("failed to reach the run: {0}")]
    Io(#[from] io::Error),
}

/// One visit at the hatch.
#[derive(Debug)]
pub struct Visit {
    stream: BufReader<UnixStream>,
}

impl Visit {
    /// Goes to the hatch of the run that is kept here.
    ///
    /// # Errors
    /// When nobody is there, or somebody else.
    pub async fn begin(run_dir: &Path) -> Result<Self, VisitError> {
        // The way is held open until the socket is reached.
        let connected = match Address::of(run_dir) {
            Ok(address) => UnixStream::connect(&address.path).await,
            Err(error) => Err(error),
        };
        let stream = connected.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => VisitError::Nobody,
            // Nobody has taken in those who came before.
            io::ErrorKind::WouldBlock => VisitError::Silent,
            _ => VisitError::Io(error),
        })?;
        if !peer::is_trusted(&stream) {
            return Err(VisitError::Stranger);
        }
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks what there is to approve.
    ///
    /// # Errors
    /// When there is no answer; a refusal is one.
    pub async fn look(&mut self, step: &str, by: &str) -> Result<Answer, VisitError> {
        self.ask(&Ask::Look { v: VERSION, step: step.to_owned(), by: by.to_owned() }).await
    }

    /// Approves what was shown.
    ///
    /// # Errors
    /// As [`Visit::look`]. What became of the code is not known then.
    pub async fn approve(&mut self, attempt: u32, digest: &str, code: &str) -> Result<Answer, VisitError> {
        let mut ask = Ask::Approve { v: VERSION, attempt, digest: digest.to_owned(), code: code.to_owned() };
        let answer = self.ask(&ask).await;
        if let Ask::Approve { code, .. } = &mut ask {
            code.zeroize();
        }
        answer
    }

    async fn ask(&mut self, ask: &Ask) -> Result<Answer, VisitError> {
        // Large enough from the start, so that no copy of a code is left behind by growing.
        let mut line = Zeroizing::new(Vec::with_capacity(ASK_MAX_BYTES));
        serde_json::to_writer(&mut *line, ask).map_err(io::Error::from)?;
        line.push(b'\n');
        let answered = timeout(PATIENCE, async {
            self.stream.get_mut().write_all(&line).await.map_err(|_| VisitError::Gone)?;
            let mut answer = Vec::new();
            let limit = ANSWER_MAX_BYTES as u64;
            let read = (&mut self.stream).take(limit).read_until(b'\n', &mut answer).await;
            match read {
                Ok(count) if count > 0 => {
                    serde_json::from_slice(&answer).map_err(|e| VisitError::Strange(e.to_string()))
                }
                Ok(_) | Err(_) => Err(VisitError::Gone),
            }
        });
        answered.await.unwrap_or(Err(VisitError::Silent))
    }
}
