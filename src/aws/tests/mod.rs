//! What no single file of this room can show: every action over real connections that fail.

mod loopback;
mod server;
