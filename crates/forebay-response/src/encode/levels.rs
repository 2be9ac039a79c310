use crate::Error;
use serde::{Deserialize, Serialize};

/// How hard gzip and deflate try, 1 (fast) to 9 (small).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GzipConfig {
    /// For a body encoded for one response, and for streams. Default: 5.
    pub level: u32,
    /// For such a body from [`ResponseConfig::long_bytes`](crate::ResponseConfig::long_bytes) on. Default: 4.
    pub long_level: u32,
    /// For a [`Prepared`](crate::Prepared) body, encoded once and sent often. Default: 7.
    pub prepared_level: u32,
    /// While encoders take more than their [`BudgetConfig`](crate::BudgetConfig) gives. Default: 1.
    pub pressed_level: u32,
    /// For a form that is made again because it is sent often ([`HotConfig`](crate::HotConfig)). Default: 9.
    pub hot_level: u32,
}

/// How hard brotli tries, 0 (fast) to 11 (small and very slow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrotliConfig {
    /// For a body encoded for one response, and for streams. Default: 3.
    pub level: u32,
    /// For such a body from [`ResponseConfig::long_bytes`](crate::ResponseConfig::long_bytes) on. Default: 2.
    pub long_level: u32,
    /// For a [`Prepared`](crate::Prepared) body, encoded once and sent often. Default: 5.
    pub prepared_level: u32,
    /// While encoders take more than their [`BudgetConfig`](crate::BudgetConfig) gives. Default: 1.
    pub pressed_level: u32,
    /// For a form that is made again because it is sent often ([`HotConfig`](crate::HotConfig)). Default: 11.
    pub hot_level: u32,
}

/// How hard zstd tries, 1 (fast) to 19 (small and very slow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ZstdConfig {
    /// For a body encoded for one response, and for streams. Default: 3.
    pub level: u32,
    /// For such a body from [`ResponseConfig::long_bytes`](crate::ResponseConfig::long_bytes) on. Default: 1.
    pub long_level: u32,
    /// For a [`Prepared`](crate::Prepared) body, encoded once and sent often. Default: 9.
    pub prepared_level: u32,
    /// While encoders take more than their [`BudgetConfig`](crate::BudgetConfig) gives. Default: 1.
    pub pressed_level: u32,
    /// For a form that is made again because it is sent often ([`HotConfig`](crate::HotConfig)). Default: 19.
    pub hot_level: u32,
}

impl Default for GzipConfig {
    fn default() -> Self {
        Self { level: 5, long_level: 4, prepared_level: 7, pressed_level: 1, hot_level: 9 }
    }
}

impl Default for BrotliConfig {
    fn default() -> Self {
        Self { level: 3, long_level: 2, prepared_level: 5, pressed_level: 1, hot_level: 11 }
    }
}

impl Default for ZstdConfig {
    fn default() -> Self {
        Self { level: 3, long_level: 1, prepared_level: 9, pressed_level: 1, hot_level: 19 }
    }
}

/// How long encoded bytes live, and so what they may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// One response.
    Once,
    /// One response, and there is much of it.
    Long,
    /// As long as the [`Prepared`](crate::Prepared) body they belong to.
    Prepared,
    /// One response, while time is short.
    Pressed,
    /// As long as the body is asked for, which it is often.
    Hot,
}

/// The levels of one coding, and the range they must be in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    pub(crate) keys: [&'static str; 5],
    pub(crate) by_life: [u32; 5],
    pub(crate) range: (u32, u32, &'static str),
}

impl Levels {
    pub(crate) fn at(&self, life: Life) -> u32 {
        self.by_life[life as usize]
    }

    /// The first level that is out of range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (min, max, expected) = self.range;
        let wrong = self.by_life.iter().zip(self.keys).find(|&(level, _)| !(min..=max).contains(level));
        match wrong {
            Some((&found, key)) => Err(Error::OutOfRange { key, expected, found: found.into() }),
            None => Ok(()),
        }
    }
}

macro_rules! levels {
    ($config:ident, $name:literal, $range:expr) => {
        impl $config {
            pub(crate) fn levels(&self) -> Levels {
                Levels {
                    keys: [
                        concat!($name, ".level"),
                        concat!($name, ".long_level"),
                        concat!($name, ".prepared_level"),
                        concat!($name, ".pressed_level"),
                        concat!($name, ".hot_level"),
                    ],
                    by_life: [
                        self.level,
                        self.long_level,
                        self.prepared_level,
                        self.pressed_level,
                        self.hot_level,
                    ],
                    range: $range,
                }
            }
        }
    };
}

levels!(GzipConfig, "gzip", (1, 9, "1 to 9"));
levels!(BrotliConfig, "brotli", (0, 11, "0 to 11"));
levels!(ZstdConfig, "zstd", (1, 19, "1 to 19"));
