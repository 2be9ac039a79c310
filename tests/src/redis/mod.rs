//! Redis: one server, a primary with a replica behind sentinels, a cluster; plain or with TLS.

mod cluster;
mod sentinel;
mod server;
mod tls;
mod wire;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;
pub use server::{Persistence, Redis, RedisSpec};
pub(crate) use wire::answers;
