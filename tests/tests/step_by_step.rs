//! One scenario, its database queries counted again after every feature: the numbers of the book's page of that name.
//!
//! A hundred requests ask for five products, each page takes three queries, and all goes through the parts a service
//! would use.

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{Request, StatusCode, header},
    routing::{get, post},
};
use forebay::{
    DataPath, DataPathBuilder,
    cache::{Cache, LoadFailed, Tag},
    cached,
    config::Environment,
    pool::{Pool, PoolConfig, PoolError},
    response::Prepared,
};
use forebay_tests::{TestDatabase, shared};
use tower::ServiceExt as _;

const REQUESTS: usize = 100;
const PRODUCTS: usize = 5;
const QUERIES_PER_PAGE: u64 = 3;

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Database(#[from] PoolError),
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

#[derive(Clone)]
struct App {
    data: DataPath,
    db: Pool,
    /// Absent in the steps before caching.
    pages: Option<Cache<i32, Prepared>>,
}

/// The page of one product: three queries, some kilobytes of JSON.
async fn page(app: &App, id: i32) -> Result<Prepared, AppError> {
    let db = app.db.read().await?;
    let name: String = db.query_one("SELECT name FROM product WHERE id = $1", &[&id]).await?.get(0);
    let price: i64 = db.query_one("SELECT cents FROM price WHERE product = $1", &[&id]).await?.get(0);
    let reviews = db.query("SELECT text FROM review WHERE product = $1 ORDER BY n", &[&id]).await?;
    let reviews: Vec<String> = reviews.iter().map(|row| format!("{:?}", row.get::<_, String>(0))).collect();
    let body = format!(r#"{{"name":{name:?},"cents":{price},"reviews":[{}]}}"#, reviews.join(","));
    Ok(Prepared::json(body))
}

#[cached(cache = cache, key = id, tags = [Tag::of("product", id)])]
async fn cached_page(app: &App, cache: &Cache<i32, Prepared>, id: i32) -> Result<Prepared, AppError> {
    page(app, id).await
}

async fn show(State(app): State<App>, Path(id): Path<i32>) -> axum::response::Response {
    let page = match &app.pages {
        Some(cache) => cached_page(&app, cache, id).await,
        None => page(&app, id).await,
    };
    page.expect("the database answers").into_response().map(Body::new)
}

async fn reprice(State(app): State<App>, Path((id, cents)): Path<(i32, i64)>) -> StatusCode {
    let tx = app.db.begin().await.expect("a transaction");
    tx.execute("UPDATE price SET cents = $2 WHERE product = $1", &[&id, &cents]).await.expect("an update");
    tx.commit().await.expect("a commit");
    app.data.invalidate_tag(&Tag::of("product", id)).await;
    StatusCode::NO_CONTENT
}

struct Node {
    app: App,
    routes: Router,
}

impl Node {
    async fn start(builder: DataPathBuilder, caching: bool, shared: bool) -> Self {
        let data = builder.environment(Environment::empty()).build().await.expect("the servers are there");
        let cache = data.cache("pages");
        let pages = caching.then(|| if shared { cache.shared() } else { cache }.build().expect("a new name"));
        data.namespace().ready().await;
        let app = App { db: data.pool().expect("a database"), pages, data };
        let routes = Router::new()
            .route("/products/{id}", get(show))
            .route("/products/{id}/price/{cents}", post(reprice))
            .layer(app.data.response_layer())
            .with_state(app.clone());
        Self { app, routes }
    }

    /// How many queries reached the database, by the pool's own metrics: on replicas, and on the primary.
    fn queries(&self) -> (u64, u64) {
        let page = self.app.data.snapshot();
        let primary = &self.app.db.status().servers[0].endpoint;
        let of = |replica: bool| {
            let series = page.histograms.iter().filter(|h| h.name == "forebay_pool_query_seconds");
            let there = |h: &&forebay::metrics::HistogramView| {
                h.labels.iter().any(|(name, value)| name == "endpoint" && (value != primary) == replica)
            };
            series.filter(there).map(|h| h.hour.rate.count).sum()
        };
        (of(true), of(false))
    }

    /// One request; the size of its body as sent.
    async fn ask(&self, id: usize, encoding: &str, tag: Option<&str>) -> (StatusCode, usize, Option<String>) {
        let mut request = Request::get(format!("/products/{id}")).header(header::ACCEPT_ENCODING, encoding);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.routes.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let tag = response.headers().get(header::ETAG).map(|t| t.to_str().expect("text").to_owned());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, body.len(), tag)
    }

    /// A hundred requests, all at once, for five products; the queries they caused.
    async fn hundred(&self) -> (u64, u64) {
        let (replicas, primary) = self.queries();
        let asked = (0..REQUESTS).map(|n| self.ask(n % PRODUCTS + 1, "identity", None));
        for (status, ..) in futures_util::future::join_all(asked).await {
            assert_eq!(status, StatusCode::OK);
        }
        let (replicas_now, primary_now) = self.queries();
        (replicas_now - replicas, primary_now - primary)
    }
}

async fn database() -> TestDatabase {
    let database = shared().await.database("step by step").await;
    database
        .execute(
            "CREATE TABLE product (id int PRIMARY KEY, name text NOT NULL);
             CREATE TABLE price (product int PRIMARY KEY, cents bigint NOT NULL);
             CREATE TABLE review (product int, n int, text text NOT NULL, PRIMARY KEY (product, n));
             INSERT INTO product SELECT i, 'Product number ' || i FROM generate_series(1, 5) i;
             INSERT INTO price SELECT i, i * 100 FROM generate_series(1, 5) i;
             INSERT INTO review SELECT i, n, 'Review ' || n || ': would buy product ' || i || ' again'
                 FROM generate_series(1, 5) i, generate_series(1, 40) n",
        )
        .await;
    database
}

fn primary_only(database: &TestDatabase) -> DataPathBuilder {
    DataPath::builder().postgres(PoolConfig::from_url(&database.primary_url()).expect("a URL"))
}

fn with_replicas(database: &TestDatabase) -> DataPathBuilder {
    let config = PoolConfig::from_url(&database.primary_url()).expect("a URL");
    DataPath::builder().postgres(config.replicas(database.replica_urls()).expect("URLs"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_are_counted_again_after_every_feature() {
    let database = database().await;
    let requests = REQUESTS as u64;

    // 1. Only the pool: every request asks the primary.
    let node = Node::start(primary_only(&database), false, false).await;
    assert_eq!(node.hundred().await, (0, requests * QUERIES_PER_PAGE));

    // 2. With replicas: the primary is free for writes.
    let node = Node::start(with_replicas(&database), false, false).await;
    assert_eq!(node.hundred().await, (requests * QUERIES_PER_PAGE, 0));

    // 3. With a cache: one load per product, however many ask at once. Then none.
    let node = Node::start(with_replicas(&database), true, false).await;
    assert_eq!(node.hundred().await, (PRODUCTS as u64 * QUERIES_PER_PAGE, 0));
    assert_eq!(node.hundred().await, (0, 0));

    // 4. With Redis: a second node finds what the first has loaded.
    let lab = shared().await;
    let namespace = lab.key_prefix("steps").trim_end_matches(':').replace([':', '{', '}'], "-");
    let shared_node = || with_replicas(&database).name(namespace.as_str()).redis(lab.redis_url());
    let first = Node::start(shared_node(), true, true).await;
    let second = Node::start(shared_node(), true, true).await;
    assert_eq!(first.hundred().await, (PRODUCTS as u64 * QUERIES_PER_PAGE, 0));
    let pages = second.app.pages.as_ref().expect("caching is on");
    for id in 1..=PRODUCTS as i32 {
        forebay_tests::eventually("Redis has the page", async || pages.get(&id).await.is_some()).await;
    }
    assert_eq!(second.hundred().await, (0, 0));

    // 5. A write through one node: the other reloads that one product, and sees the new price.
    let price = Request::post("/products/1/price/4242").body(Body::empty()).expect("a request");
    assert_eq!(
        first.routes.clone().oneshot(price).await.expect("an answer").status(),
        StatusCode::NO_CONTENT
    );
    forebay_tests::eventually("the other node hears of it", async || {
        second.ask(1, "identity", None).await;
        let page = pages.peek(&1).expect("just asked for");
        String::from_utf8_lossy(page.body()).contains(r#""cents":4242"#)
    })
    .await;
    assert_eq!(second.queries().0 + second.queries().1, QUERIES_PER_PAGE);

    // 6. The response layer: encoded once, and not sent at all to who has it.
    let (_, plain, _) = first.ask(2, "identity", None).await;
    let (_, brotli, tag) = first.ask(2, "br", None).await;
    assert!(brotli * 4 < plain, "{plain} bytes became {brotli}");
    let (status, nothing, _) = first.ask(2, "br", tag.as_deref()).await;
    assert_eq!((status, nothing), (StatusCode::NOT_MODIFIED, 0));
}
