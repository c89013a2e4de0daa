//! What this process does about itself before it does anything else: it leaves no image of its memory
//! behind, and what it says when it panics holds no secret.
//!
//! Must not know any verb.

use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::model::redact::{self, Redactor};
use crate::model::text::safe_lines;

/// No core dump, of this process and of every one it starts; and nobody but root looks into its memory.
pub fn leave_no_dumps() {
    // Where the system refuses there is nothing better to be done; a run is no worse than without.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// A panic is told as ever, but for secrets and for what would steer a terminal.
pub fn guard_panics() {
    std::panic::set_hook(Box::new(|info| {
        let told = told(info, redact::shared());
        // Nobody is left to be told that stderr is gone.
        let _ = io::stderr().lock().write_all(told.as_bytes());
    }));
}

fn told(info: &PanicHookInfo<'_>, redactor: &Redactor) -> String {
    let thread = std::thread::current();
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    let trace = std::backtrace::Backtrace::capture();
    let trace = match trace.status() {
        std::backtrace::BacktraceStatus::Captured => format!("\n{trace}"),
        _ => String::new(),
    };
    let whole = format!("thread '{}' panicked at {place}:\n{message}{trace}", thread.name().unwrap_or("unnamed"));
    let mut told = safe_lines(&redactor.text(&whole)).join("\n");
    told.push('\n');
    told
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_holds_no_secret() {
        let redactor = Redactor::default();
        redactor.learn("hunter22");
        let heard: Arc<Mutex<String>> = Arc::default();
        let listener = Arc::clone(&heard);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            listener.lock().unwrap().push_str(&told(info, &redactor));
        }));
        let ended = std::thread::Builder::new()
            .name("talker".to_owned())
            .spawn(|| panic!("no luck with {} or {}\u{1b}[2J", "hunter22", "aHVudGVyMjI="))
            .unwrap()
            .join();
        std::panic::set_hook(before);
        assert!(ended.is_err());
        let heard = heard.lock().unwrap().clone();
        assert!(heard.starts_with("thread 'talker' panicked at src/cli/harden.rs:"), "{heard}");
        assert!(heard.contains("no luck with •••• or ••••␛[2J\n"), "{heard}");
    }
}
