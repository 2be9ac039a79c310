//! Where the requests run: a small blog in a database of its own, and a pool with the detector.

use forebay_plan::{NPlusOneConfig, NPlusOneDetector, Repetition};
use forebay_pool::{Pool, PoolConfig};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use std::sync::Arc;

const SCHEMA: &str = "
CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL, country text NOT NULL);
CREATE TABLE posts (id int PRIMARY KEY, author_id int NOT NULL, owner_id int, title text NOT NULL, slug text NOT NULL,
    status text NOT NULL, priority int NOT NULL, tag_ids int[] NOT NULL, created int NOT NULL);
CREATE TABLE comments (id int PRIMARY KEY, post_id int NOT NULL, author_id int NOT NULL, body text NOT NULL);
CREATE TABLE tags (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE parcels (id uuid PRIMARY KEY, weight int NOT NULL);
CREATE TABLE scans (parcel_id uuid NOT NULL, place text NOT NULL);
CREATE TABLE lines (order_id int NOT NULL, position int NOT NULL, product int NOT NULL, PRIMARY KEY (order_id, position));
CREATE TABLE stock (order_id int NOT NULL, position int NOT NULL, taken int NOT NULL);
CREATE TABLE nodes (id int PRIMARY KEY, parent_id int);
CREATE TABLE settings (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE jobs (id int PRIMARY KEY, state text NOT NULL, progress int NOT NULL);
CREATE TABLE trades (id int PRIMARY KEY, buyer_id int NOT NULL, seller_id int NOT NULL);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL, amount int NOT NULL);
INSERT INTO authors SELECT i, 'author ' || i, (ARRAY['DE', 'FR', 'IT'])[1 + i % 3] FROM generate_series(1, 8) i;
INSERT INTO posts SELECT i, 1 + (i * 3) % 8, 8 - i % 8, 'title ' || i, 'a-post-about-' || i,
    (ARRAY['paid', 'open', 'sent'])[1 + i % 3], i % 3, ARRAY[i % 4, 4 + i % 3], i * 10 FROM generate_series(1, 12) i;
INSERT INTO comments SELECT i, 1 + i % 12, 1 + i % 8, 'body ' || i FROM generate_series(1, 60) i;
INSERT INTO tags SELECT i, 'tag ' || i FROM generate_series(0, 6) i;
INSERT INTO parcels SELECT md5(i::text)::uuid, i FROM generate_series(1, 9) i;
INSERT INTO scans SELECT md5((1 + i % 9)::text)::uuid, 'place ' || i FROM generate_series(1, 30) i;
INSERT INTO lines SELECT 1 + i / 4, i % 4, 20000 + i FROM generate_series(0, 11) i;
INSERT INTO stock SELECT 1 + i / 4, i % 4, i FROM generate_series(0, 11) i;
INSERT INTO nodes SELECT i, nullif(i / 2, 0) FROM generate_series(1, 40) i;
INSERT INTO settings VALUES ('theme', 'dark'), ('language', 'de'), ('zone', 'CET');
INSERT INTO jobs SELECT i, 'waiting', 0 FROM generate_series(1, 4) i;
INSERT INTO trades VALUES (1, 2, 3);
";

/// A database, a pool on it, and its detector.
pub(crate) struct Ground {
    pub(crate) pool: Pool,
    pub(crate) detector: NPlusOneDetector,
    pub(crate) database: TestDatabase,
}

impl Ground {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, NPlusOneConfig::default()).await
    }

    pub(crate) async fn with(name: &str, settings: NPlusOneConfig) -> Self {
        let database = forebay_tests::shared().await.database(name).await;
        database.execute(SCHEMA).await;
        let detector = NPlusOneDetector::new(settings);
        let config = PoolConfig::from_url(&database.primary_url()).expect("a URL of the lab");
        let pool = Pool::builder(config).observer(Arc::new(detector.clone())).build().await;
        Self { pool: pool.expect("the server is there"), detector, database }
    }

    /// Runs a request in a scope of its own; what was found in it.
    pub(crate) async fn request(&self, story: impl Future<Output = ()>) -> Vec<Repetition> {
        Scope::new().run(story).await;
        self.detector.take()
    }

    /// One column of a query's result.
    #[track_caller]
    pub(crate) fn column<'a, T>(&'a self, sql: &'a str) -> impl Future<Output = Vec<T>> + Send + 'a
    where
        T: for<'r> tokio_postgres::types::FromSql<'r> + Send,
    {
        let rows = self.pool.query(sql, &[]);
        async move { rows.await.expect("rows").iter().map(|row| row.get(0)).collect() }
    }
}
