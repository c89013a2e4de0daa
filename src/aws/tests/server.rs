//! An AWS on 127.0.0.1 that answers reads well and breaks whatever would change something.
//!
//! Threads and blocking sockets: nothing of it runs on the caller's runtime, and nothing sleeps.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What becomes of a request that would change something.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Reset as soon as it begins to arrive, that many reads having been answered.
    ResetBefore { reads: usize },
    /// Reset once all of it has arrived.
    ResetAfter,
    /// Answered with this status, and a body that says so in AWS's words.
    Status(u16),
    /// Never answered.
    Hang,
    /// Answered 200 with this.
    Garbage(&'static str),
    /// Answered 200 with less than was announced.
    Cut,
}

/// What arrived: the names of operations, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    pub reads: Vec<String>,
    pub changes: Vec<String>,
}

pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

struct Shared {
    fault: Fault,
    log: Mutex<Log>,
    closing: AtomicBool,
}

impl Server {
    pub fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { fault, log: Mutex::default(), closing: AtomicBool::new(false) });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, acceptor }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for every connection to end, so the client must be gone, and says what arrived.
    pub fn finish(self) -> Log {
        self.shared.closing.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.acceptor.join().unwrap();
        self.shared.log.lock().unwrap().clone()
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections = Vec::new();
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            break;
        }
        let (stream, shared) = (stream.unwrap(), Arc::clone(shared));
        connections.push(thread::spawn(move || {
            // A connection that the client gives up ends here, as it should.
            let _ = shared.serve(stream);
        }));
    }
    for connection in connections {
        connection.join().unwrap();
    }
}

impl Shared {
    /// Serves a connection until it ends. Dropping the stream with a byte unread resets it.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        while stream.peek(&mut [0])? > 0 {
            if let Fault::ResetBefore { reads } = self.fault
                && self.log.lock().unwrap().reads.len() == reads
            {
                self.log.lock().unwrap().changes.push("(unread)".to_owned());
                return Ok(());
            }
            let request = Request::all_but_a_byte(&mut stream)?;
            let operation = request.operation();
            if request.only_reads() {
                self.log.lock().unwrap().reads.push(operation);
                stream.read_exact(&mut [0])?;
                stream.write_all(request.answer().as_bytes())?;
                continue;
            }
            self.log.lock().unwrap().changes.push(operation);
            return self.fail(&request, stream);
        }
        Ok(())
    }

    fn fail(&self, request: &Request, mut stream: TcpStream) -> io::Result<()> {
        let last = &mut [0];
        stream.peek(last)?;
        let (status, length, body) = match self.fault {
            Fault::ResetBefore { .. } | Fault::ResetAfter => return Ok(()),
            Fault::Hang => {
                stream.read_exact(last)?;
                // Until the client gives up.
                return stream.read(last).map(drop);
            }
            Fault::Status(status) => {
                let body = request.error_body();
                (status, body.len(), body)
            }
            Fault::Garbage(body) => (200, body.len(), body.to_owned()),
            Fault::Cut => (200, 1000, "<".to_owned()),
        };
        stream.read_exact(last)?;
        write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }
}

/// A request as far as it matters here.
struct Request {
    method: String,
    path: String,
    target: Option<String>,
    body: String,
}

impl Request {
    /// Reads a whole request but for its last byte.
    fn all_but_a_byte(stream: &mut TcpStream) -> io::Result<Self> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let header = |wanted: &str| {
            let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
        };
        assert_eq!(header("transfer-encoding"), None, "bodies come with their length");
        let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = Vec::new();
        if length > 0 {
            stream.read_exact(&mut byte)?;
            body.resize(length - 1, 0);
            stream.read_exact(&mut body)?;
        }
        let mut words = head.split(' ');
        Ok(Self {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            target: header("x-amz-target"),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The operation: as the JSON services name it, as the query services do, or the path.
    fn operation(&self) -> String {
        if let Some(target) = &self.target {
            return target.rsplit('.').next().unwrap_or(target).to_owned();
        }
        if let Some((_, operation)) = self.path.rsplit_once("/operation/") {
            return operation.to_owned();
        }
        let action = self.body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        action.map_or_else(|| format!("{} {}", self.method, self.path), str::to_owned)
    }

    fn only_reads(&self) -> bool {
        let operation = self.operation();
        ["Describe", "Get", "List", "HEAD ", "GET "].iter().any(|reads| operation.starts_with(reads))
    }

    /// A good answer to a read that comes before a change.
    fn answer(&self) -> String {
        let operation = self.operation();
        let (headers, body) = match operation.as_str() {
            read if read.starts_with("HEAD ") => ("content-length: 1000\r\n", ""),
            // A copy of many objects lists two buckets first: here there is one to copy.
            read if read.starts_with("GET ") && read.contains("?encryption") => {
                ("", "<ServerSideEncryptionConfiguration/>")
            }
            read if read.starts_with("GET ") && read.contains("?versions") => ("", VERSIONS),
            read if read.starts_with("GET ") && read.contains("list-type=2") => ("", "<ListBucketResult/>"),
            read if read.starts_with("GET ") && read.contains("/distribution/") => {
                ("etag: E1\r\n", DISTRIBUTION_CONFIG)
            }
            "DescribeServices" => ("", SERVICES),
            "DescribeTaskDefinition" => ("", TASK_DEFINITION),
            read => panic!("an action reads {read} before it changes something: teach this server the answer"),
        };
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        format!("HTTP/1.1 200 OK\r\n{headers}{length}\r\n{body}")
    }

    /// A refusal, in the words that would be believed if it came with a 4xx.
    fn error_body(&self) -> String {
        if self.target.is_some() {
            return r#"{"__type":"ThrottlingException","message":"slow down"}"#.to_owned();
        }
        "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>slow down</Message></Error></ErrorResponse>"
            .to_owned()
    }
}

const VERSIONS: &str = "<ListVersionsResult><Version><Key>uploads/a</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest>\
    <LastModified>2026-11-20T10:00:00Z</LastModified><ETag>&quot;a&quot;</ETag><Size>3</Size></Version></ListVersionsResult>";
const SERVICES: &str = r#"{"services":[{"serviceName":"web","taskDefinition":"web:7"}]}"#;
const TASK_DEFINITION: &str =
    r#"{"taskDefinition":{"family":"web","revision":7,"containerDefinitions":[{"name":"web","image":"web:1"}]}}"#;
const DISTRIBUTION_CONFIG: &str = "<DistributionConfig><CallerReference>x</CallerReference>\
    <Origins><Quantity>1</Quantity><Items><Origin><Id>app</Id><DomainName>old.example</DomainName></Origin></Items></Origins>\
    <DefaultCacheBehavior><TargetOriginId>app</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy></DefaultCacheBehavior>\
    <Comment>c</Comment><Enabled>true</Enabled></DistributionConfig>";
