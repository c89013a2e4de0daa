//! HTTP endpoints, asked as a customer would: a new connection each time, no cache, no redirect
//! followed (a runbook expects the status of the address it names).
//!
//! An endpoint that does not answer is an answer too: status 0, and why.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, Url};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{certificate, error, invalid, no_secret};
use crate::model::Value;
use crate::model::action::outside::HttpCheck;
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::redact;
use crate::model::secret::Secrets;

/// Of a body, this much is answered.
const KEPT_BYTES: usize = 16 * 1024;
/// A text is looked for in this much of it.
const READ_MAX_BYTES: usize = 1024 * 1024;
/// Nobody waits longer for a page.
const PATIENCE: Duration = Duration::from_secs(10);
const AGENT: &str = concat!("lifeboat/", env!("CARGO_PKG_VERSION"));

/// One client for each scheme, made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Clients {
    plain: OnceLock<Result<Client, String>>,
    tls: OnceLock<Result<Client, String>>,
}

impl Clients {
    pub(super) fn of(&self, scheme: &str) -> Result<&Client, CloudError> {
        // Without TLS no roots are read: a machine that has none can still ask over plain HTTP.
        let client = match scheme {
            "https" => self.tls.get_or_init(|| build(builder())),
            _ => self.plain.get_or_init(|| build(builder().tls_certs_only([]))),
        };
        client.as_ref().map_err(|why| error(CloudErrorKind::Unavailable, "NoHttpClient", why.clone()))
    }
}

/// The roots are the system's, or those in `SSL_CERT_FILE` and `SSL_CERT_DIR`; proxies are those of
/// the environment.
fn builder() -> ClientBuilder {
    // Whoever was first has chosen; then this one is not needed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A kept connection would go on asking the old place after its name has moved.
        .pool_max_idle_per_host(0)
        .tls_info(true)
        .user_agent(AGENT)
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| format!("no HTTP client: {}", reason(&error)))
}

/// What came back.
#[derive(Debug, Default)]
struct Page {
    status: u16,
    body: String,
    /// What was looked for is in it.
    is_expected: bool,
    tls_days_left: Option<i64>,
    /// Why nothing, or not all of it, came.
    error: Option<String>,
}

/// Asks once.
pub(super) async fn check(
    clients: &Clients,
    call: &HttpCheck,
    secrets: &Secrets,
    timeout: Duration,
) -> Result<Value, CloudError> {
    let url = Url::parse(&call.url).map_err(|why| invalid("NotAnAddress", format!("`{}`: {why}", call.url)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("NotAnAddress", format!("`{}` is neither http nor https", call.url)));
    }
    let named = call.method.as_deref().unwrap_or("GET");
    let method = Method::from_bytes(named.to_ascii_uppercase().as_bytes())
        .map_err(|_| invalid("NotAMethod", format!("`{named}` is not an HTTP method")))?;
    let headers = headers(call, secrets)?;
    let client = clients.of(url.scheme())?;
    let (started, patience) = (Instant::now(), timeout.min(PATIENCE));
    let mut page = Page::default();
    let request = client.request(method, url).headers(headers);
    let asked = ask(request, call, &mut page);
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => page.error = Some(reason(&why)),
        Err(_) => page.error = Some(format!("no complete answer within {} s", patience.as_secs_f32())),
    }
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(answer(call, page, latency_ms))
}

/// The headers of a call, with secrets filled in. What is wrong with a value is never told by
/// showing it.
fn headers(call: &HttpCheck, secrets: &Secrets) -> Result<HeaderMap, CloudError> {
    let mut headers = HeaderMap::new();
    for (name, value) in call.headers.iter().flatten() {
        let wrong = |what: &str| invalid("NotAHeader", format!("the {what} of the header `{name}` cannot be sent"));
        let named = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("name"))?;
        let filled = secrets.fill(value).map_err(|why| no_secret(&why))?;
        let mut value = HeaderValue::from_str(filled.expose_secret()).map_err(|_| wrong("value"))?;
        value.set_sensitive(true);
        headers.append(named, value);
    }
    Ok(headers)
}

fn answer(call: &HttpCheck, page: Page, latency_ms: u64) -> Value {
    let wanted = call.expect_status.unwrap_or(200);
    let ok = page.error.is_none()
        && u32::from(page.status) == wanted
        && page.is_expected
        && call.is_good_for(page.tls_days_left);
    let Page { status, body, tls_days_left, error, .. } = page;
    let mut answer = json!({
        "ok": ok, "status": status, "body": body, "latency_ms": latency_ms, "tls_days_left": tls_days_left,
    });
    if let (Some(why), Some(members)) = (error, answer.as_object_mut()) {
        members.insert("error".to_owned(), why.into());
    }
    answer
}

/// Fills the page as far as it comes.
async fn ask(request: RequestBuilder, call: &HttpCheck, page: &mut Page) -> Result<(), reqwest::Error> {
    let mut response = request.send().await?;
    page.status = response.status().as_u16();
    page.tls_days_left = tls_days_left(&response);
    let mut bytes = Vec::new();
    let read = read(&mut response, &mut bytes).await;
    page.is_expected = call.is_expected(&bytes);
    // Before it is cut: a part of a secret would not be known again.
    page.body = kept(&redact::shared().bytes(&bytes));
    read
}

async fn read(response: &mut Response, bytes: &mut Vec<u8>) -> Result<(), reqwest::Error> {
    while let Some(chunk) = response.chunk().await? {
        let room = READ_MAX_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == READ_MAX_BYTES {
            break;
        }
    }
    Ok(())
}

/// The beginning of a body, not cut within a character.
fn kept(bytes: &[u8]) -> String {
    let mut end = bytes.len().min(KEPT_BYTES);
    while end < bytes.len() && end > 0 && (0x80..0xC0).contains(&bytes[end]) {
        end -= 1;
    }
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn tls_days_left(response: &Response) -> Option<i64> {
    let certificate = response.extensions().get::<reqwest::tls::TlsInfo>()?.peer_certificate()?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    certificate::days_left(certificate, i64::try_from(now_s).ok()?)
}

/// The innermost cause, which is what helps; the outer ones repeat the address.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
impl Clients {
    /// No proxy between, and no roots but these.
    pub(super) fn direct(roots: &[&[u8]]) -> Self {
        let roots = || roots.iter().map(|der| reqwest::Certificate::from_der(der).unwrap());
        let client = || build(builder().no_proxy().tls_certs_only(roots()));
        Self { plain: OnceLock::from(client()), tls: OnceLock::from(client()) }
    }
}
