//! With `--url` the catalogue of a real server decides what no text shows; what goes wrong with it is one clear sentence.

mod support;

use support::forebay;

const SCHEMA: &str = "
    CREATE SCHEMA app;
    CREATE TABLE users (id int, name text);
    CREATE UNLOGGED TABLE scratch (id int);
    CREATE SEQUENCE numbers;
    CREATE FUNCTION app.score(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
    CREATE FUNCTION next_number() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')';
    CREATE VIEW numbered AS SELECT next_number() AS n;";

const STATEMENTS: &str = "\
SELECT app.score(id) FROM users
SELECT score(1)
SELECT next_number()
SELECT n FROM numbered
SELECT * FROM scratch
UPDATE users SET name = 'x'
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_names_what_the_catalogue_knows() {
    let database = forebay_tests::shared().await.database("route_url").await;
    database.execute(SCHEMA).await;
    // A standby can be asked as well as the primary.
    for url in [database.primary_url(), database.replica_urls()[0].clone()] {
        let (out, err, code) = forebay(&["route", "--url", &url], STATEMENTS.as_bytes());
        assert_eq!(
            out,
            "replica\tonly reads\n\
             primary\tscore() is not known\n\
             primary\tnext_number() is volatile (public.next_number())\n\
             primary\tnumbered is a view that may do more than read (public.next_number() is volatile \
             (public.next_number()))\n\
             primary\tscratch is an unlogged table\n\
             primary\tUPDATE writes\n"
        );
        assert_eq!((err.as_str(), code), ("", Some(0)));
    }
    let found_there = format!("{}?options=-csearch_path%3Dapp", database.primary_url());
    let (out, ..) = forebay(&["route", "--url", &found_there], b"SELECT score(1)");
    assert_eq!(out, "replica\tonly reads\n");
    let (out, ..) = forebay(&["route", "--url", &database.primary_url(), "--json"], b"SELECT next_number()");
    assert!(out.contains(r#""code":"volatile_function","text":"next_number() is volatile"#), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_outrank_it_and_need_no_server() {
    let database = forebay_tests::shared().await.database("route_lists").await;
    database.execute(SCHEMA).await;
    let lists = ["route", "--read-only-function", "next_number", "--primary-table", "users"];
    let lists = [&lists[..], &["--primary-function", "app.score"]].concat();
    let expected = "primary\tapp.score is listed for the primary, users is listed for the primary\n\
                    replica\tonly reads\n";
    let input = b"SELECT app.score(id) FROM users\nSELECT next_number()\n";
    assert_eq!(forebay(&lists, input).0, expected);
    let url = database.primary_url();
    assert_eq!(forebay(&[&lists[..], &["--url", &url]].concat(), input).0, expected);
    let (_, err, code) = forebay(&["route", "--primary-table", "two words"], b"");
    assert!(err.contains("expected a name as SQL has it"), "{err}");
    assert_eq!(code, Some(2));
}

/// The one line on standard error, with exit code 1 and nothing answered.
fn complaint(url: &str) -> String {
    let (out, err, code) = forebay(&["route", "--timeout", "5", "--url", url], b"SELECT 1\n");
    assert_eq!((out.as_str(), code), ("", Some(1)), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    err
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_one_sentence_without_the_password() {
    let database = forebay_tests::shared().await.database("route_errors").await;
    let url = database.primary_url();
    let nowhere = complaint("postgres://app:geheim@127.0.0.1:1/shop");
    assert!(nowhere.starts_with("forebay: cannot connect to 127.0.0.1:1: "), "{nowhere}");
    let no_url = complaint("postgrse://app:geheim@db/shop");
    assert!(no_url.contains("url is not a connection string: a URL begins with postgres://"), "{no_url}");
    let elsewhere = complaint(&url.replace(database.name(), "no_such_database"));
    assert!(elsewhere.contains("no_such_database"), "{elsewhere}");
    let place = url.split_once('@').expect("the lab's address has a user").1;
    let stranger = complaint(&format!("postgres://nobody_here:geheim@{place}"));
    assert!(stranger.contains("password authentication failed for user \"nobody_here\""), "{stranger}");
    for said in [nowhere, no_url, elsewhere, stranger] {
        assert!(!said.contains("geheim"), "{said}");
    }
}
