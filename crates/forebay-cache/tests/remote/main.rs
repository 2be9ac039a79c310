//! Tiers and sequencers against real servers; each file is one behaviour. Run them with `cargo xtask test cache`.

#[cfg(any(feature = "redis", feature = "memcached"))]
mod fixture;

#[cfg(feature = "redis")]
mod redis_answers_batches_in_order;
#[cfg(feature = "redis")]
mod redis_refuses_fills_older_than_what_it_holds;
