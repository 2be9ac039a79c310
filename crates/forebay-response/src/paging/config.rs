use serde::{Deserialize, Serialize};

/// The settings of pages, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageConfig {
    /// How many items a page has when the request does not say. Default: 50.
    pub size_default: u32,
    /// The most items a request can ask for. Default: 50.
    pub size_max: u32,
    /// The query parameter that says how many. Default: `limit`.
    pub size_parameter: String,
    /// The query parameter with the cursor. Default: `cursor`.
    pub cursor_parameter: String,
    /// The longest cursor that is looked at, in bytes. Default: 1024.
    pub cursor_bytes_max: usize,
}

impl Default for PageConfig {
    fn default() -> Self {
        Self {
            size_default: 50,
            size_max: 50,
            size_parameter: "limit".to_owned(),
            cursor_parameter: "cursor".to_owned(),
            cursor_bytes_max: 1024,
        }
    }
}
