//! The line to AWS: one HTTP client for everything, ring for TLS, proxies from the environment.
//!
//! Never sends anything by itself and never twice. Must not know: services, credentials.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::reply;

/// How long a connection may lie idle before it is not used again: a send on a connection that the
/// other side has just closed would end with an unknown outcome for nothing.
const IDLE: Duration = Duration::from_secs(15);

/// The client that every SDK client is given.
pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Line { connectors: Mutex::default(), given: None })
}

/// As [`client`], with every request handed to `connector`.
#[cfg(test)]
pub(super) fn client_of(connector: SharedHttpConnector) -> SharedHttpClient {
    SharedHttpClient::new(Line { connectors: Mutex::default(), given: Some(connector) })
}

/// Connect and read timeout: what tells connectors apart.
type Times = (Option<Duration>, Option<Duration>);

struct Line {
    /// Each has a pool of its own; the SDK asks for one again and again.
    connectors: Mutex<HashMap<Times, SharedHttpConnector>>,
    given: Option<SharedHttpConnector>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl HttpClient for Line {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.given.clone().unwrap_or_else(|| {
            let times = (settings.connect_timeout(), settings.read_timeout());
            let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
            connectors.entry(times).or_insert_with(|| SharedHttpConnector::new(real(settings))).clone()
        });
        SharedHttpConnector::new(Noting(Arc::new(connector)))
    }
}

fn real(settings: &HttpConnectorSettings) -> Connector {
    Connector::builder()
        .connector_settings(settings.clone())
        .pool_idle_timeout(IDLE)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build()
}

/// Notes the headers of each answer on its way up.
#[derive(Debug)]
struct Noting(Arc<SharedHttpConnector>);

impl HttpConnector for Noting {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            if let Ok(answer) = &answer {
                reply::note(answer.headers());
            }
            answer
        })
    }
}

/// As [`client`], where no name has an address.
#[cfg(test)]
pub(super) fn client_without_dns() -> SharedHttpClient {
    use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};

    #[derive(Debug, Clone)]
    struct NoDns;

    impl ResolveDns for NoDns {
        fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
            DnsFuture::ready(Err(ResolveDnsError::new(std::io::Error::other(format!("no address of {name}")))))
        }
    }

    let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_with_resolver(NoDns);
    client_of(SharedHttpConnector::new(connector))
}
