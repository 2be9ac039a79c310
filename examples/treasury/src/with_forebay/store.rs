use super::{
    answer::Answer,
    caches::{Caches, account_tag, catalogue_tag},
    parts::Parts,
    tiers,
};
use crate::{
    Failure, ServeArgs,
    model::Receipt,
    page::{PageKey, build},
    queries::{self, Db},
    routes,
    stats::{Counters, Stats},
    store::Store,
};
use axum::{Router, response::Response};
use forebay::{
    DataPath,
    cache::Tag,
    config::Environment,
    pool::{Pool, PoolConfig},
    response::{BrotliConfig, GzipConfig, HotConfig, ResponseConfig},
};
use std::sync::Arc;

/// The store over forebay. Cloning is one reference count.
#[derive(Debug, Clone)]
pub(crate) struct WithForebay(Arc<Node>);

#[derive(Debug)]
struct Node {
    data: DataPath,
    pool: Pool,
    caches: Caches,
    counters: Counters,
}

impl WithForebay {
    /// Connects to what the arguments name, and to nothing else: the environment is not asked.
    pub(crate) async fn connect(args: &ServeArgs) -> anyhow::Result<Self> {
        let sessions = usize::from(args.pool_size);
        let mut config = PoolConfig::from_url(&args.primary_url)?.replicas(&args.replica_urls)?;
        config.write_sessions_max = sessions;
        config.primary_read_sessions_max = sessions;
        config.replica_sessions_max = sessions;
        let mut path = DataPath::builder().name(&args.namespace).postgres(config).response(encoding());
        if let Some(url) = &args.redis_url {
            path = path.redis(url);
        }
        let data = path.environment(Environment::empty()).build().await?;
        let (pool, caches) = (data.pool()?, Caches::new(&data)?);
        Ok(Self(Arc::new(Node { data, pool, caches, counters: Counters::default() })))
    }

    /// The service's routes with everything around them: scopes, encoding, validators, health and metrics pages.
    pub(crate) fn routes(&self) -> Router {
        let data = &self.0.data;
        routes::router(self.clone()).layer(data.response_layer()).merge(data.router())
    }

    /// Lets work under way come to its end and stops every background task.
    pub(crate) async fn shutdown(&self) {
        self.0.data.shutdown().await;
    }
}

impl Store for WithForebay {
    async fn answer(&self, key: PageKey) -> Result<Response, Failure> {
        let node = &*self.0;
        let tally = node.counters.read();
        let answer: Option<Arc<Answer>> = node
            .caches
            .answers
            .entry(&key)
            .tags(|| tag_of(&key))
            .get_or_load(async || {
                let parts = Parts { caches: &node.caches, pool: &node.pool, tally: &tally };
                // Boxed: the many ways to build an answer must not make every hit's future large.
                match Box::pin(build(&parts, &key)).await {
                    Ok(page) => Ok(Some(Arc::new(Answer::new(page)))),
                    // Not a failure to whoever waits for the same answer.
                    Err(Failure::NoAccount) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .await?;
        answer.map(|answer| answer.respond()).ok_or(Failure::NoAccount)
    }

    async fn pay(&self, account: i64, amount_cents: i64, memo: &str) -> Result<Receipt, Failure> {
        let node = &*self.0;
        let tally = node.counters.payment();
        let transaction = node.pool.begin().await?;
        let receipt = queries::pay(&Db::new(&transaction, &tally), account, amount_cents, memo).await?;
        let position = transaction.commit().await?;
        // Whoever reads the account from now on reads at or after this payment, on any node and any server.
        node.caches.accounts.invalidator().after(position).tag(&account_tag(account)).await;
        Ok(receipt)
    }

    fn stats(&self) -> Stats {
        let mut stats = self.0.counters.stats("forebay");
        stats.tiers = tiers::look_ups(&self.0.data.snapshot());
        stats
    }
}

/// An answer here lives until the account's next payment: long enough to encode it once, too short for the
/// levels meant for bodies that stay.
fn encoding() -> ResponseConfig {
    let defaults = ResponseConfig::default();
    ResponseConfig {
        gzip: GzipConfig { prepared_level: 3, ..defaults.gzip },
        brotli: BrotliConfig { prepared_level: 2, ..defaults.brotli },
        hot: HotConfig { hits: 0, ..defaults.hot },
        ..defaults
    }
}

/// What the freshness of an answer hangs on before anything is known of it.
fn tag_of(key: &PageKey) -> [Tag; 1] {
    match key {
        PageKey::Dashboard(id) | PageKey::Portfolio(id) | PageKey::Ledger(id, _) => [account_tag(*id)],
        PageKey::Search(_) => [catalogue_tag()],
    }
}
