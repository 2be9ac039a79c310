//! Plans over a trigger's transition tables, which only a trigger can explain.

use forebay_plan::read;

use crate::database::{database, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_explains_what_it_reads() {
    let (_database, client) = database("transition_tables").await;
    let setup = "
        CREATE TABLE plans (line text);
        CREATE FUNCTION explains() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE told text;
        BEGIN
            FOR told IN EXECUTE 'EXPLAIN (' || TG_ARGV[0] || ') SELECT count(*) FROM fresh' LOOP
                INSERT INTO plans VALUES (told);
            END LOOP;
            RETURN NULL;
        END $$;
        CREATE TRIGGER explains AFTER UPDATE ON users REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION explains('FORMAT TEXT');
        CREATE TRIGGER explains_json AFTER UPDATE ON users REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION explains('FORMAT JSON');
        UPDATE users SET score = 1 WHERE id = 1";
    client.batch_execute(setup).await.expect("a trigger");
    let text = rows(&client, "SELECT line FROM plans").await;
    let plans = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(plans.len(), 2, "{text}");
    for plan in plans {
        let scan = &plan.nodes()[1];
        assert_eq!(scan.node_type(), "Named Tuplestore Scan", "{text}");
    }
}
