//! The pool asks nothing that needs more than the right to connect.

use forebay_pool::{Pool, PoolConfig, Role};
use forebay_tests::{Postgres, PostgresSpec};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_role_without_any_privilege_reads_where_it_should() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let owner = Pool::builder(PoolConfig::from_url(&postgres.primary_url()).unwrap()).build().await.unwrap();
    let setup = "CREATE ROLE app LOGIN PASSWORD 'app'; CREATE TABLE t (v int); GRANT ALL ON t TO app";
    owner.write().await.unwrap().batch_execute(setup).await.unwrap();
    postgres.caught_up(0).await.unwrap();

    let as_app = |url: &str| {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let (port, database) = (config.get_ports()[0], config.get_dbname().unwrap());
        format!("postgres://app:app@127.0.0.1:{port}/{database}")
    };
    let config = PoolConfig::from_url(&as_app(&postgres.primary_url())).unwrap();
    let pool =
        Pool::builder(config.replicas([as_app(&postgres.standby_url(0))]).unwrap()).build().await.unwrap();
    let committed =
        pool.transaction(async |tx| tx.execute("INSERT INTO t VALUES (1)", &[]).await).await.unwrap();
    postgres.caught_up(0).await.unwrap();
    let reader = pool.read_after(committed.position).await.unwrap();
    assert_eq!(reader.role(), Role::Replica);
    assert_eq!(reader.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 1);
}
