//! The one integration-test binary: the house, the command line, drills, a real pseudo-terminal.

mod broken_runbooks;
mod cli;
mod drills;
mod floors;
mod home;
mod operator;
mod pty;
mod scenarios;
mod screens;
mod shipped;
mod terminal;
