//! lifeboat against AWS as two emulators play it, neither written here: moto and ministack. Who looks
//! at what came of it is boto3 and the AWS CLI, never our own code.
//!
//! What is needed is installed once, into `target/emulators/`, from a list with hashes
//! (`requirements.txt`); it takes Python 3.11 or newer with `venv`, and a package index.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]

mod hand;
mod pair;
mod process;
mod tools;

#[test]
fn smoke() {
    let started = std::time::Instant::now();
    let pair = pair::Pair::start(pair::Rds::Moto);
    eprintln!("{:?}", started.elapsed());
    let mut hand = hand::Hand::new();
    let who = hand.call(&pair, ("sts", "us-east-1"), "get_caller_identity", serde_json::json!({}));
    assert_eq!(who["Account"], pair::ACCOUNT);
    eprintln!("{:?}", started.elapsed());
    pair.reset();
}
