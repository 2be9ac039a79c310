use super::{
    layer::{ResponseLayer, Shared},
    mode::{ResponseMode, Switch},
    routes::{RouteOf, Routes},
};
use crate::{
    Coding, ContentTypes, Eligible, Error, FieldsConfig, ResponseConfig,
    encode::{Budget, Clock, Encoders, Learned, Upgrades},
    fields::{Choice, FieldsWatch},
    metrics::Watch,
    variants::Variants,
};
use forebay_metrics::Meter;
use http::Extensions;
use std::{fmt, sync::Arc, time::Duration};

/// Puts a [`ResponseLayer`] together.
#[must_use]
pub struct ResponseLayerBuilder<E = ContentTypes> {
    config: ResponseConfig,
    eligible: E,
    meter: Meter,
    clock: Clock,
    fields: Option<FieldsConfig>,
    route: Option<RouteOf>,
}

impl ResponseLayerBuilder {
    pub(super) fn new() -> Self {
        Self {
            config: ResponseConfig::default(),
            eligible: ContentTypes::default(),
            meter: Meter::default(),
            clock: Clock::default(),
            fields: None,
            route: None,
        }
    }
}

impl<E: Eligible> ResponseLayerBuilder<E> {
    /// Replaces every setting at once. Default: [`ResponseConfig::default`].
    pub fn config(mut self, config: ResponseConfig) -> Self {
        self.config = config;
        self
    }

    /// Which responses are ours to encode. Default: [`ContentTypes::default`].
    pub fn eligible<Other: Eligible>(self, eligible: Other) -> ResponseLayerBuilder<Other> {
        let Self { config, meter, clock, fields, route, .. } = self;
        ResponseLayerBuilder { config, eligible, meter, clock, fields, route }
    }

    /// Where measurements go. Default: [`Meter::global`].
    pub fn meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// Tells the time since some fixed moment: what encoders take is measured by it, once before and once after, and
    /// so is how long a kind of response that was not worth encoding is left alone. Default: the system's
    /// monotonic clock.
    pub fn clock(mut self, now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// How much of the processor encoders may take. Default: [`BudgetConfig::default`](crate::BudgetConfig).
    pub fn budget(mut self, budget: crate::BudgetConfig) -> Self {
        self.config.budget = budget;
        self
    }

    /// Which encoded forms are made again, better, because they are sent often. Default:
    /// [`HotConfig::default`](crate::HotConfig).
    pub fn hot(mut self, hot: crate::HotConfig) -> Self {
        self.config.hot = hot;
        self
    }

    /// Whether it takes part. Default: [`ResponseMode::On`].
    pub fn mode(mut self, mode: ResponseMode) -> Self {
        self.config.mode = mode;
        self
    }

    /// The route that a request was matched to, for measurements: never its path, of which there are too many. With axum, what
    /// `MatchedPath` says (the facade does that):
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::extract::MatchedPath;
    /// use forebay_response::ResponseLayer;
    ///
    /// let layer = ResponseLayer::builder().route(|request| Some(request.get::<MatchedPath>()?.as_str()));
    /// # drop(layer); }
    /// ```
    ///
    /// It is given the request's extensions. Default: all requests are measured as `unmatched`.
    pub fn route(mut self, route: impl Fn(&Extensions) -> Option<&str> + Send + Sync + 'static) -> Self {
        self.route = Some(Box::new(route));
        self
    }

    /// The codings offered, best first. Default: brotli, zstd, gzip, deflate (those this build has).
    pub fn codings(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.config.codings = codings.into_iter().collect();
        self
    }

    /// The codings that go before the ranking where a body is encoded for one response or as a stream.
    /// Default: zstd, gzip (those this build has).
    pub fn quick(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.config.quick = codings.into_iter().collect();
        self
    }

    /// The shortest body, in bytes, that is worth encoding. Default: none; it starts at 1024 and learns.
    pub fn min_bytes(mut self, bytes: u64) -> Self {
        self.config.min_bytes = Some(bytes);
        self
    }

    /// The longest body, in bytes, that is held in memory as a whole. Default: 10 MiB.
    pub fn buffer_bytes_max(mut self, bytes: u64) -> Self {
        self.config.buffer_bytes_max = bytes;
        self
    }

    /// The longest body, in bytes, that is encoded in the task that asked and not on a thread for blocking work.
    /// Default: 256 KiB.
    pub fn inline_bytes_max(mut self, bytes: u64) -> Self {
        self.config.inline_bytes_max = bytes;
        self
    }

    /// How long a body of known length may keep the response waiting. Default: 20 ms.
    pub fn buffer_wait(mut self, wait: Duration) -> Self {
        self.config.buffer_wait = wait;
        self
    }

    /// Memory, in bytes, for encoded forms of bodies that were seen before; 0 keeps none. Default: 64 MiB.
    pub fn variant_bytes_max(mut self, bytes: u64) -> Self {
        self.config.variant_bytes_max = bytes;
        self
    }

    /// Whether whole bodies without a tag get one made from their bytes. Default: `true`.
    pub fn etag(mut self, etag: bool) -> Self {
        self.config.etag = etag;
        self
    }

    /// How many ranges of a body one request may ask for; 0 answers none. Default: 16.
    pub fn range_count_max(mut self, count: u16) -> Self {
        self.config.range_count_max = count;
        self
    }

    /// Which responses get digests of the bytes that are sent. Default: none.
    #[cfg(feature = "digest")]
    pub fn digests(mut self, digests: crate::Digests) -> Self {
        self.config.digests = digests;
        self
    }

    /// Whether bodies of unknown length are encoded. Default: `true`.
    pub fn streams(mut self, streams: bool) -> Self {
        self.config.streams = streams;
        self
    }

    /// How old bytes of a stream may become inside the encoder. Default: 5 ms.
    pub fn flush_after(mut self, age: Duration) -> Self {
        self.config.flush_after = age;
        self
    }

    /// Lets clients choose which fields of JSON they get (`?fields=id,name`): see
    /// [`FieldsLayer`](crate::FieldsLayer), which must not be there as well. What is chosen is what is tagged, encoded and,
    /// with a cache of responses, kept. Default: every response is sent whole.
    pub fn fields(mut self, fields: FieldsConfig) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Makes the layer, with its encoders and its store of encoded forms.
    ///
    /// # Errors
    /// When a setting is out of range or a coding is listed that this build cannot produce.
    pub fn build(self) -> Result<ResponseLayer<E>, Error> {
        self.config.check()?;
        let variants = (self.config.variant_bytes_max > 0)
            .then(|| Arc::new(Variants::new(self.config.variant_bytes_max)));
        let watch = Watch::new(&self.meter);
        let learned = self.config.min_bytes.is_none().then(|| Learned::new(self.config.learn));
        let budget = Arc::new(Budget::new(self.config.budget, self.clock.clone()));
        let upgrades = Upgrades::new(self.config.hot, self.clock);
        let fields = self.fields.map(|config| Choice { config, watch: FieldsWatch::new(&self.meter) });
        let mode = Switch::new(self.config.mode);
        let routes = Routes::new(self.route, &self.meter, self.config.routes_max);
        let shared = Shared {
            budget,
            learned,
            upgrades,
            config: self.config,
            eligible: self.eligible,
            encoders: Encoders::new(),
            variants,
            watch,
            mode,
            routes,
        };
        Ok(ResponseLayer::new(shared, fields))
    }
}

impl<E> fmt::Debug for ResponseLayerBuilder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseLayerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
