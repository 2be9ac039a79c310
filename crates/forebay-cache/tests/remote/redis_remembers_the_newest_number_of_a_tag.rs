//! A node that finds an entry in a tier asks what its tags and its cache must not be older than.

use crate::chain::{joined, soft, tag};
use anyhow::Result;
use forebay_cache::{
    Sequencer, Tag, Target,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_tests::Redis;
use fred::{clients::Client, interfaces::*, prelude::Config};

async fn start(tags_max: u32) -> Result<(Redis, RedisSequencer)> {
    let redis = Redis::start().await?;
    let config = SequencerConfig { tags_max, ..SequencerConfig::of("shop") };
    let sequencer = RedisSequencer::connect(&RedisConfig::from_url(redis.url()), config)?;
    joined(&sequencer).await;
    Ok((redis, sequencer))
}

fn tags(texts: &[&str]) -> Vec<Tag> {
    texts.iter().map(|text| Tag::named(*text)).collect()
}

#[tokio::test]
async fn tags_clears_and_the_floor() -> Result<()> {
    let (_redis, sequencer) = start(1000).await?;
    let end = sequencer.issue(&tag("a")).await?.stamp;
    sequencer.issue(&tag("b")).await?;
    sequencer.issue(&tag("a")).await?;
    sequencer.issue(&soft(Target::Key("k".into()))).await?;

    let newest = sequencer.newest("users", b"users:1", &tags(&["b", "a", "never", "mark"])).await?;
    assert_eq!((newest.epoch, newest.floor, newest.tags), (end.epoch, 0, vec![2, 3, 0, 0]));
    assert_eq!(newest.key, 0);
    assert_eq!(sequencer.newest("users", b"k", &[]).await?.key, 4, "a key is remembered as well");

    sequencer.issue(&soft(Target::Clear(Some("users".into())))).await?;
    let newest = sequencer.newest("users", b"users:1", &tags(&["a"])).await?;
    assert_eq!((newest.floor, newest.tags), (5, vec![5]));
    let other = sequencer.newest("orders", b"orders:1", &tags(&["a"])).await?;
    assert_eq!((other.floor, other.tags), (0, vec![3]), "another cache was not cleared");

    sequencer.issue(&soft(Target::Clear(None))).await?;
    let other = sequencer.newest("orders", b"orders:1", &tags(&["a", "b"])).await?;
    assert_eq!((other.floor, other.tags), (6, vec![6, 6]));
    Ok(())
}

#[tokio::test]
async fn a_forgotten_tag_raises_the_floor() -> Result<()> {
    let (redis, sequencer) = start(20).await?;
    for n in 1..=200_u64 {
        sequencer.issue(&tag(&format!("tag:{n}"))).await?;
        let asked: Vec<Tag> = (1..=n).map(|n| Tag::of("tag", n)).collect();
        let newest = sequencer.newest("users", b"users:1", &asked).await?;
        for (n, number) in (1..=n).zip(&newest.tags) {
            assert!(*number >= n, "tag:{n} answers {number}: something stale would be trusted");
        }
        assert!(newest.floor + 20 >= n, "the floor is not raised further than necessary");
    }
    let client = client(&redis).await?;
    let kept: u64 = client.hlen::<u64, _>("forebay:{shop}:tags").await?
        + client.hlen::<u64, _>("forebay:{shop}:tags-older").await?;
    assert!(kept <= 22, "{kept} fields for a bound of 20");
    Ok(())
}

#[tokio::test]
async fn a_lost_table_raises_the_floor() -> Result<()> {
    let (redis, sequencer) = start(20).await?;
    for n in 1..=12_u64 {
        sequencer.issue(&tag(&format!("tag:{n}"))).await?;
    }
    let client = client(&redis).await?;
    let asked = tags(&["tag:1", "tag:12", "never"]);
    assert_eq!(sequencer.newest("users", b"users:1", &asked).await?.tags, [1, 12, 0]);

    let _: () = client.del("forebay:{shop}:tags-older").await?;
    assert_eq!(
        sequencer.newest("users", b"users:1", &asked).await?.tags,
        [10, 12, 10],
        "it held numbers up to ten"
    );
    let _: () = client.del("forebay:{shop}:tags").await?;
    assert_eq!(sequencer.newest("users", b"users:1", &asked).await?.tags, [12, 12, 12]);
    sequencer.issue(&tag("tag:13")).await?;
    assert_eq!(
        sequencer.newest("users", b"users:1", &tags(&["tag:1", "tag:13"])).await?.tags,
        [12, 13],
        "it goes on above"
    );
    Ok(())
}

#[tokio::test]
async fn long_names_are_kept_short_and_a_name_without_end_hits_everything() -> Result<()> {
    let (redis, sequencer) = start(20).await?;
    let (long, endless) = ("x".repeat(9000), "x".repeat(90_000));
    sequencer.issue(&tag(&long)).await?;
    assert_eq!(sequencer.newest("users", b"users:1", &tags(&[&long, "never"])).await?.tags, [1, 0]);
    let fields: Vec<String> = client(&redis).await?.hkeys("forebay:{shop}:tags").await?;
    assert!(fields.iter().all(|field| field.len() < 200), "{fields:?}");

    let event = sequencer.issue(&tag(&endless)).await?;
    assert!(event.invalidation.target == Target::Clear(None));
    assert_eq!(sequencer.newest("users", b"users:1", &tags(&["never"])).await?.floor, 2);
    Ok(())
}

#[tokio::test]
async fn a_lost_chain_is_an_error() -> Result<()> {
    let (redis, sequencer) = start(20).await?;
    sequencer.issue(&tag("a")).await?;
    let _: () = client(&redis).await?.del("forebay:{shop}:chain").await?;
    assert!(sequencer.newest("users", b"users:1", &tags(&["a"])).await.is_err());
    Ok(())
}

async fn client(redis: &Redis) -> Result<Client> {
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    Ok(client)
}
