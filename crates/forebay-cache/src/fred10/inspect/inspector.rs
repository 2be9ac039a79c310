use super::state::{ChainState, Raw};
use crate::{
    SequencerError, TierError,
    envelope::Form,
    fred10::{
        config::RedisConfig,
        sequencer::{Chain, SequencerConfig},
        tier::RedisTier,
    },
};
use fred::{
    clients::Client,
    error::{Error, ErrorKind},
    interfaces::{ClientLike, HashesInterface, StreamsInterface},
};
use std::{collections::HashMap, fmt, time::Duration};

/// Looks at a namespace in Redis without taking part in it: nothing is written, no chain is started, nothing is
/// subscribed to.
pub struct RedisInspector {
    pub(super) client: Client,
    pub(super) tier: RedisTier,
    pub(super) chain: Chain,
    /// What headers are read with.
    pub(super) form: Form,
}

/// A namespace could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The configuration cannot be meant.
    #[error("the Redis settings cannot be meant: {0}")]
    Settings(String),
    /// The server was not reached.
    #[error("Redis cannot be reached: {0}")]
    Unreachable(String),
    /// The server has no chain of this name: no node of such a namespace ever used it, or it lost its keys.
    #[error("Redis has no namespace {0:?}")]
    UnknownNamespace(String),
    /// A command failed.
    #[error("Redis failed: {0}")]
    Failed(String),
}

impl RedisInspector {
    /// Connects to the server, and finds the namespace there.
    ///
    /// # Errors
    /// When the settings make no sense, the server is not reached within `connect_timeout`, or it has no such namespace.
    pub async fn connect(redis: &RedisConfig, chain: SequencerConfig) -> Result<Self, InspectError> {
        let settings = |error: &dyn fmt::Display| InspectError::Settings(error.to_string());
        redis.validate().map_err(|error| settings(&error.source))?;
        chain.check().map_err(|why| settings(&why))?;
        let client = redis.client().map_err(|error| settings(&error))?;
        let connected = tokio::time::timeout(redis.connect_timeout, client.init()).await;
        let unreachable = |why: String| InspectError::Unreachable(why);
        match connected {
            Ok(Ok(_task)) => {}
            Ok(Err(error)) => return Err(unreachable(error.details().to_owned())),
            Err(_elapsed) => return Err(unreachable(format!("no answer in {:?}", redis.connect_timeout))),
        }
        let inspector = Self {
            tier: RedisTier::from_client(client.clone()),
            client,
            chain: Chain::new(chain),
            form: Form::default(),
        };
        inspector.chain().await?;
        Ok(inspector)
    }

    /// The keys that services encrypt with, so that the tags of what they have encrypted can be judged. Default: none.
    #[cfg(feature = "encryption")]
    #[must_use]
    pub fn keyring(mut self, keyring: crate::Keyring) -> Self {
        self.form.keyring = Some(keyring);
        self
    }

    /// The namespace's name.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.chain.config.namespace
    }

    /// The chain of invalidations as Redis has it.
    ///
    /// # Errors
    /// When there is none, or the server does not answer.
    pub async fn chain(&self) -> Result<ChainState, InspectError> {
        let [chain, log, tags, older, _] = self.chain.keys();
        let fields: HashMap<String, fred::types::Value> = self.client.hgetall(chain).await?;
        let unknown = || InspectError::UnknownNamespace(self.namespace().to_owned());
        let raw = Raw::of(&fields).ok_or_else(unknown)?;
        let events_kept: u64 = self.client.xlen(log).await?;
        let newer: u64 = self.client.hlen(tags).await?;
        let older: u64 = self.client.hlen(older).await?;
        Ok(raw.state(self.namespace(), events_kept, newer, older))
    }

    /// Closes the connection.
    pub async fn shutdown(&self) {
        // What is lost with it was only looked at.
        let _closed = tokio::time::timeout(Duration::from_secs(1), self.client.quit()).await;
    }
}

impl fmt::Debug for RedisInspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisInspector").field("chain", &self.chain.config).finish_non_exhaustive()
    }
}

impl From<Error> for InspectError {
    fn from(error: Error) -> Self {
        let why = error.details().to_owned();
        if matches!(error.kind(), ErrorKind::IO | ErrorKind::Timeout) {
            Self::Unreachable(why)
        } else {
            Self::Failed(why)
        }
    }
}

impl From<TierError> for InspectError {
    fn from(error: TierError) -> Self {
        Self::Failed(error.source.to_string())
    }
}

impl From<SequencerError> for InspectError {
    fn from(error: SequencerError) -> Self {
        Self::Failed(error.source.to_string())
    }
}
