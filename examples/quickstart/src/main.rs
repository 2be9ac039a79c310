//! The smallest service with forebay: no server needed.
//!
//! `cargo run -p quickstart`, then `curl -i --compressed http://127.0.0.1:3000/users/7` twice.

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use forebay::{
    DataPath,
    cache::{Cache, Tag},
    cached,
};
use std::time::Duration;

#[derive(Clone)]
struct App {
    data: DataPath,
    users: Cache<u64, String>,
}

#[cached(cache = app.users, key = id, ttl = Duration::from_secs(30), tags = [Tag::of("user", id)])]
async fn load_user(app: &App, id: u64) -> String {
    tokio::time::sleep(Duration::from_millis(300)).await; // a slow database
    format!("user {id}, loaded once. {}", "Much to tell. ".repeat(100))
}

async fn show(State(app): State<App>, Path(id): Path<u64>) -> Json<String> {
    Json(load_user(&app, id).await)
}

async fn forget(State(app): State<App>, Path(id): Path<u64>) {
    app.data.invalidate_tag(&Tag::of("user", id)).await;
}

#[expect(clippy::print_stdout, reason = "an example says where it listens")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let data = DataPath::builder().build().await?;
    let app = App { users: data.cache("users").capacity(10_000).build()?, data: data.clone() };
    let routes = Router::new().route("/users/{id}", get(show)).route("/users/{id}/forget", post(forget));
    let routes = routes.with_state(app).layer(data.response_layer()).merge(data.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await;
    let listener = listener.context("cannot listen on 127.0.0.1:3000")?;
    println!("http://{}/users/7", listener.local_addr()?);
    Ok(axum::serve(listener, routes).await?)
}
