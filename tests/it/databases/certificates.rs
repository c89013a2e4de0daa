//! An authority of a test's own, and certificates that it signs.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};

pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    /// Where its certificate lies.
    pub file: PathBuf,
}

impl Authority {
    pub fn new(dir: &Path) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut wanted = CertificateParams::new(Vec::new()).unwrap();
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Who signs has another name than what is signed: OpenSSL would take that for signed by itself.
        wanted.distinguished_name.push(DnType::CommonName, "An authority of a test");
        let certificate = wanted.self_signed(&key).unwrap();
        let file = dir.join("authority.pem");
        std::fs::write(&file, pem("CERTIFICATE", certificate.der())).unwrap();
        Self { certificate, issuer: Issuer::new(wanted, key), file }
    }

    /// Certificate and key, PEM.
    pub fn sign(&self, names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let signed = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let chain = [&signed, &self.certificate].map(|one| pem("CERTIFICATE", one.der()));
        (chain.concat(), pem("PRIVATE KEY", &key.serialize_der()))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in der.chunks(3) {
        let bits = three.iter().chain(&[0, 0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let digit = DIGITS[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()];
            text.push(if place > three.len() { '=' } else { char::from(digit) });
        }
    }
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
