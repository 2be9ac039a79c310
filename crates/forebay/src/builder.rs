use crate::{
    Error,
    config::{ConfigError, Environment, Layers, Origin, Settings},
    data_path::DataPath,
    measuring::Measuring,
    parts::Parts,
};
use forebay_cache::WhenSilent;
use std::{fmt, path::PathBuf};

/// Describes a [`DataPath`]; made by [`DataPath::builder`].
///
/// Every setting can be given in code, in a TOML file and in the environment; the later of the three wins.
#[must_use = "a builder does nothing until `build`"]
pub struct DataPathBuilder {
    /// Boxed, as it would make every future that builds a path as large as itself.
    settings: Box<Settings>,
    file: Option<PathBuf>,
    environment: Environment,
    host: Option<Box<dyn metrics::Recorder + Send + Sync>>,
}

impl DataPathBuilder {
    pub(crate) fn new() -> Self {
        let (settings, environment) = (Box::default(), Environment::of_process());
        Self { settings, file: None, environment, host: None }
    }

    /// All settings at once, in place of what was said before. Default: [`Settings::default`].
    pub fn settings(mut self, settings: Settings) -> Self {
        *self.settings = settings;
        self
    }

    /// The service's name: nodes that share it share a namespace. Default: `default`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.service.name = name.into();
        self
    }

    /// The database. Default: none.
    #[cfg(feature = "postgres")]
    pub fn postgres(mut self, config: crate::pool::PoolConfig) -> Self {
        self.settings.postgres = Some(config);
        self
    }

    /// What is kept of the database's statements, and how the planner is asked about them. Default:
    /// [`PlanConfig::default`](crate::plan::PlanConfig): statements are kept, the planner is not asked.
    #[cfg(feature = "plan")]
    pub fn plan(mut self, config: crate::plan::PlanConfig) -> Self {
        self.settings.plan = config;
        self
    }

    /// The Redis that nodes share, by its URL: one server (`redis://`), a primary behind sentinels (`redis-sentinel://`) or
    /// a cluster (`redis-cluster://`); with the feature `rustls` over TLS as well (`rediss://` and so on). Default: none, each node has its memory only.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.settings.redis = Some(crate::cache::fred10::RedisConfig::from_url(url));
        self
    }

    /// Memcached servers as a tier below Redis, each as `host:port`. Default: none.
    #[cfg(feature = "memcached")]
    pub fn memcached<S: Into<String>>(mut self, servers: impl IntoIterator<Item = S>) -> Self {
        self.settings.memcached = Some(crate::cache::memcache021::MemcachedConfig::of(servers));
        self
    }

    /// How responses are encoded. Default: [`ResponseConfig::default`](crate::response::ResponseConfig).
    #[cfg(feature = "response")]
    pub fn response(mut self, config: crate::response::ResponseConfig) -> Self {
        self.settings.response = config;
        self
    }

    /// How clients may choose fields of JSON responses. Default: not.
    #[cfg(feature = "response")]
    pub fn fields(mut self, config: crate::response::FieldsConfig) -> Self {
        self.settings.fields = Some(config);
        self
    }

    /// What the path's caches of responses keep. Default:
    /// [`ResponseCacheConfig::default`](crate::response::ResponseCacheConfig).
    #[cfg(feature = "response-cache")]
    pub fn responses_cached(mut self, config: crate::response::ResponseCacheConfig) -> Self {
        self.settings.response_cache = config;
        self
    }

    /// A recorder that gets every measurement as well, such as an exporter the service already has. Default: none
    /// besides the [in-process recorder](DataPath::snapshot).
    pub fn recorder(mut self, recorder: impl metrics::Recorder + Send + Sync + 'static) -> Self {
        self.host = Some(Box::new(recorder));
        self
    }

    /// A TOML file laid over what code says; see [`Settings`]. It must exist. Default: the file `$FOREBAY_CONFIG`
    /// names, or none.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// The variables laid over code and file. Default: [`Environment::of_process`].
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Reads file and environment, checks everything, connects and starts.
    ///
    /// The database's primary must be there. A replica, Redis or Memcached that is away is connected to when it
    /// comes; until then the path works without it.
    ///
    /// # Errors
    /// [`Error::Config`] names the key and where it was given; the others name the part that did not start.
    /// Nothing is left running then.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn build(self) -> Result<DataPath, Error> {
        let (settings, origins) = layered(&self.settings, self.file, &self.environment)?;
        check(&settings, &origins)?;
        drop(origins);
        let measuring = Measuring::start(&settings.metrics, self.host)?;
        let parts = Box::pin(Parts::start(&settings, &measuring)).await?;
        Ok(DataPath::new(*settings, measuring, parts))
    }
}

/// Code, then the file, then the environment.
fn layered(
    code: &Settings,
    file: Option<PathBuf>,
    environment: &Environment,
) -> Result<(Box<Settings>, Layers), ConfigError> {
    let mut layers = Layers::default();
    layers.over_data(code)?;
    if let Some(path) = file.or_else(|| environment.file().map(PathBuf::from)) {
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
        let table = toml::from_str(&text)
            .map_err(|source| ConfigError::Syntax { path: path.clone(), source: Box::new(source) })?;
        layers.over(table, &Origin::File(path));
    }
    environment.over(&mut layers, compiled)?;
    if let Some((section, feature, _)) =
        PARTS.iter().find(|(section, _, built)| layers.has(section) && !built)
    {
        let origin = layers.origin(section);
        return Err(ConfigError::Feature { key: (*section).into(), origin, feature });
    }
    let (settings, layers) = layers.decode()?;
    Ok((Box::new(settings), layers))
}

/// The sections whose part is a feature, that feature, and whether it is in this build.
const PARTS: [(&str, &str, bool); 8] = [
    ("postgres", "postgres", cfg!(feature = "postgres")),
    ("plan", "plan", cfg!(feature = "plan")),
    ("redis", "redis", cfg!(feature = "redis")),
    ("memcached", "memcached", cfg!(feature = "memcached")),
    ("response", "response", cfg!(feature = "response")),
    ("fields", "response", cfg!(feature = "response")),
    ("response_cache", "response-cache", cfg!(feature = "response-cache")),
    ("paging", "paging", cfg!(feature = "paging")),
];

/// Whether the part a section configures is in this build.
fn compiled(section: &str) -> bool {
    PARTS.iter().all(|(name, _, built)| *name != section || *built)
}

/// What no part can check alone, and what each part says of its own settings before anything is started.
fn check(settings: &Settings, layers: &Layers) -> Result<(), ConfigError> {
    let wrong = |key: &str, problem: String| {
        Err(ConfigError::Value { key: key.to_owned(), origin: layers.origin(key), problem })
    };
    if settings.service.name.is_empty() || !settings.service.name.chars().all(allowed_in_name) {
        return wrong("service.name", "must be letters, digits, `-`, `_` or `.`".into());
    }
    if settings.service.request_deadline.is_some_and(|d| d.is_zero()) {
        return wrong("service.request_deadline", "must not be 0; leave it out for no deadline".into());
    }
    if settings.coherence.silence_max <= settings.coherence.heartbeat {
        return wrong("coherence.silence_max", "must be longer than coherence.heartbeat".into());
    }
    if matches!(settings.coherence.when_silent, WhenSilent::ServeStale(max) if max < settings.coherence.silence_max)
    {
        return wrong(
            "coherence.when_silent",
            "must not serve stale values for less than coherence.silence_max".into(),
        );
    }
    if settings.metrics.bearer_token.as_ref().is_some_and(|token| token.trim().is_empty()) {
        return wrong("metrics.bearer_token", "is empty; leave it out to let everyone read the page".into());
    }
    #[cfg(feature = "postgres")]
    if let Some(Err(error)) = settings.postgres.as_ref().map(crate::pool::PoolConfig::validate) {
        return wrong("postgres", error.to_string());
    }
    #[cfg(feature = "plan")]
    if let Err((key, problem)) = crate::plans::check(settings) {
        return wrong(key, problem);
    }
    #[cfg(feature = "redis")]
    if let Some(Err(error)) = settings.redis.as_ref().map(crate::cache::fred10::RedisConfig::validate) {
        return wrong("redis", error.source.to_string());
    }
    #[cfg(feature = "response")]
    if let Err(error) = settings.response.check() {
        return wrong("response", error.to_string());
    }
    #[cfg(feature = "response-cache")]
    if let Err(error) = settings.response_cache.check() {
        use crate::response::Error;
        let key = match &error {
            Error::Name { key, .. } | Error::OutOfRange { key, .. } => format!("response_cache.rules.{key}"),
            _ => "response_cache".to_owned(),
        };
        return wrong(&key, error.to_string());
    }
    Ok(())
}

fn allowed_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

impl fmt::Debug for DataPathBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataPathBuilder")
            .field("settings", &self.settings)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
