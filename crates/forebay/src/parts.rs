use crate::{Error, PartHealth, config::Settings, measuring::Measuring};
use forebay_cache::Namespace;

/// What a data path has started.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) namespace: Namespace,
    #[cfg(feature = "redis")]
    redis: Option<crate::redis::Redis>,
    #[cfg(feature = "memcached")]
    memcached: Option<crate::memcached::Memcached>,
    #[cfg(feature = "postgres")]
    pub(crate) pool: Option<forebay_pool::Pool>,
    /// Of the pool's statements.
    #[cfg(feature = "plan")]
    pub(crate) plans: Option<forebay_plan::Plans>,
    #[cfg(feature = "response")]
    pub(crate) response: forebay_response::ResponseLayer,
}

impl Parts {
    /// Starts everything that is configured. The database comes last: it alone can fail for reasons outside of this
    /// process, and what was started before it ends when dropped.
    pub(crate) async fn start(settings: &Settings, measuring: &Measuring) -> Result<Self, Error> {
        let meter = &measuring.meter;
        #[cfg(feature = "response")]
        let response = response(settings, meter)?;
        let namespace = Namespace::builder(settings.service.name.as_str())
            .meter(meter)
            .silence_max(settings.coherence.silence_max)
            .when_silent(settings.coherence.when_silent);
        #[cfg(feature = "redis")]
        let (redis, namespace) = match &settings.redis {
            Some(config) => {
                let (redis, namespace) = crate::redis::Redis::start(config, settings, meter, namespace)?;
                (Some(redis), namespace)
            }
            None => (None, namespace),
        };
        #[cfg(feature = "memcached")]
        let (memcached, namespace) = match &settings.memcached {
            Some(config) => {
                let (tier, namespace) =
                    crate::memcached::Memcached::start(config, settings, meter, namespace)?;
                (Some(tier), namespace)
            }
            None => (None, namespace),
        };
        let namespace = namespace.build()?;
        #[cfg(feature = "postgres")]
        let postgres = match &settings.postgres {
            Some(config) => Some(crate::postgres::Postgres::start(config, settings, meter).await?),
            None => None,
        };
        #[cfg(feature = "plan")]
        let plans = postgres.as_ref().map(|postgres| postgres.plans.clone());
        Ok(Self {
            namespace,
            #[cfg(feature = "redis")]
            redis,
            #[cfg(feature = "memcached")]
            memcached,
            #[cfg(feature = "postgres")]
            pool: postgres.map(|postgres| postgres.pool),
            #[cfg(feature = "plan")]
            plans,
            #[cfg(feature = "response")]
            response,
        })
    }

    pub(crate) fn health(&self) -> Vec<PartHealth> {
        let parts = std::iter::empty();
        #[cfg(feature = "postgres")]
        let parts = parts.chain(self.pool.as_ref().map(|pool| crate::postgres::health(&pool.status())));
        #[cfg(feature = "redis")]
        let parts = parts.chain(self.redis.as_ref().map(crate::redis::Redis::health));
        #[cfg(feature = "memcached")]
        let parts = parts.chain(self.memcached.as_ref().map(crate::memcached::Memcached::health));
        parts.collect()
    }

    /// The database first, so that what its last transactions invalidate still goes out.
    pub(crate) async fn shutdown(&self, settings: &Settings) {
        #[cfg(feature = "plan")]
        if let Some(plans) = &self.plans {
            plans.shutdown().await;
        }
        #[cfg(feature = "postgres")]
        if let Some(pool) = &self.pool
            && !pool.shutdown(settings.service.drain_timeout).await
        {
            tracing::warn!(
                drain_timeout = ?settings.service.drain_timeout,
                "database work was still under way when the time to drain ended",
            );
        }
        if tokio::time::timeout(settings.service.drain_timeout, self.namespace.shutdown()).await.is_err() {
            tracing::warn!("invalidations were still queued when the time to drain ended");
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.redis {
            redis.shutdown().await;
        }
    }
}

#[cfg(feature = "response")]
fn response(
    settings: &Settings,
    meter: &forebay_metrics::Meter,
) -> Result<forebay_response::ResponseLayer, Error> {
    let mut builder = forebay_response::ResponseLayer::builder().config(settings.response.clone());
    #[cfg(feature = "axum")]
    {
        builder = builder.route(|request| Some(request.get::<axum::extract::MatchedPath>()?.as_str()));
    }
    if let Some(fields) = &settings.fields {
        builder = builder.fields(fields.clone());
    }
    let wrong = |error: forebay_response::Error| crate::config::ConfigError::Value {
        key: "response".to_owned(),
        origin: crate::config::Origin::Code,
        problem: error.to_string(),
    };
    Ok(builder.meter(meter.clone()).build().map_err(wrong)?)
}
