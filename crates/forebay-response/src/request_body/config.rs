use crate::Error;
use serde::{Deserialize, Serialize};

/// The limits of a [`RequestDecodingLayer`](crate::RequestDecodingLayer) as plain data. They hold for bodies that
/// come encoded; the length of others is the business of whoever reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestDecodingConfig {
    /// The longest body, decoded, at every step of a chain of codings. Default: 2 MiB, what axum's extractors
    /// take.
    pub body_bytes_max: u64,
    /// How many bytes one byte may become. It is judged once 64 KiB came out, so that short bodies may be as
    /// repetitive as they like. Default: 100; text rarely shrinks to less than a thirtieth.
    pub ratio_max: u32,
    /// How many codings may be applied one after another. Default: 2.
    pub chain_max: u8,
}

impl Default for RequestDecodingConfig {
    fn default() -> Self {
        Self { body_bytes_max: 2 << 20, ratio_max: 100, chain_max: 2 }
    }
}

impl RequestDecodingConfig {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        let at_least_one = |key, found| {
            if found > 0 { Ok(()) } else { Err(Error::OutOfRange { key, expected: "at least 1", found }) }
        };
        at_least_one("body_bytes_max", self.body_bytes_max)?;
        at_least_one("ratio_max", self.ratio_max.into())?;
        at_least_one("chain_max", self.chain_max.into())
    }
}
