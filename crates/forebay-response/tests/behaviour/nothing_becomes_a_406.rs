use crate::stage::{get, json, noise, respond};
use http::StatusCode;

#[tokio::test]
async fn a_client_that_accepts_nothing_gets_the_plain_body() {
    for refusal in ["*;q=0", "identity;q=0", "compress, identity;q=0", "gzip;q=0, br;q=0, identity;q=0"] {
        let answer = get(&[("accept-encoding", refusal)], respond(json(5_000), &[])).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, ""), "{refusal}");
        assert_eq!(answer.body, json(5_000), "{refusal}");
    }
}

#[tokio::test]
async fn a_client_that_refuses_the_plain_body_gets_an_encoded_one_whatever_its_length() {
    for body in [json(40), noise(40), noise(40_000)] {
        for coding in ["br", "gzip"] {
            let asked = format!("{coding}, identity;q=0");
            let answer = get(&[("accept-encoding", &asked)], respond(body.clone(), &[])).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, coding));
            assert_eq!(answer.decoded(), body);
            assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        }
    }
}
