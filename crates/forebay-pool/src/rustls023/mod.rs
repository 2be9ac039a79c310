//! TLS through rustls 0.23, with the provider `ring` whatever the process has chosen for others.

mod binding;
mod client;
mod connector;
mod handshake;
mod secured;
mod trust;

pub use connector::ConnectRustls;
pub(crate) use handshake::reason_of;
pub(crate) use secured::Already;
