//! Nodes that share a chain of invalidations hear of each other's, or notice that they did not.

use crate::support::{eventually, soon, warnings::Warnings};
use forebay_cache::{
    Cache, Heard, Namespace, Reached, Tag,
    testing::{Hub, Node, Step},
};
use forebay_metrics::Meter;
use futures_util::FutureExt as _;
use std::{sync::Arc, time::Duration};

struct Member {
    link: Arc<Node>,
    space: Namespace,
    words: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>) -> Member {
    let link = hub.node();
    let space = Namespace::builder("shop")
        .sequencer(link.clone())
        .silence_max(Duration::from_secs(60))
        .meter(&Meter::disabled())
        .build()
        .expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words").namespace(&space).build().expect("valid settings");
    Member { link, space, words }
}

fn tag() -> Tag {
    Tag::named("greetings")
}

impl Member {
    async fn fill(&self) {
        for key in [1, 2] {
            self.words.entry(&key).tags(|| [tag()]).insert("old".to_owned()).await;
        }
    }

    fn holds(&self, key: u32) -> bool {
        self.words.peek(&key).is_some()
    }
}

#[tokio::test]
async fn keys_tags_and_clears_reach_every_node() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    assert_eq!(a.words.invalidate(&1).await, Reached::Everywhere);
    b.link.deliver_all();
    eventually("the key is forgotten", async || !b.holds(1)).await;
    assert!(b.holds(2));
    a.words.invalidate_tag(&tag()).await;
    b.link.deliver_all();
    eventually("the tag is forgotten", async || !b.holds(2)).await;
    b.fill().await;
    a.words.clear().await;
    b.link.deliver_all();
    eventually("everything is forgotten", async || !b.holds(1) && !b.holds(2)).await;
}

#[tokio::test]
async fn its_own_message_coming_back_forgets_nothing_again() {
    let hub = Hub::by_hand();
    let a = member(&hub).await;
    a.words.invalidate_tag(&tag()).await;
    a.fill().await;
    a.link.deliver_all();
    a.link.heartbeat();
    crate::support::settle().await;
    assert!(a.holds(1) && a.holds(2));
}

#[tokio::test]
async fn a_lost_message_shows_as_a_gap_and_is_replayed() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    a.words.invalidate(&1).await;
    a.words.invalidate_tag(&Tag::named("unrelated")).await;
    assert!(b.link.lose(0));
    b.link.deliver_all();
    eventually("the lost invalidation was replayed", async || !b.holds(1)).await;
    assert!(b.holds(2), "nothing else was touched");
}

#[tokio::test]
async fn a_lost_last_message_is_found_by_the_heartbeat() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    a.words.invalidate(&1).await;
    assert!(b.link.lose(0));
    b.link.heartbeat();
    eventually("the lost invalidation was replayed", async || !b.holds(1)).await;
    assert!(b.holds(2));
}

#[tokio::test]
async fn messages_out_of_order_and_twice_do_no_harm() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    for key in [1, 9, 10] {
        a.words.invalidate(&key).await;
    }
    b.link.repeat(1);
    b.link.deliver(2);
    b.link.deliver(1);
    b.link.deliver(0);
    eventually("the invalidation is applied", async || !b.holds(1)).await;
    b.link.heartbeat();
    crate::support::settle().await;
    assert!(b.holds(2));
}

#[tokio::test]
async fn a_chain_that_was_trimmed_past_a_node_makes_all_it_holds_suspect() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    a.words.invalidate(&1).await;
    assert!(b.link.lose(0));
    hub.trim();
    b.link.hear(Heard::Interrupted);
    eventually("everything is suspect", async || !b.holds(1) && !b.holds(2)).await;
    assert_eq!(b.words.get_or_load(&2, async || "new".to_owned()).await, "new");
    assert!(b.holds(2));
}

#[tokio::test]
async fn a_chain_that_was_rewound_and_hands_out_numbers_again_makes_all_suspect() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    a.words.invalidate(&9).await;
    b.link.deliver_all();
    crate::support::settle().await;
    b.fill().await;
    // The server loses the newest number; another node takes it for something else, and that message is lost.
    hub.rewind(1);
    let c = member(&hub).await;
    c.words.invalidate(&1).await;
    assert!(b.link.lose(0));
    c.words.invalidate(&10).await;
    b.link.deliver_all();
    eventually("everything is suspect", async || !b.holds(1) && !b.holds(2)).await;
    drop(a);
}

#[tokio::test(start_paused = true)]
async fn a_silence_without_bound_is_one() {
    let hub = Hub::by_hand();
    let builder = Namespace::builder("shop").sequencer(hub.node()).silence_max(Duration::MAX);
    let space = builder.meter(&Meter::disabled()).build().expect("valid settings");
    space.ready().await;
    let words: Cache<u32, String> =
        Cache::builder("words").namespace(&space).build().expect("valid settings");
    words.insert(&1, "old".to_owned()).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(words.peek(&1).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_silent_backplane_bounds_how_long_memory_is_trusted() {
    let hub = Hub::by_hand();
    let a = member(&hub).await;
    a.fill().await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        a.link.heartbeat();
        crate::support::settle().await;
    }
    assert!(a.holds(1), "a heartbeat each half minute is enough");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(!a.holds(1));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_shows_a_loss_is_no_reason_to_trust_memory_until_it_is_made_good() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    a.words.invalidate(&1).await;
    assert!(b.link.lose(0));
    hub.offline(true);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        b.link.heartbeat();
        crate::support::settle().await;
    }
    assert!(!b.holds(1) && !b.holds(2));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_equal_to_one_on_its_way_is_sent_as_well() {
    let hub = Hub::by_hand();
    let a = member(&hub).await;
    hub.offline(true);
    a.words.invalidate(&1).await;
    hub.offline(false);
    // The pause after the failure is over: the queue is sent.
    tokio::time::advance(Duration::from_secs(1)).await;
    soon("one has a number", || hub.end().stamp.number > 0).await;
    assert!(a.words.invalidate(&1).now_or_never().is_none(), "it is under way");
    eventually("both have a number", async || hub.end().stamp.number == 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_sequencer_queues_what_holds_here_at_once() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    a.fill().await;
    b.fill().await;
    hub.offline(true);
    assert_eq!(a.words.invalidate_tag(&tag()).await, Reached::Here);
    assert!(!a.holds(1) && b.holds(1));
    hub.offline(false);
    eventually("it was sent", async || b.link.in_flight() > 0).await;
    b.link.deliver_all();
    eventually("the other node heard", async || !b.holds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_is_dropped_half_way_still_happens() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    a.fill().await;
    b.fill().await;
    assert!(a.words.invalidate(&1).now_or_never().is_none(), "it is under way");
    assert!(!a.holds(1));
    eventually("it was sent", async || b.link.in_flight() > 0).await;
    b.link.deliver_all();
    eventually("the other node heard", async || !b.holds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn several_tags_that_are_dropped_half_way_all_happen() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    a.fill().await;
    b.fill().await;
    assert!(
        a.words.invalidate_tags(&[Tag::named("other"), tag()]).now_or_never().is_none(),
        "it is under way"
    );
    assert!(!a.holds(1), "at once");
    eventually("both were sent", async || b.link.in_flight() == 2).await;
    b.link.deliver_all();
    eventually("the other node heard", async || !b.holds(1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_number_does_not_keep_the_node_from_listening() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    a.fill().await;
    hub.offline(true);
    for key in 100..400 {
        a.words.invalidate(&key).await;
    }
    hub.offline(false);
    b.words.invalidate(&1).await;
    // The pause after the failure is over: the queue is sent.
    tokio::time::advance(Duration::from_secs(1)).await;
    a.link.deliver(0);
    soon("it is forgotten", || !a.holds(1)).await;
    assert!(hub.end().stamp.number < 300, "before all of the queue was sent");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_no_longer_follows_because_of_a_panic_trusts_nothing_and_follows_again() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    b.fill().await;
    b.link.panics();
    eventually("everything is suspect", async || !b.holds(1) && !b.holds(2)).await;
    b.fill().await;
    a.words.invalidate(&1).await;
    b.link.deliver_all();
    eventually("it follows", async || !b.holds(1)).await;
    assert!(b.holds(2));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_overflows_becomes_an_invalidation_of_everything() {
    let hub = Hub::by_hand();
    let link = hub.node();
    let space = Namespace::builder("shop").sequencer(link).queue_max(2).build().expect("valid settings");
    space.ready().await;
    let a: Cache<u32, String> = Cache::builder("words").namespace(&space).build().expect("valid settings");
    let b = member(&hub).await;
    b.fill().await;
    hub.offline(true);
    for key in 10..13 {
        a.invalidate(&key).await;
    }
    hub.offline(false);
    eventually("it was sent", async || b.link.in_flight() > 0).await;
    b.link.deliver_all();
    eventually("everything is forgotten", async || !b.holds(1) && !b.holds(2)).await;
}

#[tokio::test]
async fn shutdown_sends_what_is_queued() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    hub.offline(true);
    a.words.invalidate(&1).await;
    hub.offline(false);
    a.space.shutdown().await;
    assert_eq!(b.link.in_flight(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_in_few_calls() {
    let hub = Hub::by_hand();
    let a = member(&hub).await;
    hub.offline(true);
    for key in 0..100 {
        a.words.invalidate(&key).await;
    }
    hub.offline(false);
    let before = a.link.faults().calls(Step::Issue);
    eventually("all were sent", async || hub.end().stamp.number == 100).await;
    assert!(a.link.faults().calls(Step::Issue) - before <= 3);
}

#[tokio::test]
async fn a_shutdown_that_cannot_send_what_is_queued_says_so() {
    let hub = Hub::by_hand();
    let (a, b) = (member(&hub).await, member(&hub).await);
    let warnings = Warnings::default();
    let _listening = tracing::subscriber::set_default(warnings.clone());
    b.space.shutdown().await;
    assert_eq!(warnings.seen(), 0);
    hub.offline(true);
    a.words.invalidate(&1).await;
    a.space.shutdown().await;
    assert_eq!(warnings.seen(), 1);
}
