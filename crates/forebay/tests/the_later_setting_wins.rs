//! Code, then a TOML file, then the environment.

use forebay::{
    DataPath, DataPathBuilder, Error,
    config::{ConfigError, Environment},
};
use std::{io::Write as _, time::Duration};
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(text.as_bytes()).expect("room for it");
    file
}

fn variables<const N: usize>(pairs: [(&str, &str); N]) -> Environment {
    Environment::from_iter(pairs)
}

/// The whole chain of an error in one line, as a service would log it.
async fn refusal(builder: DataPathBuilder) -> String {
    let error = anyhow::Error::from(builder.build().await.expect_err("must be refused"));
    format!("{error:#}")
}

#[tokio::test]
async fn nothing_configured_is_memory_only() {
    let data = DataPath::builder().environment(Environment::empty()).build().await.unwrap();
    assert_eq!(data.settings().service.name, "default");
    assert!(data.health().ready && data.health().parts.is_empty());
}

#[tokio::test]
async fn the_environment_beats_the_file_and_the_file_beats_code() {
    let file = file("service = { name = 'from-file', drain_timeout = '3s' }\ncaches.users.ttl = '5m'");
    let environment =
        variables([("FOREBAY_SERVICE_NAME", "from-variable"), ("FOREBAY_CACHES__USERS__CAPACITY", "7")]);
    let data = DataPath::builder()
        .name("from-code")
        .file(file.path())
        .environment(environment)
        .build()
        .await
        .unwrap();
    let settings = data.settings();
    assert_eq!(settings.service.name, "from-variable");
    assert_eq!(settings.service.drain_timeout, Duration::from_secs(3));
    let users = &settings.caches["users"];
    assert_eq!((users.ttl, users.capacity), (Some(Duration::from_secs(300)), Some(7)));
}

#[tokio::test]
async fn what_only_code_says_stays() {
    let data = DataPath::builder().name("shop").environment(Environment::empty()).build().await.unwrap();
    assert_eq!(data.settings().service.name, "shop");
}

#[tokio::test]
async fn the_file_may_be_named_by_a_variable() {
    let file = file("service.name = 'named'");
    let environment = variables([("FOREBAY_CONFIG", file.path().to_str().unwrap())]);
    let data = DataPath::builder().environment(environment).build().await.unwrap();
    assert_eq!(data.settings().service.name, "named");
}

#[tokio::test]
async fn a_setting_of_one_cache_wins_over_its_builder() {
    let environment = variables([("FOREBAY_CACHES__USERS__TTL", "0s")]);
    let data = DataPath::builder().environment(environment).build().await.unwrap();
    // A ttl of nothing is refused when the cache is built: proof that it reached the builder.
    let error = data.cache::<u64, String>("users").ttl(Duration::from_secs(9)).build().unwrap_err();
    assert!(error.to_string().contains("`ttl`"), "{error}");
}

#[cfg(feature = "response-cache")]
#[tokio::test]
async fn responses_and_fields_are_set_like_everything_else() {
    let file = file(
        "[fields]\nparameter = 'only'\n[response_cache]\nfills_max = 7\n[response_cache.rules]\nvary = ['a']\n[caches.pages]\nmode = 'off'",
    );
    let environment = variables([
        ("FOREBAY_RESPONSE_CACHE__FILLS_MAX", "9"),
        ("FOREBAY_RESPONSE_CACHE__RULES__QUERY", "all"),
        ("FOREBAY_FIELDS_NAMES_MAX", "3"),
    ]);
    let data = DataPath::builder().file(file.path()).environment(environment).build().await.unwrap();
    let settings = data.settings();
    assert_eq!(
        settings.fields.as_ref().map(|fields| (&*fields.parameter, fields.names_max)),
        Some(("only", 3))
    );
    assert_eq!(settings.response_cache.fills_max, 9);
    let pages = data.response_cache("pages").build().unwrap();
    assert_eq!(pages.rules().vary, ["a"]);
    assert_eq!(
        pages.cache().mode(),
        forebay::cache::Mode::Off,
        "the cache's own settings are under its name"
    );

    let with = |name, value| DataPath::builder().environment(variables([(name, value)]));
    let error = refusal(with("FOREBAY_RESPONSE_CACHE__RULES__VARY", "a b")).await;
    assert!(
        error.contains("response_cache.rules.vary (from $FOREBAY_RESPONSE_CACHE__RULES__VARY)"),
        "{error}"
    );
    let error = refusal(with("FOREBAY_RESPONSE_CACHE__SHARE", "true")).await;
    assert!(error.contains("unknown field `share`"), "{error}");
}

#[tokio::test]
async fn a_wrong_value_names_its_key_and_where_it_was_given() {
    let empty = || DataPath::builder().environment(Environment::empty());
    let with = |name, value| DataPath::builder().environment(variables([(name, value)]));
    let toml = file("[service]\nname = 'x'\ndrain_timeout = 'soon'\n");
    let path = toml.path().display().to_string();

    let error = refusal(empty().file(toml.path())).await;
    assert!(error.contains(&format!("service.drain_timeout (from {path})")), "{error}");
    let error = refusal(with("FOREBAY_SERVICE_DRAIN_TIMEOUT", "soon")).await;
    assert!(error.contains("service.drain_timeout (from $FOREBAY_SERVICE_DRAIN_TIMEOUT)"), "{error}");
    let error = refusal(with("FOREBAY_SERVICE_NAME", "a b")).await;
    assert!(error.contains("service.name (from $FOREBAY_SERVICE_NAME): must be letters"), "{error}");
    let error = refusal(with("FOREBAY_SERVICE_NAMES", "a")).await;
    assert!(error.contains("unknown field `names`"), "{error}");
    let error = refusal(with("FOREBAY_NONSENSE", "a")).await;
    assert!(error.contains("$FOREBAY_NONSENSE: expected FOREBAY_<SECTION>_<KEY>"), "{error}");
    let error = refusal(with("FOREBAY_COHERENCE_SILENCE_MAX", "1s")).await;
    assert!(error.contains("must be longer than coherence.heartbeat"), "{error}");
    let error = refusal(with("FOREBAY_METRICS_BEARER_TOKEN", "")).await;
    assert!(error.contains("metrics.bearer_token"), "{error}");
}

#[tokio::test]
async fn a_broken_or_missing_file_is_named() {
    let broken = file("[service\n");
    let empty = || DataPath::builder().environment(Environment::empty());
    let error = empty().file(broken.path()).build().await.unwrap_err();
    assert!(matches!(error, Error::Config(ConfigError::Syntax { .. })), "{error:?}");
    let error = refusal(empty().file("no/such/file.toml")).await;
    assert!(error.contains("cannot read the configuration file no/such/file.toml"), "{error}");
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn connection_strings_with_secrets_do_not_reach_messages() {
    let environment = variables([("DATABASE_URL", "postgres://u:hunter2@")]);
    let error = refusal(DataPath::builder().environment(environment)).await;
    assert!(error.contains("postgres") && error.contains("DATABASE_URL"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn a_redis_that_cannot_be_meant_is_named_with_its_origin() {
    for (url, problem) in [
        ("redis-sentinel://u:hunter2@h", "?sentinelServiceName=NAME"),
        ("redis-cluster://u:hunter2@h:1/2", "no databases"),
        ("http://u:hunter2@h", "not a Redis URL"),
    ] {
        let environment = variables([("REDIS_URL", url)]);
        let error = refusal(DataPath::builder().environment(environment)).await;
        assert!(error.contains(problem) && error.contains("REDIS_URL"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_part_that_is_not_compiled_in_names_its_feature() {
    let environment = variables([("FOREBAY_POSTGRES_PRIMARY", "postgres://db")]);
    let error = refusal(DataPath::builder().environment(environment)).await;
    assert!(error.contains("needs the cargo feature `postgres`"), "{error}");
    // A DATABASE_URL meant for something else is no reason to stop.
    let environment = variables([("DATABASE_URL", "postgres://db")]);
    assert!(DataPath::builder().environment(environment).build().await.is_ok());
}

#[cfg(feature = "plan")]
#[tokio::test]
async fn asking_the_planner_needs_the_values() {
    let settings = file("postgres.primary = 'postgres://localhost/a'\nplan.explain.enabled = true");
    let builder = DataPath::builder().file(settings.path()).environment(Environment::empty());
    let error = refusal(builder).await;
    assert!(error.contains("plan.explain.enabled (from "), "{error}");
    assert!(error.contains("set postgres.observed_values to `shown`"), "{error}");
    let settings = file("plan.capture.places_max = 0");
    let builder = DataPath::builder().file(settings.path()).environment(Environment::empty());
    let error = refusal(builder).await;
    assert!(error.contains("plan.capture") && error.contains("places_max must be at least 1"), "{error}");
}
