//! Whom a database connection trusts: the system's certificates or a file's, or nobody in
//! particular where only encryption is asked for.
//!
//! Must not know: what goes over the connection.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{error, invalid};
use crate::model::outcome::{CloudError, CloudErrorKind};

/// A connection that makes sure who answers.
pub(super) fn verifying(ca_file: Option<&str>) -> Result<ClientConfig, CloudError> {
    let roots = match ca_file {
        Some(path) => of_file(path)?,
        None => of_the_system()?,
    };
    Ok(versions()?.with_root_certificates(roots).with_no_client_auth())
}

/// A connection that is only encrypted.
pub(super) fn encrypting() -> Result<ClientConfig, CloudError> {
    let anybody = Arc::new(Anybody(provider()));
    Ok(versions()?.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn versions() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, CloudError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    builder.map_err(|why| error(CloudErrorKind::Unavailable, "NoTls", why.to_string()))
}

fn of_file(path: &str) -> Result<RootCertStore, CloudError> {
    let unreadable = |why: String| invalid("NoCaFile", format!("the certificates in `ca_file` {path}: {why}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|why| unreadable(why.to_string()))? {
        let certificate = certificate.map_err(|why| unreadable(why.to_string()))?;
        roots.add(certificate).map_err(|why| unreadable(why.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there are none".to_owned()));
    }
    Ok(roots)
}

/// The system's, or those in `SSL_CERT_FILE` and `SSL_CERT_DIR`.
fn of_the_system() -> Result<RootCertStore, CloudError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        let message = format!("no trusted certificates on this machine ({why}): name some with `ca_file`");
        return Err(error(CloudErrorKind::Unavailable, "NoRoots", message));
    }
    Ok(roots)
}

/// Takes every certificate, but nobody who does not hold its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
