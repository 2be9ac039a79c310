//! The proxy's listener and its connections.

use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;

use tokio::io::{AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::faults::Faults;
use super::pump::{replies, requests};
use super::turns::Turns;

/// What the handle asks for; answered through the sender when done.
pub(super) enum Order {
    Cut(Sender<()>),
    Refuse(Sender<()>),
    Listen(Sender<()>),
    Lead(String, Sender<()>),
}

/// Serves until the handle is gone.
pub(super) async fn serve(
    listener: Listener,
    mut upstream: String,
    mut orders: UnboundedReceiver<Order>,
    faults: watch::Receiver<Faults>,
    trips: Arc<AtomicU64>,
) {
    let Ok(address) = listener.local_addr() else { return };
    let mut listener = TcpListener::from_std(listener).ok();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return };
                obey(order, address, &mut upstream, &mut listener, &mut connections).await;
            }
            Some(client) = accept(listener.as_ref()) => {
                connections.spawn(carry(client, upstream.clone(), faults.clone(), Turns::new(trips.clone())));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn obey(
    order: Order,
    address: SocketAddr,
    upstream: &mut String,
    listener: &mut Option<TcpListener>,
    connections: &mut JoinSet<()>,
) {
    let done = match order {
        Order::Cut(done) => {
            connections.shutdown().await;
            done
        }
        Order::Refuse(done) => {
            *listener = None;
            connections.shutdown().await;
            done
        }
        Order::Lead(server, done) => {
            *upstream = server;
            connections.shutdown().await;
            done
        }
        Order::Listen(done) => {
            if listener.is_none() {
                *listener = TcpListener::bind(address).await.ok();
            }
            done
        }
    };
    let _nobody_waits = done.send(());
}

/// The next connection; none while connections are refused.
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let (client, _) = listener?.accept().await.ok()?;
    Some(client)
}

/// Carries one connection until an end closes it or a fault cuts it.
async fn carry(client: TcpStream, upstream: String, faults: watch::Receiver<Faults>, turns: Turns) {
    let mut open = faults.clone();
    if open.wait_for(|faults| !faults.black_hole).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(&upstream).await else { return };
    let _unset = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    let up = async {
        requests(&mut from_client, &mut to_server, faults.clone(), &turns).await?;
        to_server.shutdown().await
    };
    let down = async {
        replies(&mut from_server, &mut to_client, faults.clone(), &turns).await?;
        to_client.shutdown().await
    };
    let _cut_or_closed = tokio::try_join!(up, down);
}
