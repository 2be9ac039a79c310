//! The keys that entries of remote tiers are encrypted with.

mod error;
mod key;
mod ring;

pub use error::KeyringError;
pub use key::EncryptionKey;
pub use ring::Keyring;
