//! Decoded bodies, status, version and next page are identical over every route and coding, payments included.

mod service;

use service::{SCALE, Service, treasury};

#[tokio::test]
async fn both_modes_answer_the_same() -> anyhow::Result<()> {
    let lab = forebay_tests::shared().await;
    let (bare_db, forebay_db) = (lab.database("same_bare").await, lab.database("same_forebay").await);
    for database in [&bare_db, &forebay_db] {
        treasury(&["load-data", "--url", &database.primary_url(), "--scale", SCALE])?;
        database.caught_up().await;
    }
    let bare = Service::start(&["--mode", "bare", "--primary-url", &bare_db.primary_url()])?;
    let primary = forebay_db.primary_url();
    let (redis, namespace) = (lab.redis_url(), lab.key_prefix("same"));
    let mut arguments = vec!["--mode", "forebay", "--primary-url", &primary];
    arguments.extend(["--redis-url", &redis, "--namespace", &namespace]);
    let replicas = forebay_db.replica_urls();
    arguments.extend(replicas.iter().flat_map(|url| ["--replica-url", url]));
    let forebay = Service::start(&arguments)?;
    treasury(&["same", "--bare", &bare.url, "--forebay", &forebay.url, "--scale", SCALE])
}
