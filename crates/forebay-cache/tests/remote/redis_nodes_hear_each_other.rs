//! Invalidations of a namespace form one chain, and every node of it hears each of them.

use crate::chain::{alive, event, hear, joined, mark_of, soft, tag};
use anyhow::Result;
use forebay_cache::{
    Invalidation, Sequencer, Strength, Target,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_scope::{Position, Positions};
use forebay_tests::shared;
use futures_util::future::try_join_all;
use std::{sync::Arc, time::Duration};

async fn node(namespace: &str) -> Result<RedisSequencer> {
    let redis = RedisConfig::from_url(shared().await.redis_url());
    let config = SequencerConfig { heartbeat: Duration::from_millis(20), ..SequencerConfig::of(namespace) };
    Ok(RedisSequencer::connect(&redis, config)?)
}

#[tokio::test]
async fn what_one_issues_the_other_hears_as_it_was() -> Result<()> {
    let namespace = shared().await.key_prefix("hear");
    let (here, there) = (node(&namespace).await?, node(&namespace).await?);
    let start = joined(&here).await.end;
    hear(&there, alive).await;

    let position = Position { system: 7301, timeline: 2, lsn: 0x16_B374_D848 };
    let invalidations = [
        tag("user:7"),
        Invalidation {
            target: Target::Key(vec![0, 255, 10].into()),
            strength: Strength::Hard,
            positions: Positions::from(position),
        },
        soft(Target::Clear(Some("users".into()))),
        soft(Target::Clear(None)),
    ];
    let mut previous = start;
    for invalidation in invalidations {
        let issued = here.issue(&invalidation).await?;
        assert_eq!(issued.invalidation, invalidation);
        assert_eq!((issued.stamp.epoch, issued.stamp.number), (start.stamp.epoch, previous.stamp.number + 1));
        assert_eq!(issued.previous, previous.link);
        previous = mark_of(&issued);
        assert_eq!(hear(&there, event).await, issued);
        assert_eq!(hear(&here, event).await, issued, "a node hears its own as well");
    }
    assert_eq!(hear(&there, |heard| alive(heard).filter(|mark| *mark == previous)).await, previous);
    Ok(())
}

#[tokio::test]
async fn nodes_that_issue_at_once_share_one_chain() -> Result<()> {
    const EACH: usize = 50;
    let namespace = shared().await.key_prefix("at_once");
    let nodes = [Arc::new(node(&namespace).await?), Arc::new(node(&namespace).await?)];
    for node in &nodes {
        joined(&**node).await;
        hear(&**node, alive).await;
    }
    let issue = |n: usize| {
        let node = Arc::clone(&nodes[n % 2]);
        async move { node.issue(&tag(&format!("tag:{n}"))).await }
    };
    let mut issued = try_join_all((0..2 * EACH).map(issue)).await?;
    issued.sort_by_key(|event| event.stamp);
    for pair in issued.windows(2) {
        assert_eq!(pair[1].stamp.number, pair[0].stamp.number + 1);
        assert_eq!(pair[1].previous, pair[0].link);
    }
    for node in &nodes {
        for expected in &issued {
            assert_eq!(&hear(&**node, event).await, expected);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_node_that_joins_learns_the_newest_positions() -> Result<()> {
    let namespace = shared().await.key_prefix("positions");
    let here = node(&namespace).await?;
    joined(&here).await;
    let at = |system, timeline, lsn| Position { system, timeline, lsn };
    for position in [at(1, 1, 500), at(1, 2, 10), at(2, 1, 0xFF00), at(1, 1, 900), at(2, 1, 0xFF)] {
        here.issue(&Invalidation { positions: position.into(), ..tag("user:7") }).await?;
    }
    let positions = joined(&node(&namespace).await?).await.positions;
    assert_eq!(positions.of(1), Some(at(1, 2, 10)));
    assert_eq!(positions.of(2), Some(at(2, 1, 0xFF00)));
    Ok(())
}
