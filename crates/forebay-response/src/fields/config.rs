use serde::{Deserialize, Serialize};

/// The settings of field masks and of the filter behind them, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldsConfig {
    /// The query parameter that holds the mask, as `fields=…` and as JSON:API's `fields[type]=…`. Default: `fields`.
    pub parameter: String,
    /// The longest mask, in bytes, all its parameters together. Default: 2048.
    pub mask_bytes_max: usize,
    /// How many names a mask may have, `*` included; also after `*` was spread over its neighbours. Default: 200.
    pub names_max: usize,
    /// How many levels a mask may have. Default: 16.
    pub levels_max: usize,
    /// How deep the JSON of a response may be nested. Default: 128.
    pub depth_max: usize,
    /// The longest key, in bytes, in an object that is filtered. Default: 64 KiB.
    pub key_bytes_max: usize,
    /// How much of a JSON:API resource may come before its `type`, in bytes; it is held until then. Default: 1 MiB.
    pub resource_bytes_max: usize,
    /// The longest body of known length that is filtered before the response begins, in bytes: it keeps a known length, and
    /// malformed JSON becomes a 502. Longer ones are filtered as they are sent. Default: 10 MiB.
    pub buffer_bytes_max: u64,
}

impl Default for FieldsConfig {
    fn default() -> Self {
        Self {
            parameter: "fields".to_owned(),
            mask_bytes_max: 2048,
            names_max: 200,
            levels_max: 16,
            depth_max: 128,
            key_bytes_max: 64 << 10,
            resource_bytes_max: 1 << 20,
            buffer_bytes_max: 10 << 20,
        }
    }
}
