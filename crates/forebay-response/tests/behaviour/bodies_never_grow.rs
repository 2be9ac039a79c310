use crate::stage::{CODINGS, get, json, noise, respond};

#[tokio::test]
async fn what_does_not_shrink_is_sent_as_it_is() {
    for coding in CODINGS {
        // The second time the answer comes from what was learnt the first time.
        let layer = crate::stage::layer();
        for _ in 0..2 {
            let asked = crate::stage::request(http::Method::GET, &[("accept-encoding", coding)]);
            let answer = crate::stage::ask(&layer, asked, respond(noise(8_000), &[])).await;
            assert_eq!(answer.header("content-encoding"), "", "{coding}");
            assert_eq!(answer.body, noise(8_000), "{coding}");
            assert_eq!(answer.header("vary"), "accept-encoding", "{coding}");
        }
    }
}

#[tokio::test]
async fn small_bodies_are_not_worth_it() {
    let answer = get(&[("accept-encoding", "br, gzip")], respond(json(1_023), &[])).await;
    assert_eq!((answer.header("content-encoding"), answer.body.len()), ("", 1_023));
    let answer = get(&[("accept-encoding", "br")], respond(json(1_024), &[])).await;
    assert_eq!(answer.header("content-encoding"), "br");
    assert!(answer.body.len() < 1_024);
}
