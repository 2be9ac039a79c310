use super::{hub::Hub, node::Node, shelf::Shelf};
use crate::{Namespace, NamespaceBuilder};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};

/// Several nodes of one service in this process: a [`Hub`] and a [`Shelf`] that they share, and a [`Namespace`] each.
#[derive(Debug)]
pub struct Cluster {
    name: String,
    hub: Arc<Hub>,
    shelf: Arc<Shelf>,
    nodes: Vec<(Namespace, Arc<Node>)>,
}

impl Cluster {
    /// `nodes` nodes of the namespace `name` that have joined their chain; messages between them are delivered at once.
    ///
    /// # Panics
    /// When `name` makes no namespace, or outside of a tokio runtime with time.
    pub async fn start(name: &str, nodes: usize) -> Self {
        Self::start_on(name, nodes, Hub::new(), Shelf::new()).await
    }

    /// [`Cluster::start`] with a hub and a shelf of the test's own, such as [`Hub::by_hand`].
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub async fn start_on(name: &str, nodes: usize, hub: Arc<Hub>, shelf: Arc<Shelf>) -> Self {
        let mut cluster = Self { name: name.to_owned(), hub, shelf, nodes: Vec::new() };
        for _ in 0..nodes {
            cluster.add(|builder| builder).await;
        }
        cluster
    }

    /// Adds a node with settings of its own, and returns its index.
    ///
    /// # Panics
    /// When the settings make no sense.
    pub async fn add(&mut self, settings: impl FnOnce(NamespaceBuilder) -> NamespaceBuilder) -> usize {
        let link = self.hub.node();
        let builder = Namespace::builder(&*self.name)
            .sequencer(link.clone())
            .tier(self.shelf.guarded())
            .meter(&Meter::disabled());
        let space = settings(builder).build().expect("the settings of a test make sense");
        space.ready().await;
        self.nodes.push((space, link));
        self.nodes.len() - 1
    }

    /// The chain of invalidations they share.
    #[must_use]
    pub const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The remote tier they share.
    #[must_use]
    pub const fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// One node's namespace.
    ///
    /// # Panics
    /// When there is no such node.
    #[must_use]
    pub fn space(&self, node: usize) -> &Namespace {
        &self.nodes[node].0
    }

    /// One node's connection to the chain, where its faults are.
    ///
    /// # Panics
    /// When there is no such node.
    #[must_use]
    pub fn link(&self, node: usize) -> &Arc<Node> {
        &self.nodes[node].1
    }

    /// What `make` makes of each node, such as a cache.
    pub fn each<T>(&self, make: impl FnMut(&Namespace) -> T) -> Vec<T> {
        self.nodes.iter().map(|(space, _)| space).map(make).collect()
    }

    /// Waits until every node that is not cut off has applied all that was issued, whether its messages were delivered or not.
    ///
    /// # Panics
    /// When that does not come to be, because of a fault that still stands.
    pub async fn settled(&self) {
        for _ in 0..5_000 {
            let end = self.hub.end();
            let mut behind = false;
            for (space, link) in &self.nodes {
                if !link.is_cut() && space.applied() != Some(end) {
                    behind = true;
                    link.heartbeat();
                }
            }
            if !behind {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("a node does not follow: {self:?}");
    }

    /// Shuts every node down.
    pub async fn shutdown(&self) {
        for (space, _) in &self.nodes {
            space.shutdown().await;
        }
    }
}
