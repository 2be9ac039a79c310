use crate::scenarios::{Ground, all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_every_form_of_request() {
    let ground = Ground::new("nplus1_scenarios").await;
    let mut wrong = Vec::new();
    for scenario in all() {
        let found = scenario.found(&ground).await;
        if !scenario.is_right(&found) {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!(
                "{}: {:?} was planted, found:\n{}",
                scenario.name,
                scenario.planted,
                found.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let status = ground.detector.status();
    assert_eq!((status.unattributed, status.unwatched, status.beyond), (0, 0, 0));
}
