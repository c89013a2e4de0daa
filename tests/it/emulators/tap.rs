//! Stands before an emulator, passes bytes on, and counts the copies of objects that go through: which
//! keys, how often. It can hold them back from a certain number on, as a line does that has gone quiet;
//! what it holds goes on when it is told to, whoever has died meanwhile.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    /// Copies asked for, by path.
    copies: BTreeMap<String, usize>,
    asked: usize,
    passed: usize,
    /// Those that the emulator has answered: they are in the bucket.
    answered: usize,
    limit: usize,
    /// Connections that were accepted and that their client has not closed.
    open: usize,
    /// The far end of the one that was accepted last.
    newest: Option<SocketAddr>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    blind: AtomicBool,
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }
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
                shared.change(|state| {
                    state.open += 1;
                    state.newest = stream.peer_addr().ok();
                });
                thread::spawn(move || {
                    // A connection that either side gives up ends here, as it should.
                    drop(pass(stream, &upstream, &shared));
                    shared.change(|state| state.open -= 1);
                });
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

    /// Lets go of everything that is held, and waits until it has come to be. Whoever asked is gone: what it had
    /// sent is all there is, also where nobody has read it here yet.
    pub fn release_all_of_the_dead(&self) {
        self.shared.change(|state| state.limit = usize::MAX);
        // Connections are accepted one after another: once this one is, all those of before are.
        let last = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        let is_last = last.local_addr().ok();
        let state = self.shared.state.lock().unwrap();
        drop(self.shared.changed.wait_while(state, |state| state.newest != is_last).unwrap());
        drop(last);
        let state = self.shared.state.lock().unwrap();
        drop(self.shared.changed.wait_while(state, |state| state.open > 0 || state.answered < state.asked).unwrap());
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

fn pass(client: TcpStream, upstream: &str, shared: &Arc<Shared>) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from, to, line) = (server.try_clone()?, client.try_clone()?, Arc::new(Line::default()));
    let (theirs, asked) = (Arc::clone(shared), Arc::clone(&line));
    thread::spawn(move || answers(from, to, &theirs, &asked));
    let mut client = BufReader::new(client);
    while let Some(request) = read_request(&mut client)? {
        line.lists.store(request.windows(11).take(300).any(|word| word == b"list-type=2"), Ordering::SeqCst);
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
        line.copies.store(true, Ordering::SeqCst);
        let sent = server.write_all(&request);
        shared.change(|state| state.passed += 1);
        if sent.is_err() || line.is_over.load(Ordering::SeqCst) {
            line.answered(shared);
        }
        sent?;
    }
    // The emulator closes its side when it is done with what was sent.
    Ok(())
}

/// What was asked on a connection and is not answered yet: one request at a time.
#[derive(Default)]
struct Line {
    lists: AtomicBool,
    copies: AtomicBool,
    /// The emulator has hung up.
    is_over: AtomicBool,
}

impl Line {
    /// A copy that was asked for has its answer, or will have none.
    fn answered(&self, shared: &Shared) {
        if self.copies.swap(false, Ordering::SeqCst) {
            shared.change(|state| state.answered += 1);
        }
    }
}

/// Passes answers back. Whoever asked may be gone: they are read to their end all the same.
fn answers(mut from: TcpStream, mut to: TcpStream, shared: &Shared, line: &Line) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            line.is_over.store(true, Ordering::SeqCst);
        }
        line.answered(shared);
        if read == 0 {
            break;
        }
        let answer = &mut buffer[..read];
        if shared.blind.load(Ordering::SeqCst) && line.lists.load(Ordering::SeqCst) {
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
