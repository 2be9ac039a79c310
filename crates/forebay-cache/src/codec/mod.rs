//! Values to bytes and back: the seam, and one file a form.

mod fingerprint;
#[cfg(feature = "json")]
mod json;
mod message_pack;
#[cfg(feature = "postcard")]
mod postcard;
mod self_describing;
mod traits;

pub use fingerprint::Fingerprint;
#[cfg(feature = "json")]
pub use json::Json;
pub use message_pack::MessagePack;
#[cfg(feature = "postcard")]
pub use postcard::Postcard;
pub use traits::{Codec, CodecError};
