//! The one integration-test binary: the house, the command line, drills, a real pseudo-terminal,
//! AWS emulators.

mod broken_runbooks;
mod cli;
mod corpora;
#[cfg(feature = "aws")]
mod databases;
mod drills;
#[cfg(feature = "aws")]
mod emulators;
mod evidence;
mod exports;
mod faults;
mod floors;
mod forecast;
mod home;
mod mfa;
mod new;
mod no_network;
mod operator;
mod procedures;
#[cfg(feature = "aws")]
mod programs;
mod pty;
mod real;
mod reports;
mod scenarios;
mod screens;
mod shipped;
mod terminal;
