//! Tiers and sequencers against real servers; each file is one behaviour. Run them with `cargo xtask test cache`.

#[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
mod fixture;

#[cfg(any(feature = "redis", feature = "memcached"))]
mod any_key_is_a_key;

#[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
mod drivers;
#[cfg(any(feature = "redis", feature = "redis-rs", feature = "memcached"))]
mod keys_are_leased_to_one;

#[cfg(feature = "redis")]
mod a_redis_short_of_memory_makes_nothing_valid_again;
#[cfg(feature = "redis")]
mod chain;
#[cfg(feature = "redis")]
mod nodes_load_a_key_once;
#[cfg(feature = "redis")]
mod nodes_share_a_redis;

#[cfg(any(feature = "redis", feature = "memcached"))]
mod reads_asked_at_once_share_a_call;

#[cfg(feature = "memcached")]
mod memcached_answers_batches_in_order;
#[cfg(feature = "memcached")]
mod memcached_away_is_bounded_and_comes_back;
#[cfg(feature = "memcached")]
mod memcached_refuses_fills_older_than_what_it_holds;
#[cfg(feature = "memcached")]
mod memcached_servers_are_asked_once;
#[cfg(feature = "memcached")]
mod memcached_servers_share_the_keys;
#[cfg(feature = "memcached")]
mod memcached_survives_dropped_calls;
#[cfg(feature = "redis")]
mod redis_answers_a_batch_in_one_round_trip;
#[cfg(feature = "redis")]
mod redis_answers_batches_in_order;
#[cfg(feature = "redis")]
mod redis_away_fails_fast_and_comes_back;
#[cfg(feature = "redis")]
mod redis_bus_that_is_cut_is_noticed;
#[cfg(feature = "redis")]
mod redis_cluster_is_asked_once_per_shard;
#[cfg(feature = "redis")]
mod redis_configuration_is_checked;
#[cfg(any(feature = "redis", feature = "redis-rs"))]
mod redis_drivers_agree;
#[cfg(feature = "redis")]
mod redis_entries_say_when_they_end;
#[cfg(feature = "redis")]
mod redis_groups_are_followed;
#[cfg(feature = "redis")]
mod redis_keeps_namespaces_apart;
#[cfg(feature = "redis")]
mod redis_lost_chain_starts_a_new_epoch;
#[cfg(feature = "redis")]
mod redis_nodes_hear_each_other;
#[cfg(feature = "redis")]
mod redis_refuses_fills_older_than_what_it_holds;
#[cfg(feature = "redis")]
mod redis_remembers_patterns;
#[cfg(feature = "redis")]
mod redis_remembers_the_newest_number_of_a_tag;
#[cfg(feature = "redis")]
mod redis_replays_what_a_node_missed;
#[cfg(feature = "redis")]
mod redis_replicas_are_read_safely;
#[cfg(feature = "redis")]
mod redis_silence_is_met_as_chosen;
#[cfg(all(feature = "redis", feature = "rustls"))]
mod redis_speaks_tls;
#[cfg(feature = "redis")]
mod redis_survives_dropped_calls;
