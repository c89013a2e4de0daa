//! The two emulators, and which service goes to which: each to the one that has it
//! (`design/emulators.md` of the sprint; the figures are repeated where they matter).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use super::process::Server;
use super::tools;

/// The account of everything at ministack. moto has one of its own, whatever the key.
pub const ACCOUNT: &str = "111122223333";
/// What ministack takes the account from; moto takes any key.
pub const ACCESS_KEY: &str = ACCOUNT;
pub const SECRET_KEY: &str = "secret";

/// The environment names under which SDK and CLI look for an endpoint, and boto3's name of the service.
pub const SERVICES: [(&str, &str); 20] = [
    ("AWS_ENDPOINT_URL_RDS", "rds"),
    ("AWS_ENDPOINT_URL_ECS", "ecs"),
    ("AWS_ENDPOINT_URL_ROUTE_53", "route53"),
    ("AWS_ENDPOINT_URL_CLOUDFRONT", "cloudfront"),
    ("AWS_ENDPOINT_URL_CLOUDWATCH", "cloudwatch"),
    ("AWS_ENDPOINT_URL_S3", "s3"),
    ("AWS_ENDPOINT_URL_STS", "sts"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb"),
    ("AWS_ENDPOINT_URL_BACKUP", "backup"),
    ("AWS_ENDPOINT_URL_ELASTICACHE", "elasticache"),
    ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "elbv2"),
    ("AWS_ENDPOINT_URL_SNS", "sns"),
    ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "logs"),
    ("AWS_ENDPOINT_URL_SSM", "ssm"),
    ("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", "application-autoscaling"),
    ("AWS_ENDPOINT_URL_EC2", "ec2"),
    ("AWS_ENDPOINT_URL_ECR", "ecr"),
    ("AWS_ENDPOINT_URL_EVENTBRIDGE", "events"),
    ("AWS_ENDPOINT_URL_KMS", "kms"),
    ("AWS_ENDPOINT_URL_LAMBDA", "lambda"),
];

/// The services that moto plays, by boto3's names: it promotes and restores in RDS, which ministack does
/// not; all others are ministack's, which is the more faithful.
pub type AtMoto = &'static [&'static str];
/// A replica can be promoted.
pub const REPLICAS: AtMoto = &["rds", "ec2", "application-autoscaling"];
/// A global database can change its writer.
pub const GLOBAL: AtMoto = &["application-autoscaling"];
/// A service's capacity has bounds.
pub const SCALING: AtMoto = &["application-autoscaling", "ecs"];
/// A health check has a status.
pub const HEALTH: AtMoto = &["route53"];
/// ministack's snapshots of caches have times that the SDK cannot read.
pub const CACHES: AtMoto = &["elasticache", "ec2"];

pub struct Pair {
    pub moto: Server,
    pub ministack: Server,
    at_moto: Vec<String>,
    /// Whose keys programs have: the account at ministack.
    pub account: String,
}

impl Pair {
    pub fn start(at_moto: &[&str]) -> Self {
        let mut moto = tools::python();
        moto.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        let mut ministack = tools::python();
        // Without BIND_HOST it listens on every address, and with its IoT on a fixed port as well.
        ministack.args(["-m", "ministack"]).envs([
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", "0"),
            ("IOT_MTLS_ENABLED", "0"),
        ]);
        let (moto, ministack) = thread::scope(|scope| {
            let moto = scope.spawn(|| Server::start(&mut moto));
            let ministack = Server::start(&mut ministack);
            (moto.join().unwrap(), ministack)
        });
        let at_moto = at_moto.iter().map(|service| (*service).to_owned()).collect();
        Self { moto, ministack, at_moto, account: ACCESS_KEY.to_owned() }
    }

    /// Where a service is, by boto3's name of it.
    pub fn url(&self, service: &str) -> &str {
        if self.at_moto.iter().any(|there| there == service) { &self.moto.url } else { &self.ministack.url }
    }

    /// The endpoints as SDK and CLI take them from the environment.
    pub fn endpoints(&self) -> Vec<(&'static str, String)> {
        SERVICES.iter().map(|(name, service)| (*name, self.url(service).to_owned())).collect()
    }

    /// The whole environment of a program that is to work with them.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.endpoints();
        environment.extend([
            ("PATH", tools::path()),
            ("HOME", env!("CARGO_TARGET_TMPDIR").to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("AWS_ACCESS_KEY_ID", self.account.clone()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            // The CLI would hand long answers to a pager, and try again what failed.
            ("AWS_PAGER", String::new()),
            ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ]);
        environment
    }

    /// Both forget everything.
    pub fn reset(&self) {
        post(&self.moto, "/moto-api/reset");
        post(&self.ministack, "/_ministack/reset");
    }
}

fn post(server: &Server, path: &str) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", server.address());
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
}
