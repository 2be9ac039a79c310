//! A data path over PostgreSQL, Redis and Memcached.
#![cfg(all(
    feature = "axum",
    feature = "cache-encryption",
    feature = "memcached",
    feature = "postgres",
    feature = "redis",
    feature = "response-cache"
))]

mod client;
mod parts_work_together;
mod responses_are_kept_on_every_node;
#[cfg(feature = "plan")]
mod statements_are_watched;
