use crate::{
    BrotliConfig, BudgetConfig, Coding, Error, GzipConfig, HotConfig, LearnConfig, ResponseMode, ZstdConfig,
    encode::{Levels, Life},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The settings of a [`ResponseLayer`](crate::ResponseLayer) as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseConfig {
    /// Whether the layer takes part: `on`, `off` or `observe`. Default: `on`.
    pub mode: ResponseMode,
    /// How many routes are measured each on its own; those beyond are one more, `other`. Default: 1000.
    pub routes_max: usize,
    /// The codings offered, best first: the server ranks, the client only says what it accepts.
    /// Default: brotli, zstd, gzip, deflate (those this build has).
    pub codings: Vec<Coding>,
    /// Go before the ranking where a body is encoded for one response or as a stream, those that are offered and
    /// accepted. Default: zstd, gzip (those this build has): both take half of brotli's time or less for the same
    /// size there; brotli's higher levels pay off for a [`Prepared`](crate::Prepared) body, encoded once and sent
    /// often.
    pub quick: Vec<Coding>,
    /// Bodies shorter than this are sent as they are. Default: none; bodies from 1024 bytes on are encoded, and what
    /// that saves is learnt per route, content type and coding: a kind of which no body saves 64 bytes and a
    /// twentieth of it is left alone, and one whose bodies of 256 bytes or more do save that is encoded.
    pub min_bytes: Option<u64>,
    /// What is remembered of it.
    pub learn: LearnConfig,
    /// The longest body held in memory as a whole, to be hashed or encoded in one call; longer ones stream
    /// through. Default: 10 MiB.
    pub buffer_bytes_max: u64,
    /// The longest body encoded in the task that asked; longer ones are encoded on tokio's threads for blocking
    /// work, so that no other request waits behind them. Default: 256 KiB, some two milliseconds of work.
    pub inline_bytes_max: u64,
    /// How long a body of known length may keep the response waiting before the rest of it is streamed.
    /// Default: 20 ms.
    #[serde(with = "humantime_serde")]
    pub buffer_wait: Duration,
    /// Memory for encoded forms of bodies that were seen before; 0 keeps none. Default: 64 MiB.
    pub variant_bytes_max: u64,
    /// Whether whole bodies without a tag get one made from their bytes. Default: `true`.
    pub etag: bool,
    /// How many ranges of a body one request may ask for; with more, it gets the whole body. 0 answers no
    /// ranges at all and offers none. Default: 16.
    pub range_count_max: u16,
    /// Which responses get a `Content-Digest` and a `Repr-Digest` (RFC 9530, sha-256) of the bytes that are
    /// sent; about two nanoseconds a byte on a processor without instructions for it. Default: none.
    #[cfg(feature = "digest")]
    pub digests: crate::Digests,
    /// Whether bodies of unknown length are encoded. Default: `true`.
    pub streams: bool,
    /// How old bytes of a stream may become inside the encoder before they are sent on. Default: 5 ms.
    #[serde(with = "humantime_serde")]
    pub flush_after: Duration,
    /// How many bytes of a stream may gather inside the encoder before they are sent on. Default: 64 KiB.
    pub flush_bytes: u64,
    /// From this length on, a body that is encoded for one response is encoded at its coding's `long_level`.
    /// Default: 1 MiB.
    pub long_bytes: u64,
    /// How much of the processor encoders may take.
    pub budget: BudgetConfig,
    /// Which encoded forms are made again, better.
    pub hot: HotConfig,
    /// Levels of gzip and deflate.
    pub gzip: GzipConfig,
    /// Levels of brotli.
    pub brotli: BrotliConfig,
    /// Levels of zstd.
    pub zstd: ZstdConfig,
}

impl Default for ResponseConfig {
    fn default() -> Self {
        Self {
            mode: ResponseMode::On,
            routes_max: 1000,
            codings: Coding::compiled().collect(),
            quick: [Coding::Zstd, Coding::Gzip].into_iter().filter(|coding| coding.is_compiled()).collect(),
            min_bytes: None,
            learn: LearnConfig::default(),
            buffer_bytes_max: 10 << 20,
            inline_bytes_max: 256 << 10,
            buffer_wait: Duration::from_millis(20),
            variant_bytes_max: 64 << 20,
            etag: true,
            range_count_max: 16,
            #[cfg(feature = "digest")]
            digests: crate::Digests::None,
            streams: true,
            flush_after: Duration::from_millis(5),
            flush_bytes: 64 << 10,
            long_bytes: 1 << 20,
            budget: BudgetConfig::default(),
            hot: HotConfig::default(),
            gzip: GzipConfig::default(),
            brotli: BrotliConfig::default(),
            zstd: ZstdConfig::default(),
        }
    }
}

impl ResponseConfig {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first value that is out of range, or a coding this build cannot produce.
    pub fn check(&self) -> Result<(), Error> {
        for (at, &coding) in self.codings.iter().enumerate() {
            if self.codings[..at].contains(&coding) {
                return Err(Error::Repeated(coding));
            }
            if !coding.is_compiled() {
                return Err(Error::NotCompiled(coding));
            }
        }
        self.learn.check()?;
        self.budget.check()?;
        self.hot.check()?;
        self.gzip.levels().check()?;
        self.brotli.levels().check()?;
        self.zstd.levels().check()?;
        check("buffer_bytes_max", "at most 1 GiB", self.buffer_bytes_max, 0, 1 << 30)?;
        check("flush_bytes", "1 byte to 16 MiB", self.flush_bytes, 1, 16 << 20)?;
        check("flush_after", "at most 60000 ms", millis(self.flush_after), 0, 60_000)?;
        check("buffer_wait", "at most 60000 ms", millis(self.buffer_wait), 0, 60_000)
    }

    /// The level for a body of this length that is encoded for one response.
    pub(crate) fn level(&self, coding: Coding, length: u64) -> u32 {
        self.levels(coding).at(if length < self.long_bytes { Life::Once } else { Life::Long })
    }

    /// The level while encoders take too much.
    pub(crate) fn pressed_level(&self, coding: Coding) -> u32 {
        self.levels(coding).at(Life::Pressed)
    }

    /// The level for a form that is sent often.
    pub(crate) fn hot_level(&self, coding: Coding) -> u32 {
        self.levels(coding).at(Life::Hot)
    }

    pub(crate) fn prepared_level(&self, coding: Coding) -> u32 {
        self.levels(coding).at(Life::Prepared)
    }

    fn levels(&self, coding: Coding) -> Levels {
        match coding {
            Coding::Brotli => self.brotli.levels(),
            Coding::Gzip | Coding::Deflate => self.gzip.levels(),
            Coding::Zstd => self.zstd.levels(),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn check(
    key: &'static str,
    expected: &'static str,
    found: u64,
    min: u64,
    max: u64,
) -> Result<(), Error> {
    if (min..=max).contains(&found) { Ok(()) } else { Err(Error::OutOfRange { key, expected, found }) }
}
