//! A lab: all servers together, and their addresses.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::existing::{check_listening, check_postgres};
use crate::folder::Folder;
use crate::{Memcached, Postgres, PostgresSpec, Redis, RedisSpec};

/// The environment variable that carries a lab's [`Addresses`] to the processes under it.
pub const ENVIRONMENT: &str = "FOREBAY_LAB";

/// Where a lab's servers are. Written as JSON into [`ENVIRONMENT`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The lab's folder; private servers of the processes under it make theirs inside, so they go when it goes.
    pub folder: PathBuf,
    /// `postgres://…` of the primary, if the lab has PostgreSQL.
    pub primary: Option<String>,
    /// `postgres://…` of each standby.
    pub standbys: Vec<String>,
    /// `redis://…`, if the lab has Redis.
    pub redis: Option<String>,
    /// `HOST:PORT`, if the lab has Memcached.
    pub memcached: Option<String>,
}

impl Addresses {
    /// Reads [`ENVIRONMENT`]; `None` when this process does not run under a lab.
    ///
    /// # Errors
    /// The variable is set and cannot be read.
    pub fn from_environment() -> Result<Option<Self>> {
        match std::env::var(ENVIRONMENT) {
            Err(_) => Ok(None),
            Ok(json) => Ok(Some(
                serde_json::from_str(&json)
                    .with_context(|| format!("{ENVIRONMENT} holds no lab's addresses"))?,
            )),
        }
    }

    /// The text for [`ENVIRONMENT`].
    #[must_use]
    pub fn to_environment(&self) -> String {
        serde_json::to_string(self).expect("paths of a lab are UTF-8 and the rest is text")
    }
}

/// Which servers a [`Lab`] has.
#[derive(Debug, Clone)]
pub struct LabSpec {
    /// PostgreSQL. Default: a primary with two standbys.
    pub postgres: Option<PostgresSpec>,
    /// Redis. Default: one that keeps nothing.
    pub redis: Option<RedisSpec>,
    /// Memcached. Default: yes.
    pub memcached: bool,
}

impl Default for LabSpec {
    fn default() -> Self {
        Self {
            postgres: Some(PostgresSpec::with_standbys(2)),
            redis: Some(RedisSpec::default()),
            memcached: true,
        }
    }
}

/// Running servers. Dropping it ends them and removes their folder.
#[derive(Debug)]
pub struct Lab {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    memcached: Option<Memcached>,
    addresses: Addresses,
    // Last, so that the folder goes after the servers in it.
    _folder: Arc<Folder>,
}

impl Lab {
    /// Starts the servers of `spec` side by side, or takes those one already has ([`Choice`]).
    ///
    /// Dropping the future ends what was started.
    ///
    /// # Errors
    /// A missing program, or a server's last words.
    pub async fn start(spec: &LabSpec) -> Result<Self> {
        let folder = Arc::new(Folder::create(inside().as_deref())?);
        let (postgres, redis, memcached) = tokio::try_join!(
            start_postgres(&folder, spec.postgres.as_ref()),
            start_redis(&folder, spec.redis.as_ref()),
            start_memcached(&folder, spec.memcached),
        )?;
        let (postgres, urls) = postgres;
        let (redis, redis_url) = redis;
        let (memcached, memcached_addr) = memcached;
        let mut urls = urls.into_iter();
        let addresses = Addresses {
            folder: folder.path().to_owned(),
            primary: urls.next(),
            standbys: urls.collect(),
            redis: redis_url,
            memcached: memcached_addr,
        };
        Ok(Self { postgres, redis, memcached, addresses, _folder: folder })
    }

    /// Where the servers are.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The PostgreSQL this lab started, for its faults.
    #[must_use]
    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }

    /// The Redis this lab started, for its faults.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// The Memcached this lab started, for its faults.
    #[must_use]
    pub fn memcached(&self) -> Option<&Memcached> {
        self.memcached.as_ref()
    }
}

/// The folder of the lab this process runs under.
pub(crate) fn inside() -> Option<PathBuf> {
    let folder = Addresses::from_environment().ok().flatten()?.folder;
    folder.is_dir().then_some(folder)
}

/// The one address in `variable`, if somebody listens there.
async fn only(variable: &str, addresses: Vec<String>) -> Result<String> {
    let [address] = <[String; 1]>::try_from(addresses)
        .map_err(|all| anyhow!("{variable} names {} addresses; the lab uses one", all.len()))?;
    check_listening(variable, &address).await?;
    Ok(address)
}

async fn start_postgres(
    folder: &Arc<Folder>,
    spec: Option<&PostgresSpec>,
) -> Result<(Option<Postgres>, Vec<String>)> {
    let Some(spec) = spec else { return Ok((None, Vec::new())) };
    if let Choice::Use(urls) = Choice::postgres()? {
        check_postgres(&urls).await?;
        return Ok((None, urls));
    }
    let postgres = Postgres::start_in(folder, spec).await?;
    let mut urls = vec![postgres.primary_url()];
    urls.extend(postgres.standby_urls());
    Ok((Some(postgres), urls))
}

async fn start_redis(
    folder: &Arc<Folder>,
    spec: Option<&RedisSpec>,
) -> Result<(Option<Redis>, Option<String>)> {
    let Some(spec) = spec else { return Ok((None, None)) };
    if let Choice::Use(urls) = Choice::redis()? {
        let url = only("FOREBAY_LAB_REDIS", urls).await?;
        return Ok((None, Some(url)));
    }
    let redis = Redis::start_in(folder, spec.clone()).await?;
    let url = redis.url();
    Ok((Some(redis), Some(url)))
}

async fn start_memcached(folder: &Arc<Folder>, wanted: bool) -> Result<(Option<Memcached>, Option<String>)> {
    if !wanted {
        return Ok((None, None));
    }
    if let Choice::Use(addresses) = Choice::memcached()? {
        let address = only("FOREBAY_LAB_MEMCACHED", addresses).await?;
        return Ok((None, Some(address)));
    }
    let memcached = Memcached::start_in(folder).await?;
    let address = memcached.addr();
    Ok((Some(memcached), Some(address)))
}
