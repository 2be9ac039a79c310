use axum::{
    Router,
    body::Body,
    serve::{self, ListenerExt},
};
use http_body_util::{BodyExt as _, combinators::MapErr};
use std::{
    net::{SocketAddr, TcpListener},
    sync::mpsc::channel,
    time::Duration,
};
use tokio::runtime::Builder;
use tower_http::map_response_body::MapResponseBodyLayer;

/// Where a server is, and its thread where there is one of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    thread: Option<i32>,
}

impl Server {
    /// A server that is another program.
    pub(crate) fn elsewhere(at: SocketAddr) -> Self {
        Self { at, thread: None }
    }

    /// How long its thread has run, by the kernel's count.
    ///
    /// Source: the kernel's documentation, `scheduler/sched-stats`.
    pub(crate) fn worked(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/self/task/{}/schedstat", self.thread?)).ok()?;
        text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }
}

/// Serves these routes on a thread of its own until the process ends.
pub(crate) fn start(routes: Router) -> anyhow::Result<Server> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let _nobody_asks = tell.send(rustix::thread::gettid().as_raw_nonzero().get());
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            // A delay of the network stack would drown what is measured.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            serve::serve(listener, routes).await
        })
    });
    Ok(Server { at, thread: told.recv().ok() })
}

type Wrapped = MapErr<Body, fn(axum::Error) -> axum::Error>;

/// A layer that does nothing but give each body another type.
pub(crate) fn wrapping_only() -> MapResponseBodyLayer<fn(Body) -> Wrapped> {
    MapResponseBodyLayer::new(|body| body.map_err(|error| error))
}
