//! `cargo run -p proxy -- --origin http://127.0.0.1:8000 --listen 127.0.0.1:8080`

use anyhow::Context as _;
use clap::Parser as _;
use proxy::{Arguments, routes};
use tokio::net::TcpListener;

#[expect(clippy::print_stdout, reason = "an example says where it listens")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let routes = routes(&arguments)?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    println!("http://{} in front of http://{}", listener.local_addr()?, arguments.origin);
    axum::serve(listener, routes).with_graceful_shutdown(interrupted()).await?;
    Ok(())
}

async fn interrupted() {
    // Without a handler for the signal the system ends the process itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
