//! lifeboat against AWS as two emulators play it, neither written here: moto and ministack. Who looks
//! at what came of it is boto3 and the AWS CLI, never our own code.
//!
//! What is needed is installed once, into `target/emulators/`, from a list with hashes
//! (`requirements.txt`); it takes Python 3.11 or newer with `venv`, and a package index.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail has failed")]
#![expect(clippy::print_stderr, reason = "what the emulators said belongs to what a failed test says")]

mod actions;
mod adapter;
mod bulk;
mod cli;
mod hand;
mod kube;
mod live;
mod outside;
mod pair;
mod people;
mod process;
mod region;
mod restores;
mod runs;
mod sandbox;
mod shape;
mod tap;
mod tools;
mod walks;
mod watched;
