use super::{
    SequencerConfig,
    bus::{Bus, Subscription},
    chain::{Chain, Followed, Issue, Wanted},
    inbox::Inbox,
    replay::{Verdict, judge},
};
use crate::{
    Event, Heard, Invalidation, Mark, Missed, Newest, Question, Sequencer, SequencerError,
    fred10::{
        config::RedisConfig,
        link::{AbortOnDrop, Link},
    },
    gather::Gather,
};
use async_trait::async_trait;
use forebay_scope::Tag;
use fred::{
    clients::{Client, SubscriberClient},
    error::{Error, ErrorKind},
    interfaces::ClientLike,
    types::{RespVersion, config::Config},
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Invalidations in one script, so that the server is not kept from others for long.
const ISSUED_AT_ONCE: usize = 128;
/// Invalidations of several callers in one script: few, so that the answers to one are dealt with while the server is busy with
/// the next.
const GATHERED_MAX: usize = 16;
/// How often a node tries to agree with the others on a new epoch before it reports that it could not.
const RENEWALS_MAX: usize = 4;

/// Numbers a namespace's invalidations in Redis and carries them between nodes.
///
/// One connection takes commands, a second one listens; both are made in the background. While Redis is away every
/// call fails at once and [`heard`](Sequencer::heard) is silent.
///
/// # Cancellation safety
/// Dropping [`issue`](Sequencer::issue) may leave the invalidation issued or not; the other calls change nothing.
pub struct RedisSequencer {
    chain: Arc<Chain>,
    commands: Link<Client>,
    listener: Arc<Link<SubscriberClient>>,
    inbox: Arc<Inbox>,
    bus: Mutex<Option<AbortOnDrop<()>>>,
    /// Invalidations of one moment take their numbers in one call.
    issues: Gather<Issue, Event, Error>,
}

impl RedisSequencer {
    /// Starts connecting to a server. Must be called within a tokio runtime; a server that is away is not an error.
    ///
    /// # Errors
    /// When one of the configurations cannot be meant.
    pub fn connect(redis: &RedisConfig, config: SequencerConfig) -> Result<Self, SequencerError> {
        check(&config)?;
        let commands = redis.client().map_err(failed("connect"))?;
        let listener = redis.subscriber(config.heard_max).map_err(failed("connect"))?;
        Ok(Self::start(Link::open(commands, redis), Link::open(listener, redis), config))
    }

    /// Uses a fred client that the caller has connected, configured and will close (see
    /// [`RedisTier::from_client`](super::super::RedisTier::from_client)); the connection that listens is made, with the
    /// same settings, and owned here. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the configuration cannot be meant.
    pub fn from_client(client: Client, config: SequencerConfig) -> Result<Self, SequencerError> {
        check(&config)?;
        let server = Config { version: RespVersion::RESP3, fail_fast: true, ..client.client_config() };
        let mut performance = client.perf_config();
        performance.broadcast_channel_capacity = config.heard_max;
        let connection = client.connection_config().clone();
        let listener = SubscriberClient::new(server, Some(performance), Some(connection), None);
        Ok(Self::start(Link::borrowed(client), Link::open(listener, &RedisConfig::default()), config))
    }

    fn start(commands: Link<Client>, listener: Link<SubscriberClient>, config: SequencerConfig) -> Self {
        let inbox = Arc::new(Inbox::new(config.heard_max));
        let chain = Arc::new(Chain::new(config));
        let listener = Arc::new(listener);
        let bus = Bus {
            link: Arc::clone(&listener),
            chain: Arc::clone(&chain),
            inbox: Arc::clone(&inbox),
            subscription: Subscription::Missing,
        };
        let bus = Mutex::new(Some(AbortOnDrop(tokio::spawn(bus.run()))));
        Self { chain, commands, listener, inbox, bus, issues: Gather::new() }
    }

    /// Whether both connections are up at the moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.commands.is_up() && self.listener.is_up()
    }

    /// Ends the listener and closes what is not the caller's. Calls fail from then on, and nothing more is heard.
    pub async fn shutdown(&self) {
        let bus = self.bus.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(bus);
        self.listener.shutdown().await;
        self.commands.shutdown().await;
    }

    async fn number(&self, invalidations: &[Issue]) -> Result<Vec<Event>, Error> {
        self.commands.note(self.chain.issue(self.commands.ready()?, invalidations).await)
    }

    async fn follow(&self, wanted: Wanted) -> Result<Followed, Error> {
        self.commands.note(self.chain.follow(self.commands.ready()?, wanted).await)
    }

    async fn replay(&self, mark: Option<Mark>) -> Result<Missed, Error> {
        let missed = |followed: Followed, complete| Missed {
            events: if complete { followed.events } else { Vec::new() },
            end: followed.end,
            earlier: followed.lineage.live().to_vec(),
            complete,
            positions: followed.positions,
            patterns: followed.patterns,
        };
        let Some(mark) = mark else {
            return Ok(missed(self.follow(Wanted::Patterns).await?, true));
        };
        self.chain.remember(mark.stamp.epoch);
        // The epoch that must not count any more, once it was found to have lost what this node knows.
        let mut forked = None;
        for _ in 0..RENEWALS_MAX {
            let mut followed = self.follow(Wanted::Events(mark)).await?;
            let verdict = match forked {
                Some(epoch) if !followed.counts(epoch) => Verdict::Trimmed,
                _ => judge(mark, followed.end, &followed.lineage, &followed.events),
            };
            match verdict {
                Verdict::Complete => {
                    followed.events.retain(|event| event.stamp.number > mark.stamp.number);
                    return Ok(missed(followed, true));
                }
                Verdict::Trimmed => return Ok(missed(self.follow(Wanted::Patterns).await?, false)),
                // Whoever sees it first starts a new epoch; all others then find that theirs is over.
                Verdict::Forked => {
                    forked = Some(followed.end.stamp.epoch);
                    let client = self.commands.ready()?;
                    self.commands.note(self.chain.renew(client, followed.end, mark.stamp).await)?;
                }
            }
        }
        Err(Error::new(ErrorKind::Unknown, "the chain keeps changing its past"))
    }
}

#[async_trait]
impl Sequencer for RedisSequencer {
    async fn issue(&self, invalidation: &Invalidation) -> Result<Event, SequencerError> {
        let one = Issue::of(invalidation).map_err(failed("issue"))?;
        let call = async |all: Vec<Issue>| self.number(&all).await;
        let event = self.issues.ask(&one, || GATHERED_MAX, call).await.map_err(failed("issue"))?;
        event.ok_or_else(|| failed("issue")(Error::new(ErrorKind::Protocol, "it was not answered")))
    }

    async fn issue_all(&self, invalidations: &[Invalidation]) -> Result<Vec<Event>, SequencerError> {
        let mut events = Vec::with_capacity(invalidations.len());
        for some in invalidations.chunks(ISSUED_AT_ONCE) {
            let some: Result<Vec<_>, _> = some.iter().map(Issue::of).collect();
            let some = some.map_err(failed("issue"))?;
            events.append(&mut self.number(&some).await.map_err(failed("issue"))?);
        }
        Ok(events)
    }

    async fn missed(&self, mark: Option<Mark>) -> Result<Missed, SequencerError> {
        self.replay(mark).await.map_err(failed("replay"))
    }

    async fn newest(&self, cache: &str, key: &[u8], tags: &[Tag]) -> Result<Newest, SequencerError> {
        let client = self.commands.ready().map_err(failed("newest"))?;
        self.commands.note(self.chain.newest(client, cache, key, tags).await).map_err(failed("newest"))
    }

    async fn newest_all(
        &self,
        cache: &str,
        questions: &[Question<'_>],
    ) -> Result<Vec<Newest>, SequencerError> {
        let client = self.commands.ready().map_err(failed("newest"))?;
        self.commands.note(self.chain.newest_all(client, cache, questions).await).map_err(failed("newest"))
    }

    async fn heard(&self) -> Heard {
        self.inbox.take().await
    }
}

impl fmt::Debug for RedisSequencer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSequencer")
            .field("config", &self.chain.config)
            .field("commands", &self.commands)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

fn check(config: &SequencerConfig) -> Result<(), SequencerError> {
    config.check().map_err(|why| failed("connect")(Error::new(ErrorKind::Config, why)))
}

fn failed(step: &'static str) -> impl Fn(Error) -> SequencerError {
    move |source| SequencerError { step, source: source.into() }
}
