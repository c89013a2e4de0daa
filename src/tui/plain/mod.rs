//! `--plain`: no alternate screen, one line an event, numbered prompts. For screen readers, logs
//! and terminals that can do nothing else. Same engine, same gates.
//!
//! Must not decide anything: `script` says what is written and asked.

mod items;
mod script;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Exit;
use crate::driver::handle::{Handle, Over};
use crate::engine::command::{Command, Refusal};
use script::{Say, Script};

/// Shows a run line by line until it is over or left.
///
/// # Errors
/// When the output cannot be written.
pub async fn run(mut handle: Handle, input: impl AsyncBufRead + Unpin, mut output: impl Write) -> io::Result<Exit> {
    let started = Instant::now();
    let mut script = Script::default();
    let mut lines = input.lines();
    let mut has_input = true;
    let mut answers = FuturesUnordered::new();
    let mut view = handle.view.borrow_and_update().clone();
    let mut say = script.view(&view);
    loop {
        let now_ms = || u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        for one in say {
            match one {
                Say::Line(text) => writeln!(output, "{text}")?,
                Say::Prompt(text) => write!(output, "{text}")?,
                Say::Send(command) => answers.push(send(handle.clone(), command)),
            }
        }
        output.flush()?;
        script.written(now_ms());
        if let Some(over) = &view.over {
            return Ok(match over {
                Over::Finished => Exit::Finished,
                Over::Aborted => Exit::Aborted,
                Over::Left { .. } | Over::Panicked { .. } => Exit::Left,
                Over::Broken { .. } => Exit::Broken,
            });
        }
        say = tokio::select! {
            line = lines.next_line(), if has_input => if let Ok(Some(line)) = line {
                script.line(&view, &line, now_ms())
            } else {
                // Nobody can answer any more: leave at a safe place.
                has_input = false;
                vec![Say::Send(Command::Leave { reason: "the input has ended".to_owned() })]
            },
            changed = handle.view.changed() => {
                if changed.is_err() {
                    return Ok(Exit::Left);
                }
                view = handle.view.borrow_and_update().clone();
                script.view(&view)
            }
            Some(answer) = answers.next() => script.answer(&view, answer),
        };
    }
}

async fn send(handle: Handle, command: Command) -> Result<(), Refusal> {
    let (tell, told) = oneshot::channel();
    let gone = || Refusal::new("the run has stopped");
    handle.requests.send((command, tell)).await.map_err(|_| gone())?;
    told.await.map_err(|_| gone())?
}

/// The lines of standard input. A thread of its own reads them, so that nothing waits for it at the end.
#[must_use]
pub fn stdin() -> BufReader<DuplexStream> {
    let (tell, mut told) = mpsc::unbounded_channel::<String>();
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let reader = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        for line in io::stdin().lines() {
            let Ok(mut line) = line else { return };
            line.push('\n');
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    // Without the thread the channel closes at once: the input has ended.
    drop(reader);
    tokio::spawn(async move {
        while let Some(line) = told.recv().await {
            if theirs.write_all(line.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    BufReader::new(ours)
}
