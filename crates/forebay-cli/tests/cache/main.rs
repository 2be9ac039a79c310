//! What services keep in a Redis is explained, counted and invalidated from a shell.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arrangements;
mod encrypted;
mod one_server;
mod service;
#[path = "../support/mod.rs"]
mod support;
