//! Stands before an emulator, passes bytes on, and counts the copies of objects that go through: which
//! keys, how often. It can hold them back from a certain number on, as a line does that has gone quiet;
//! what it holds goes on when it is told to, whoever has died meanwhile.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    /// Copies asked for, by path.
    copies: BTreeMap<String, usize>,
    asked: usize,
    passed: usize,
    limit: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    blind: Arc<AtomicBool>,
}

pub struct Tap {
    pub url: String,
    shared: Arc<Shared>,
}

impl Tap {
    /// Before the emulator at this address; every copy goes through.
    pub fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { limit: usize::MAX, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), ..Shared::default() });
        let (upstream, theirs) = (upstream.to_owned(), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (upstream, shared) = (upstream.clone(), Arc::clone(&theirs));
                // A connection that either side gives up ends here, as it should.
                thread::spawn(move || drop(pass(stream, &upstream, &shared)));
            }
        });
        Self { url, shared }
    }

    /// Holds back every copy after so many.
    pub fn hold_after(&self, copies: usize) {
        self.shared.state.lock().unwrap().limit = copies;
    }

    /// Waits until copies are held back: so many have gone through, and more are there.
    pub fn wait_until_held(&self) {
        let state = self.shared.state.lock().unwrap();
        drop(
            self.shared
                .changed
                .wait_while(state, |state| state.passed < state.limit || state.asked <= state.limit)
                .unwrap(),
        );
    }

    /// Lets go of everything that is held, and waits until it has gone.
    pub fn release(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.limit = usize::MAX;
        self.shared.changed.notify_all();
        drop(self.shared.changed.wait_while(state, |state| state.passed < state.asked).unwrap());
    }

    /// From now on nobody can tell by a listing what an object holds.
    pub fn take_the_tags_away(&self) {
        self.shared.blind.store(true, Ordering::SeqCst);
    }

    /// How often each object was asked to be copied.
    pub fn copies(&self) -> BTreeMap<String, usize> {
        self.shared.state.lock().unwrap().copies.clone()
    }
}

fn pass(client: TcpStream, upstream: &str, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from, to, lists) = (server.try_clone()?, client.try_clone()?, Arc::new(AtomicBool::new(false)));
    let (blind, listing) = (Arc::clone(&shared.blind), Arc::clone(&lists));
    thread::spawn(move || answers(from, to, || blind.load(Ordering::SeqCst) && listing.load(Ordering::SeqCst)));
    let mut client = BufReader::new(client);
    while let Some(request) = read_request(&mut client)? {
        lists.store(request.windows(11).take(300).any(|word| word == b"list-type=2"), Ordering::SeqCst);
        let Some(path) = copy_of(&request) else {
            server.write_all(&request)?;
            continue;
        };
        let mut state = shared.state.lock().unwrap();
        *state.copies.entry(path).or_default() += 1;
        state.asked += 1;
        let nth = state.asked;
        shared.changed.notify_all();
        drop(shared.changed.wait_while(state, |state| nth > state.limit).unwrap());
        let sent = server.write_all(&request);
        shared.state.lock().unwrap().passed += 1;
        shared.changed.notify_all();
        sent?;
    }
    // The emulator closes its side when it is done with what was sent.
    Ok(())
}

/// Passes answers back. Whoever asked may be gone: they are read to their end all the same.
fn answers(mut from: TcpStream, mut to: TcpStream, is_blind: impl Fn() -> bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 {
            break;
        }
        let answer = &mut buffer[..read];
        if is_blind() {
            blindfold(answer);
        }
        let _ = to.write_all(answer);
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// Takes the tags out of a listing: nobody knows a member of that name, and the length stays.
fn blindfold(answer: &mut [u8]) {
    for at in 0..answer.len().saturating_sub(5) {
        if answer[at..].starts_with(b"ETag>") {
            answer[at..at + 5].copy_from_slice(b"Gate>");
        }
    }
}

/// A whole request, or nothing at the end of the connection.
fn read_request(client: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if client.read_until(b'\n', &mut request)? == 0 {
            return Ok(None);
        }
    }
    let length = header(&request, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let head = request.len();
    request.resize(head + length, 0);
    client.read_exact(&mut request[head..])?;
    Ok(Some(request))
}

fn header(request: &[u8], wanted: &str) -> Option<String> {
    let head = String::from_utf8_lossy(request);
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
}

/// The path of a copy.
fn copy_of(request: &[u8]) -> Option<String> {
    header(request, "x-amz-copy-source")?;
    let head = String::from_utf8_lossy(request);
    head.split(' ').nth(1).map(|path| path.split('?').next().unwrap_or(path).to_owned())
}
