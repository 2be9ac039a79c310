//! `explain` names what each tier holds, what it is good for and which number decides, and leaves no trace.

use crate::support::eventually;
use forebay_cache::{
    Against, Answer, Cache, Clock, EntryFound, Explanation, Held, MessagePack, Namespace, Standing, Tag,
    testing::{Hub, Node, Shelf, Step},
};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};
use tokio::time::advance;

type Words = Cache<u32, String>;

async fn words(hub: &Arc<Hub>, shelf: &Arc<Shelf>) -> (Words, Arc<Node>) {
    let link = hub.node();
    let builder = Namespace::builder("shop").sequencer(link.clone()).meter(&Meter::disabled());
    let space = builder.tier(shelf.guarded()).build().expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words")
        .namespace(&space)
        .ttl(Duration::from_secs(100))
        .stale_if_error(Duration::from_secs(1000))
        .clock(Clock::tokio())
        .shared()
        .build()
        .expect("valid settings");
    (words, link)
}

async fn loaded(words: &Words, shelf: &Shelf) {
    words.entry(&1).tags(|| [Tag::named("greetings")]).get_or_load(async || "hello".to_owned()).await;
    eventually("the tier is filled", async || shelf.has_entry(&[0, 0, 0, 1])).await;
}

fn remote(why: &Explanation) -> &EntryFound {
    why.tiers[0].held.entry().expect("the tier holds an entry")
}

fn verdict_on(entry: &EntryFound, against: &Against) -> (Option<u64>, bool) {
    let check = entry.checks.iter().find(|check| check.against == *against).expect("it was looked at");
    (check.newest, check.passed)
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_found_fresh_in_each_tier_until_its_tag_is_invalidated() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (words, _) = words(&hub, &shelf).await;
    let why = words.explain(&1).await;
    assert_eq!((why.answer.clone(), &why.memory), (Answer::Loader, &Held::Nothing));

    loaded(&words, &shelf).await;
    advance(Duration::from_secs(40)).await;
    let why = words.explain(&1).await;
    assert_eq!((why.answer.clone(), why.key.as_str()), (Answer::Memory, "1"));
    let memory = why.memory.entry().expect("memory holds it");
    let (age, left) = (memory.age.expect("known"), memory.ttl_left.expect("there is a ttl"));
    assert!(age >= Duration::from_secs(40), "{age:?}");
    assert_eq!(age + left, Duration::from_secs(100));
    assert_eq!(remote(&why).standing, Standing::Fresh);
    let form = remote(&why).form.as_ref().expect("it is written in bytes");
    assert_eq!(form.codec.as_deref(), Some("messagepack, schema 0"));
    assert_eq!((form.value_bytes, form.compression), (6, "none"));

    words.invalidator().soft().tag(&Tag::named("greetings")).await;
    let why = words.explain(&1).await;
    assert_eq!(why.answer, Answer::Loader);
    let tag = Against::Tag("greetings".to_owned());
    let memory = why.memory.entry().expect("it stays as a fallback");
    assert_eq!((memory.standing, verdict_on(memory, &tag).1), (Standing::Fallback, false));
    assert_eq!(remote(&why).standing, Standing::Invalid);
    let number = why.chain.expect("the node has joined").number;
    assert_eq!(verdict_on(remote(&why), &tag), (Some(number), false));
    assert!(verdict_on(remote(&why), &Against::Key).1, "the key itself was not invalidated");
    let text = why.to_string();
    assert!(text.contains(&format!("✗ tag greetings: newest {number}")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_key_leaves_a_tombstone_and_time_expires_an_entry() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (words, _) = words(&hub, &shelf).await;
    loaded(&words, &shelf).await;
    advance(Duration::from_secs(101)).await;
    let why = words.explain(&1).await;
    let memory = why.memory.entry().expect("memory holds it");
    assert_eq!((memory.standing, memory.ttl_left), (Standing::Fallback, Some(Duration::ZERO)));
    assert!(memory.checks.iter().all(|check| check.passed), "nothing was invalidated");
    assert_eq!(remote(&why).standing, Standing::Fallback);

    words.invalidate(&1).await;
    eventually("the tier has the tombstone", async || !shelf.has_entry(&[0, 0, 0, 1])).await;
    let why = words.explain(&1).await;
    assert_eq!(why.memory, Held::Nothing);
    assert!(matches!(why.tiers[0].held, Held::Tombstone { number: 1, .. }), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_another_node_left_is_held_against_what_the_sequencer_knows() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, _) = words(&hub, &shelf).await;
    loaded(&a, &shelf).await;
    // A node that joins later has not heard of it.
    a.invalidate_tag(&Tag::named("greetings")).await;
    let (b, link) = words(&hub, &shelf).await;
    let why = b.explain(&1).await;
    assert_eq!((why.answer.clone(), remote(&why).standing), (Answer::Loader, Standing::Invalid));
    assert_eq!(verdict_on(remote(&why), &Against::Tag("greetings".to_owned())), (Some(1), false));
    assert_eq!(b.get(&1).await, None, "a read comes to the same end");
    drop(link);
}

#[tokio::test(start_paused = true)]
async fn looking_leaves_no_trace() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, _) = words(&hub, &shelf).await;
    loaded(&a, &shelf).await;
    let (b, _) = words(&hub, &shelf).await;
    let why = b.explain(&1).await;
    assert_eq!(why.answer, Answer::Tier("shelf".to_owned()));
    assert!(b.is_empty(), "nothing was promoted");
    shelf.faults().fail(Step::ALL);
    for _ in 0..100 {
        let why = b.explain(&1).await;
        assert!(matches!(why.tiers[0].held, Held::NoAnswer { .. }), "{why}");
        assert_eq!(why.tiers[0].breaker, "closed", "the breaker did not notice");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_of_another_schema_are_told_apart_and_the_whole_is_data() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (old, _) = words(&hub, &shelf).await;
    loaded(&old, &shelf).await;
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.tier(shelf.guarded()).build().expect("valid settings");
    space.ready().await;
    let new: Words = Cache::builder("words")
        .namespace(&space)
        .codec(MessagePack::new().schema(2))
        .build()
        .expect("valid settings");
    let why = space.explain("words", &1_u32).await.expect("there is such a cache");
    assert_eq!(remote(&why).standing, Standing::OtherForm);
    assert_eq!(why, new.explain(&1).await);
    assert!(space.explain("nothing", &1_u32).await.is_none());
    let data = serde_json::to_value(&why).expect("plain data");
    assert_eq!(data["tiers"][0]["held"], "entry");
    assert_eq!(data["tiers"][0]["standing"], "other_form");
    assert_eq!(data["tiers"][0]["tags"][0], "greetings");
    assert_eq!(data["memory"]["held"], "nothing");
}

#[tokio::test]
async fn line_ends_and_terminal_codes_of_keys_and_tags_are_spelled_out() {
    let pages: Cache<String, u32> = Cache::builder("pages").build().expect("valid settings");
    let key = "a\nb\u{1b}[2J".to_owned();
    pages.entry(&key).tags(|| [Tag::named("red\u{1b}[31m")]).get_or_load(async || 1).await;
    let why = pages.explain(&key).await;
    assert_eq!(why.key, key, "the data has it as it is");
    let text = why.to_string();
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.starts_with(r"pages:a\nb\u{1b}[2J in"), "{text:?}");
    assert!(text.contains(r"tag red\u{1b}[31m"), "{text:?}");
}
