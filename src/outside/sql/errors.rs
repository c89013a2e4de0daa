//! What can go wrong with a question to PostgreSQL: where, why, and the way out.
//!
//! As it only reads, nothing is ever left in doubt: whatever failed may be asked again.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::model::action::database::{Place, SqlQuery};
use crate::model::outcome::{CloudError, CloudErrorKind};
use crate::model::time::human_ms;
use crate::outside::error;

/// The question that an error is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub call: &'a SqlQuery,
    pub place: &'a Place,
    pub timeout: Duration,
}

impl Asked<'_> {
    /// No answer in time, and none from the server about it.
    pub(super) fn too_late(&self) -> CloudError {
        let after = human_ms(u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX));
        self.of(
            CloudErrorKind::Unavailable,
            "Timeout",
            &format!("no answer within {after}"),
            Some("the step's `timeout` says how long"),
        )
    }

    /// There is no connection.
    pub(super) fn not_connected(&self, why: &Error) -> CloudError {
        if let Some(said) = why.as_db_error() {
            return self.said(said);
        }
        let cause = why.source();
        let as_io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
        let tls = as_io.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls {
            return self.of_tls(tls);
        }
        let text = why.to_string();
        let reason = cause.map_or_else(|| text.clone(), ToString::to_string);
        if reason.contains("does not support TLS") {
            let way_out = "switch TLS on at the server (`ssl = on`); the password does not go out without";
            return self.of(CloudErrorKind::Invalid, "NoTls", "the server has no TLS", Some(way_out));
        }
        if text.contains("invalid configuration") {
            let way_out = "say with `password_from: env:NAME` where it is found";
            return self.of(CloudErrorKind::Denied, "NoPassword", &reason, Some(way_out));
        }
        if reason.contains("password missing") {
            let way_out = "say with `password_from: env:NAME` where it is found";
            return self.of(CloudErrorKind::Denied, "NoPassword", "the server asks for a password", Some(way_out));
        }
        let way_out = match as_io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Some("is it up, and is that its port?"),
            Some(io::ErrorKind::TimedOut) => Some("security group, network, and whether it is up, in this order"),
            _ => None,
        };
        self.of(CloudErrorKind::Unavailable, "NoConnection", &reason, way_out)
    }

    fn of_tls(&self, why: &rustls::Error) -> CloudError {
        let (code, way_out) = match why {
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => ("CertificateName", "connect by the name that the certificate is for"),
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => (
                "CertificateIssuer",
                "name the issuer's certificates with `ca_file`; those of RDS come as one bundle from AWS",
            ),
            rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                ("CertificateExpired", "the server needs a new one")
            }
            _ => ("Tls", "look at the server's TLS settings"),
        };
        self.of(CloudErrorKind::Invalid, code, &format!("no trust in who answers: {why}"), Some(way_out))
    }

    /// The statement was not answered.
    pub(super) fn refused(&self, why: &Error) -> CloudError {
        if let Some(said) = why.as_db_error() {
            return self.said(said);
        }
        let reason = why.source().map_or_else(|| why.to_string(), |cause| format!("{why}: {cause}"));
        let kind = if why.is_closed() { CloudErrorKind::Unavailable } else { CloudErrorKind::Invalid };
        self.of(kind, "NoAnswer", &reason, None)
    }

    /// The server says why.
    fn said(&self, said: &DbError) -> CloudError {
        let code = said.code().code();
        let (kind, way_out) = self.meaning(code, said.message());
        let mut text = format!("{} (SQLSTATE {code})", said.message());
        for more in [said.detail(), said.hint()].into_iter().flatten() {
            text.push_str("; ");
            text.push_str(more);
        }
        self.of(kind, code, &text, way_out.as_deref())
    }

    /// What a code means for a question that only reads, and what helps.
    fn meaning(&self, code: &str, message: &str) -> (CloudErrorKind, Option<String>) {
        use CloudErrorKind::{Denied, Invalid, NotFound, Unavailable};
        let way_out = |text: &str| Some(text.to_owned());
        let source = self.call.password_from.as_deref();
        match code {
            "28P01" => (
                Denied,
                Some(match source {
                    Some(source) => format!("is what `{source}` holds the password of that user in this database?"),
                    None => "say with `password_from: env:NAME` where it is found".to_owned(),
                }),
            ),
            "28000" => (
                Denied,
                way_out("the server lets nobody in from here like this: its pg_hba.conf, or for RDS the user's rights"),
            ),
            "3D000" => (NotFound, way_out("is this the right server, and was the right database restored?")),
            "42P01" => (NotFound, way_out("is it missing, or in a schema that this user's search_path leaves out?")),
            "42703" | "42883" | "3F000" => (NotFound, None),
            "42501" => (Denied, way_out("grant this user to read it")),
            "25006" | "25001" => {
                (Invalid, way_out("`sql/query` only reads: what writes is a step of its own, with `exec`"))
            }
            "42601" if message.contains("multiple commands") => (Invalid, way_out("one statement a step")),
            "57014" => {
                let after = human_ms(u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX));
                (Unavailable, Some(format!("the step's `timeout` of {after} ended it")))
            }
            "53300" => (Unavailable, way_out("the server has no connection left")),
            "57P03" => (Unavailable, way_out("it is still starting")),
            _ if ["08", "40", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class)) => {
                (Unavailable, None)
            }
            _ => (Invalid, None),
        }
    }

    fn of(&self, kind: CloudErrorKind, code: &str, why: &str, way_out: Option<&str>) -> CloudError {
        let way_out = way_out.map(|text| format!("; {text}")).unwrap_or_default();
        error(kind, code, format!("{}: {why}{way_out}", self.place))
    }
}
