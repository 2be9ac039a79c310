use crate::stage::{CODINGS, ask, builder, json, layer, noise, request, respond};
use bytes::Bytes;
use forebay_response::ResponseConfig;
use http::Method;
use http_body::Frame;
use http_body_util::StreamBody;
use proptest::prelude::*;
use std::convert::Infallible;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Text, noise, runs, or a mixture.
fn body() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        (1_usize..70_000).prop_map(|n| json(n.max(2))),
        (1_usize..70_000).prop_map(noise),
        (any::<u8>(), 1_usize..300_000).prop_map(|(byte, n)| vec![byte; n].into()),
        (2_usize..40_000, 1_usize..40_000)
            .prop_map(|(text, rest)| [json(text), noise(rest), json(text)].concat().into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whole_bodies(body in body(), gzip in 1_u32..10, brotli in 0_u32..8, zstd in 1_u32..10, refuse_identity: bool) {
        let mut config = ResponseConfig::default();
        (config.gzip.level, config.brotli.level, config.zstd.level) = (gzip, brotli, zstd);
        let layer = builder().config(config).build().expect("valid");
        for coding in CODINGS {
            let accepts = if refuse_identity { format!("{coding}, *;q=0") } else { coding.to_owned() };
            let asked = request(Method::GET, &[("accept-encoding", &accepts)]);
            let answer = run(ask(&layer, asked, respond(body.clone(), &[])));
            prop_assert!(refuse_identity || answer.body.len() <= body.len());
            prop_assert_eq!(answer.decoded(), &body[..]);
        }
    }

    #[test]
    fn streams(pieces in prop::collection::vec(body(), 0..5), events: bool) {
        let kind = if events { "text/event-stream" } else { "application/json" };
        for coding in CODINGS {
            let frames = pieces.clone().into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
            let stream = StreamBody::new(futures_util::stream::iter(frames));
            let response = respond(Bytes::new(), &[("content-type", kind)]).map(|_| stream);
            let answer = run(ask(&layer(), request(Method::GET, &[("accept-encoding", coding)]), response));
            prop_assert_eq!(answer.header("content-encoding"), coding);
            prop_assert_eq!(answer.decoded(), pieces.concat());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn encoders_are_shared_by_many_tasks() {
    let layer = builder().variant_bytes_max(0).build().expect("valid");
    let tasks: Vec<_> = (0..32_usize)
        .map(|task| {
            let layer = layer.clone();
            tokio::spawn(async move {
                for round in 0..8 {
                    let body = json(1_500 + 977 * task + 31 * round);
                    let coding = CODINGS[(task + round) % CODINGS.len()];
                    let asked = request(Method::GET, &[("accept-encoding", coding)]);
                    let answer = ask(&layer, asked, respond(body.clone(), &[])).await;
                    assert_eq!(answer.header("content-encoding"), coding);
                    assert_eq!(answer.decoded(), body);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("every body is right");
    }
}

#[tokio::test]
async fn a_body_in_several_frames_is_one_body() {
    let whole = ask(&layer(), request(Method::GET, &[]), respond(json(9_000), &[])).await;
    let pieces: Vec<_> = json(9_000).chunks(1_000).map(Bytes::copy_from_slice).collect();
    let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let sized = crate::streams_are_never_stalled::Sized {
        length: 9_000,
        body: StreamBody::new(futures_util::stream::iter(frames)),
    };
    let response = respond(Bytes::new(), &[]).map(|_| sized);
    let answer = ask(&layer(), request(Method::GET, &[("accept-encoding", "br")]), response).await;
    assert_eq!(answer.decoded(), json(9_000));
    assert!(answer.header("etag").starts_with(whole.header("etag").trim_end_matches('"')));
}
