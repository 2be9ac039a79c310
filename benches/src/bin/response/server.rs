use axum::{
    Router,
    serve::{self, ListenerExt},
};
use std::net::{SocketAddr, TcpListener};
use tokio::runtime::Builder;

/// Serves these routes on a thread of its own until the process ends.
pub(crate) fn start(routes: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            // A delay of the network stack would drown what is measured.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            serve::serve(listener, routes).await
        })
    });
    Ok(at)
}
