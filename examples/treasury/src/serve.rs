//! Running the service: one line with its address when it is ready, and a clean end.

use crate::{Mode, ServeArgs, bare::Bare, routes, terminal, with_forebay::WithForebay};
use anyhow::Context;
use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;

/// `treasury serve`.
pub(crate) async fn command(args: ServeArgs) -> anyhow::Result<()> {
    match args.mode {
        Mode::Bare => {
            let store = Bare::connect(&args.primary_url, usize::from(args.pool_size)).await?;
            listen(&args, routes::router(store)).await
        }
        Mode::Forebay => {
            let store = WithForebay::connect(&args).await?;
            let served = listen(&args, store.routes()).await;
            store.shutdown().await;
            served
        }
    }
}

async fn listen(args: &ServeArgs, routes: Router) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    terminal::result(&format!("http://{}", listener.local_addr()?));
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for more; a socket that refuses is one that is gone.
        let _ = stream.set_nodelay(true);
    });
    let until_stdin_closes = args.until_stdin_closes;
    axum::serve(listener, routes)
        .with_graceful_shutdown(ended(until_stdin_closes))
        .await
        .context("the listener failed")
}

/// Ctrl-C, a request to terminate, or (when asked for) the end of standard input.
async fn ended(until_stdin_closes: bool) {
    let stdin_closed = async {
        if !until_stdin_closes {
            return std::future::pending().await;
        }
        // A thread of its own: a runtime that ends would wait for a read of its own blocking pool.
        let (closed, wait) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            drop(closed);
        });
        let _ = wait.await;
    };
    tokio::select! {
        () = terminal::asked_to_stop() => (),
        () = stdin_closed => (),
    }
}
