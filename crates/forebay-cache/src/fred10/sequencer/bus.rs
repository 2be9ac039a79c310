use super::{
    chain::{Chain, Wanted},
    inbox::Inbox,
    wire,
};
use crate::{Heard, Mark, fred10::link::Link};
use fred::{
    clients::SubscriberClient,
    interfaces::{ClientLike, EventInterface, PubsubInterface},
    types::Message,
};
use std::sync::Arc;
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::{MissedTickBehavior, interval, sleep},
};

/// Listens to the namespace's channel, and proves with every heartbeat that it would have heard.
///
/// The heartbeat asks for the end of the chain *on the connection that carries the messages*. Redis answers a
/// connection in order, so everything published before that end was sent ahead of the answer: an end that was not
/// heard of means that messages were lost. A message is therefore missed for one heartbeat at most, whether the
/// connection is cut, silent, or was subscribed by a server that has forgotten about it.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) link: Arc<Link<SubscriberClient>>,
    pub(super) chain: Arc<Chain>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) subscription: Subscription,
}

/// What is known of the present connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscription {
    /// Nothing is heard on it.
    Missing,
    /// It was told to subscribe, and nothing that came after has been answered yet.
    Asked,
    /// It carries messages; the mark is the newest event heard, or the end of the chain when it was proven.
    Proven(Mark),
}

impl Bus {
    /// Runs until it is aborted.
    pub(super) async fn run(mut self) {
        let client = self.link.client().clone();
        let mut messages = client.message_rx();
        let mut connections = client.reconnect_rx();
        let mut beats = interval(self.chain.config.heartbeat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Ok(message) => self.hear(&message),
                    Err(RecvError::Lagged(_)) => self.lose(),
                    Err(RecvError::Closed) => {
                        // The client's owner closed it; it may be opened again.
                        sleep(self.chain.config.heartbeat).await;
                        (messages, connections) = (client.message_rx(), client.reconnect_rx());
                        self.lose();
                    }
                },
                // Any answer, a lag included, means that there was a new connection, which is not subscribed yet.
                _ = connections.recv() => {
                    self.lose();
                    self.beat(&client, &mut messages).await;
                }
                _ = beats.tick() => self.beat(&client, &mut messages).await,
            }
        }
    }

    /// Subscribes if necessary, then compares what was heard with the end of the chain.
    async fn beat(&mut self, client: &SubscriberClient, messages: &mut Receiver<Message>) {
        if self.subscription == Subscription::Missing {
            // fred may return when this is written; that it was carried out shows in the answer to what follows.
            let channel = self.chain.channel.as_str();
            let subscribed = match is_sharded(client) {
                true => client.ssubscribe(channel).await,
                false => client.subscribe(channel).await,
            };
            if self.link.note(subscribed).is_err() {
                return;
            }
            self.subscription = Subscription::Asked;
        }
        let asked_at = self.subscription;
        let Ok(followed) = self.link.note(self.chain.follow(client, Wanted::End).await) else {
            return;
        };
        loop {
            match messages.try_recv() {
                Ok(message) => self.hear(&message),
                Err(TryRecvError::Lagged(_)) => self.lose(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.compare(asked_at, followed.end);
    }

    /// Draws the conclusion from the end of the chain, after everything published before it was heard; `asked_at` is
    /// what was known when it was asked for.
    fn compare(&mut self, asked_at: Subscription, end: Mark) {
        let forked = |known: Mark| known.stamp == end.stamp && known.link != end.link;
        let went_back = |known: Mark| known.stamp.epoch == end.stamp.epoch && known.stamp > end.stamp;
        match self.subscription {
            Subscription::Missing => return,
            Subscription::Asked => {
                self.inbox.put(Heard::Interrupted);
                self.subscription = Subscription::Proven(end);
            }
            Subscription::Proven(heard) if heard.stamp.epoch != end.stamp.epoch => {
                // A new epoch begins without a message: the listener sees it from the mark.
                self.subscription = Subscription::Proven(end);
            }
            Subscription::Proven(heard) if heard.stamp < end.stamp || forked(heard) => return self.lose(),
            Subscription::Proven(heard) => {
                if matches!(asked_at, Subscription::Proven(known) if went_back(known) || forked(known)) {
                    return self.lose();
                }
                // What was heard since the question is newer than its answer.
                return self.inbox.put(Heard::Alive(heard));
            }
        }
        self.inbox.put(Heard::Alive(end));
    }

    fn hear(&mut self, message: &Message) {
        if *message.channel != *self.chain.channel {
            return;
        }
        match message.value.clone().into_bytes().and_then(wire::read) {
            Some(event) => {
                self.chain.remember(event.stamp.epoch);
                if let Subscription::Proven(heard) = &mut self.subscription {
                    *heard = Mark { stamp: event.stamp, link: event.link };
                }
                self.inbox.put(Heard::Event(event));
            }
            None => self.inbox.put(Heard::Interrupted),
        }
    }

    /// Something was not heard: subscribe again before the next sign of life.
    fn lose(&mut self) {
        self.subscription = Subscription::Missing;
        self.inbox.put(Heard::Interrupted);
    }
}

/// Whether the channel belongs to the slot of the keys: then the server that has them carries the messages as well.
pub(super) fn is_sharded<C: ClientLike>(client: &C) -> bool {
    client.is_clustered() && client.server_version().is_some_and(|version| version.major >= 7)
}

#[cfg(test)]
mod tests {
    use super::{super::SequencerConfig, *};
    use crate::{Stamp, fred10::RedisConfig};
    use std::time::Duration;
    use tokio::time::timeout;

    fn mark(epoch: u64, number: u64) -> Mark {
        Mark { stamp: Stamp { epoch, number }, link: number }
    }

    /// What the listener is told, and what becomes of the subscription, when the chain ends at `end`.
    async fn compared(subscription: Subscription, end: Mark) -> (Vec<Heard>, Subscription) {
        compared_since(subscription, subscription, end).await
    }

    async fn compared_since(
        asked_at: Subscription,
        subscription: Subscription,
        end: Mark,
    ) -> (Vec<Heard>, Subscription) {
        let client = RedisConfig::default().subscriber(8).expect("the default URL is one");
        let mut bus = Bus {
            link: Arc::new(Link::borrowed(client)),
            chain: Arc::new(Chain::new(SequencerConfig::default())),
            inbox: Arc::new(Inbox::new(8)),
            subscription,
        };
        bus.compare(asked_at, end);
        let mut told = Vec::new();
        while let Ok(heard) = timeout(Duration::ZERO, bus.inbox.take()).await {
            told.push(heard);
        }
        (told, bus.subscription)
    }

    #[tokio::test]
    async fn what_was_heard_is_alive() {
        let known = Subscription::Proven(mark(1, 5));
        let (told, after) = compared(known, mark(1, 5)).await;
        assert!(matches!(told[..], [Heard::Alive(end)] if end == mark(1, 5)));
        assert_eq!(after, known);
        let (told, after) = compared_since(Subscription::Proven(mark(1, 4)), known, mark(1, 4)).await;
        assert!(matches!(told[..], [Heard::Alive(end)] if end == mark(1, 5)), "one more came in meanwhile");
        assert_eq!(after, known);
    }

    #[tokio::test]
    async fn a_chain_that_went_back_is_an_interruption() {
        let (told, after) = compared(Subscription::Proven(mark(1, 5)), mark(1, 4)).await;
        assert!(matches!(told[..], [Heard::Interrupted]), "{told:?}");
        assert_eq!(after, Subscription::Missing);
    }

    #[tokio::test]
    async fn a_chain_that_gave_the_same_number_to_another_is_an_interruption() {
        let other = Mark { link: 77, ..mark(1, 5) };
        let (told, after) = compared(Subscription::Proven(mark(1, 5)), other).await;
        assert!(matches!(told[..], [Heard::Interrupted]), "{told:?}");
        assert_eq!(after, Subscription::Missing);
        let since = Subscription::Proven(mark(1, 6));
        let (told, _) = compared_since(Subscription::Proven(mark(1, 5)), since, other).await;
        assert!(matches!(told[..], [Heard::Interrupted]), "one more came in meanwhile: {told:?}");
    }

    #[tokio::test]
    async fn a_silent_subscription_is_made_again() {
        let (told, after) = compared(Subscription::Proven(mark(1, 5)), mark(1, 6)).await;
        assert!(matches!(told[..], [Heard::Interrupted]), "no sign of life: {told:?}");
        assert_eq!(after, Subscription::Missing);
    }

    #[tokio::test]
    async fn a_new_subscription_asks_for_what_was_missed() {
        let (told, after) = compared(Subscription::Asked, mark(1, 6)).await;
        assert!(matches!(told[..], [Heard::Interrupted, Heard::Alive(_)]), "{told:?}");
        assert_eq!(after, Subscription::Proven(mark(1, 6)));
        assert!(compared(Subscription::Missing, mark(1, 6)).await.0.is_empty());
    }

    #[tokio::test]
    async fn a_new_epoch_is_seen_from_the_mark() {
        let (told, after) = compared(Subscription::Proven(mark(1, 5)), mark(2, 0)).await;
        assert!(matches!(told[..], [Heard::Alive(end)] if end == mark(2, 0)));
        assert_eq!(after, Subscription::Proven(mark(2, 0)));
    }
}
