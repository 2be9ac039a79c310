//! A cluster of three primaries, each with a replica if asked for.

use anyhow::{Context, Result};

use super::server::{Redis, RedisSpec};
use super::wire;
use crate::port;
use crate::wait::{Answer, until};

const PRIMARIES: usize = 3;
const SLOTS: usize = 16_384;

/// A Redis cluster of three primaries. Dropping it ends all its servers.
#[derive(Debug)]
pub struct RedisCluster {
    /// The primaries as started, then the replica of each in the same order.
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Three primaries that share the slots.
    ///
    /// # Errors
    /// A missing program, or a server's last words.
    pub async fn start() -> Result<Self> {
        Self::start_with(RedisSpec::default(), false).await
    }

    /// Three primaries with a replica each, which takes over when its primary is away for a second.
    ///
    /// # Errors
    /// A missing program, or a server's last words.
    pub async fn start_with_replicas() -> Result<Self> {
        Self::start_with(RedisSpec::default(), true).await
    }

    async fn start_with(spec: RedisSpec, replicas: bool) -> Result<Self> {
        let count = if replicas { 2 * PRIMARIES } else { PRIMARIES };
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for _ in 0..count {
            let bus = port::free()?;
            let bus_text = bus.to_string();
            let arguments = [
                ["--cluster-enabled", "yes"],
                ["--cluster-node-timeout", "1500"],
                ["--cluster-replica-validity-factor", "0"],
                ["--cluster-port", &bus_text],
            ];
            nodes.push(Redis::start_with(spec.clone().arguments(arguments.concat())).await?);
            buses.push(bus);
        }
        let cluster = Self { nodes };
        cluster.join(&buses).await?;
        Ok(cluster)
    }

    /// Makes one cluster of servers that do not know each other.
    async fn join(&self, buses: &[u16]) -> Result<()> {
        for (number, node) in self.nodes.iter().take(PRIMARIES).enumerate() {
            node.command(&format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1)).await?;
            let slots = SLOTS * number / PRIMARIES..SLOTS * (number + 1) / PRIMARIES;
            let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
            node.command(&format!("CLUSTER ADDSLOTS {}", slots.join(" "))).await?;
        }
        for (node, bus) in self.nodes.iter().zip(buses).skip(1) {
            self.nodes[0].command(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port())).await?;
        }
        until("the nodes to know each other", async || self.is_whole(0).await).await?;
        let replicas = self.nodes.len() - PRIMARIES;
        for number in 0..replicas {
            let primary = self.nodes[number].command("CLUSTER MYID").await?;
            self.nodes[PRIMARIES + number].command(&format!("CLUSTER REPLICATE {primary}")).await?;
            self.write_something(number).await?;
        }
        until("the cluster to be whole", async || self.is_whole(replicas).await).await
    }

    /// A replica that was sent nothing yet is not listed among the servers of its slots.
    async fn write_something(&self, number: usize) -> Result<()> {
        for attempt in 0..1000 {
            if self.nodes[number].command(&format!("SET lab:{attempt} 1 PX 1")).await.is_ok() {
                return Ok(());
            }
        }
        None.context("a primary serves none of a thousand keys")
    }

    /// Whether every node knows every other one, all slots are served and `replicas` nodes follow a primary.
    async fn is_whole(&self, replicas: usize) -> Result<Answer> {
        for node in &self.nodes {
            let info = node.command("CLUSTER INFO").await?;
            let known = wire::field(&info, "cluster_known_nodes") == Some(&*self.nodes.len().to_string());
            if wire::field(&info, "cluster_state") != Some("ok") || !known {
                return Ok(Answer::NotYet(info));
            }
            let slots = node.command("CLUSTER SLOTS").await?;
            let listed = |replica: &Redis| slots.lines().any(|line| line == replica.port().to_string());
            if !self.nodes.iter().skip(PRIMARIES).take(replicas).all(listed) {
                return Ok(Answer::NotYet(slots));
            }
            let nodes = node.command("CLUSTER NODES").await?;
            if nodes.lines().filter(|line| line.contains("slave")).count() != replicas {
                return Ok(Answer::NotYet(nodes));
            }
        }
        for replica in self.nodes.iter().skip(PRIMARIES).take(replicas) {
            let info = replica.command("INFO replication").await?;
            if wire::field(&info, "master_link_status") != Some("up") {
                return Ok(Answer::NotYet(info));
            }
        }
        Ok(Answer::Ready)
    }

    /// `redis-cluster://…`, with every node.
    #[must_use]
    pub fn url(&self) -> String {
        let [first, others @ ..] = &self.nodes[..] else { unreachable!("there are three at least") };
        let others: Vec<String> = others.iter().map(|node| format!("node={}", node.addr())).collect();
        format!("redis-cluster://{}?{}", first.addr(), others.join("&"))
    }

    /// The three that were primaries at the start, then their replicas in the same order, if there are any.
    #[must_use]
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// Which of [`nodes`](Self::nodes) serves `key` at present.
    ///
    /// # Errors
    /// No node answers, or none of ours serves it.
    pub async fn owner(&self, key: &str) -> Result<usize> {
        for (number, node) in self.nodes.iter().enumerate() {
            // A node that does not serve a key names the one that does in place of an answer.
            if let Ok(role) = node.command("ROLE").await
                && role.starts_with("master")
                && node.command(&format!("EXISTS {key}")).await.is_ok()
            {
                return Ok(number);
            }
        }
        None.context("no node serves the key")
    }

    /// Hands the role of primary number `number` to its replica in an orderly way; returns when it has it.
    ///
    /// # Errors
    /// There are no replicas, or the cluster refuses.
    pub async fn promote(&self, number: usize) -> Result<()> {
        self.replica(number)?.command("CLUSTER FAILOVER").await?;
        self.promoted(number).await
    }

    /// Kills primary number `number`; returns when its replica has taken over and every slot is served.
    ///
    /// # Errors
    /// There are no replicas, or none took over.
    pub async fn fail_over(&self, number: usize) -> Result<()> {
        self.replica(number)?;
        self.nodes[number].kill();
        self.promoted(number).await
    }

    async fn promoted(&self, number: usize) -> Result<()> {
        let replica = self.replica(number)?;
        until("the replica to take over", async || {
            let role = replica.command("ROLE").await?;
            if !role.starts_with("master") {
                return Ok(Answer::NotYet(role));
            }
            if let Ok(role) = self.nodes[number].command("ROLE").await
                && role.starts_with("master")
            {
                return Ok(Answer::NotYet("the old primary does not know yet".to_owned()));
            }
            for node in &self.nodes {
                if let Ok(info) = node.command("CLUSTER INFO").await
                    && wire::field(&info, "cluster_state") != Some("ok")
                {
                    return Ok(Answer::NotYet(info));
                }
            }
            Ok(Answer::Ready)
        })
        .await
    }

    fn replica(&self, number: usize) -> Result<&Redis> {
        self.nodes.get(PRIMARIES + number).context("the cluster was started without replicas")
    }
}
