//! Servers on the loopback, each in a thread of its own that ends with the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// An HTTP server that gives the same answer each time, and counts connections.
pub struct Http {
    pub address: SocketAddr,
    pub connections: Arc<AtomicUsize>,
    pub heads: Arc<std::sync::Mutex<Vec<String>>>,
    pub bodies: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Http {
    /// `answer`: everything that is sent back; `None` keeps silent.
    pub fn new(answer: Option<String>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, connections: Arc::default(), heads: Arc::default(), bodies: Arc::default() };
        let (connections, heads) = (Arc::clone(&server.connections), Arc::clone(&server.heads));
        let bodies = Arc::clone(&server.bodies);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let Some(answer) = &answer else {
                    open.push(stream);
                    continue;
                };
                // A client that turns away from the certificate ends its connection; nothing to do.
                if let Some(tls) = &tls {
                    let session = rustls::ServerConnection::new(Arc::clone(tls)).unwrap();
                    talk(&mut rustls::StreamOwned::new(session, stream), answer, (&heads, &bodies));
                } else {
                    talk(&mut stream, answer, (&heads, &bodies));
                }
            }
        });
        server
    }

    pub fn answering(status: &str, body: &str) -> Self {
        Self::new(Some(page(status, "", body)), None)
    }

    pub fn url(&self) -> String {
        format!("http://{}/health", self.address)
    }
}

pub fn page(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

type Noted = std::sync::Mutex<Vec<String>>;

fn talk(stream: &mut (impl Read + Write), answer: &str, (heads, bodies): (&Noted, &Noted)) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) | Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    heads.lock().unwrap().push(head);
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).is_ok() {
        bodies.lock().unwrap().push(String::from_utf8(body).unwrap());
    }
    // The client may have seen enough before the end.
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.flush();
}

/// What a resolver holds: type, time to live, value.
pub type Held = Vec<(&'static str, u32, RData)>;

/// A resolver that knows some records, whatever it is asked for.
pub fn resolver(held: Held) -> String {
    answering(Some((held, ResponseCode::NoError)))
}

/// A resolver that says nothing.
pub fn silent() -> String {
    answering(None)
}

/// A resolver that refuses, or knows that there is no such name.
pub fn refusing(code: ResponseCode) -> String {
    answering(Some((Vec::new(), code)))
}

fn answering(answer: Option<(Held, ResponseCode)>) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok((len, from)) = socket.recv_from(&mut bytes) {
            let Some((held, code)) = &answer else { continue };
            let asked = Message::from_vec(&bytes[..len]).unwrap();
            let mut reply = Message::response(asked.metadata.id, OpCode::Query);
            reply.metadata.response_code = *code;
            reply.metadata.recursion_available = true;
            reply.add_queries(asked.queries.clone());
            for (name, ttl_s, data) in held {
                reply.add_answer(Record::from_rdata(Name::from_ascii(name).unwrap(), *ttl_s, data.clone()));
            }
            socket.send_to(&reply.to_vec().unwrap(), from).unwrap();
        }
    });
    address.to_string()
}

/// Names the type that a resolver is asked for, as a runbook writes it.
pub fn word(kind: RecordType) -> String {
    kind.to_string()
}
