//! What the client accepts, what the server offers, and what a cache must know about the choice.

mod accept;
mod coding;
mod vary;

pub use accept::AcceptEncoding;
pub use coding::Coding;
pub use vary::merge_vary;
