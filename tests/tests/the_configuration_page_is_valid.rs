//! The TOML file shown in the book is one that `Settings` takes.

use forebay::config::Settings;
use std::time::Duration;

#[test]
fn the_file_shown_in_the_book_is_read() {
    let page = include_str!("../../docs/src/configuration.md");
    let file =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a TOML block");
    let settings: Settings = toml::from_str(file).expect("the page's file");
    assert_eq!(settings.service.request_deadline, Some(Duration::from_secs(2)));
    assert_eq!(settings.postgres.expect("a database").replicas.len(), 2);
    assert_eq!(settings.fields.map(|fields| fields.names_max), Some(100));
    assert!(settings.response_cache.shared && settings.response_cache.check().is_ok());
    assert_eq!(settings.response_cache.rules.vary, ["accept-language"]);
    assert_eq!(settings.paging.size_max, 200);
    assert_eq!(settings.caches["users"].capacity, Some(200_000));
    assert_eq!(settings.metrics.recorder.objectives.len(), 1);
}
