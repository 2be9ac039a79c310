use crate::{
    hand::Hand,
    stage::{Counts, json, measured, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, extract::Path, routing::get};
use forebay_response::{BudgetConfig, Coding, Prepared};
use std::{thread::available_parallelism, time::Duration};

const BURST: Duration = Duration::from_millis(100);

/// A tenth of what all cores together may take at once.
fn tenth() -> Duration {
    BURST / 10 * u32::try_from(available_parallelism().map_or(1, usize::from)).expect("some")
}

/// Encoders may take a hundredth of each core, so what comes back while they work is next to nothing.
async fn serve() -> ([Wire; 2], Hand, Counts) {
    let (builder, counts) = measured();
    let hand = Hand::default();
    let layer = builder
        .min_bytes(1_000)
        .quick([Coding::Brotli])
        .budget(BudgetConfig { core_percent: 1, burst: BURST })
        .clock(hand.clock());
    let prepared = Prepared::json(json(5_000));
    let routes = Router::new()
        .route("/new/{n}", get(async |Path(n): Path<usize>| respond(json(4_000 + n), &[]).map(Body::new)))
        .route("/prepared", get(async move || prepared.clone()))
        .route("/late", get(async || Prepared::json(json(6_000))));
    (wires(routes.layer(layer.build().expect("valid"))).await, hand, counts)
}

/// Coding and level of the answer with a body that was not seen before.
async fn form(wire: Wire, n: &mut usize, accepts: &str) -> String {
    *n += 1;
    let answer = wire.get(&format!("/new/{n}"), &[("accept-encoding", accepts)]).await;
    assert_eq!(answer.decoded(), json(4_000 + *n));
    assert_eq!(answer.header("vary"), "accept-encoding");
    answer.header("etag").trim_matches('"').split_once('.').map_or("", |(_, form)| form).to_owned()
}

/// The forms of so many answers, without repetitions.
async fn forms(wire: Wire, n: &mut usize, answers: usize, between: impl Fn()) -> Vec<String> {
    let mut forms = Vec::new();
    for _ in 0..answers {
        forms.push(form(wire, n, "br, zstd, gzip").await);
        between();
    }
    forms.dedup();
    forms
}

/// Asks until the answers are of this form.
async fn until(wire: Wire, n: &mut usize, expected: &str) {
    for _ in 0..30 {
        if form(wire, n, "br").await == expected {
            return;
        }
    }
    panic!("no answer was {expected:?}");
}

#[tokio::test]
async fn effort_goes_down_step_by_step_and_comes_back() {
    let (wires, hand, counts) = serve().await;
    let mut n = 0;
    for wire in wires {
        hand.each_encoding_takes(tenth());
        assert_eq!(forms(wire, &mut n, 20, || ()).await, ["br3-1", "br1-1", "zs1-1", ""]);
        // Nothing is encoded while nothing is left, and the clock still moves when it is asked.
        hand.each_encoding_takes(Duration::ZERO);
        let back = forms(wire, &mut n, 40, || hand.pass(BURST * 5)).await;
        assert_eq!(back, ["", "zs1-1", "br1-1", "br3-1"]);
        let seen = counts.since_last_look();
        for step in ["lower_level", "cheaper_coding", "plain"] {
            assert!(seen(&format!("forebay_response_pressure_total {step}")) > 0, "{step}");
        }
        let plain = seen("forebay_response_pressure_total plain");
        assert_eq!(seen("forebay_response_skipped_total budget"), plain);
        hand.pass(BURST * 200);
    }
}

#[tokio::test]
async fn the_way_back_is_longer_than_the_way_down() {
    let (wires, hand, _) = serve().await;
    let (wire, mut n) = (wires[0], 0);
    hand.each_encoding_takes(tenth());
    until(wire, &mut n, "br1-1").await;
    hand.each_encoding_takes(Duration::ZERO);
    // A hundredth of the time that passes comes in: from less than a half to some six tenths, and then to nine.
    hand.pass(BURST * 15);
    assert_eq!(form(wire, &mut n, "br").await, "br1-1");
    hand.pass(BURST * 30);
    assert_eq!(form(wire, &mut n, "br").await, "br3-1");
}

#[tokio::test]
async fn forms_that_are_ready_cost_nothing_and_are_sent_all_the_time() {
    let (wires, hand, _) = serve().await;
    let mut n = 0;
    for wire in wires {
        let asked = [("accept-encoding", "br")];
        let first = wire.get("/prepared", &asked).await;
        let seen = wire.get("/new/1", &asked).await;
        hand.each_encoding_takes(tenth());
        until(wire, &mut n, "").await;
        assert_eq!(wire.get("/prepared", &asked).await.body, first.body);
        assert_eq!(wire.get("/new/1", &asked).await.body, seen.body);
        let late = wire.get("/late", &asked).await;
        assert_eq!((late.header("content-encoding"), &late.body[..]), ("", &json(6_000)[..]));
        hand.each_encoding_takes(Duration::ZERO);
        hand.pass(BURST * 200);
    }
}

#[tokio::test]
async fn who_refuses_the_plain_body_gets_the_cheapest_form() {
    let (wires, hand, _) = serve().await;
    let mut n = 0;
    hand.each_encoding_takes(tenth());
    until(wires[1], &mut n, "").await;
    assert_eq!(form(wires[1], &mut n, "br, gzip, *;q=0").await.split_once('-').expect("a form").0, "gz1");
}

#[tokio::test]
async fn without_a_limit_effort_stays() {
    let (builder, _) = measured();
    let hand = Hand::default();
    let budget = BudgetConfig { core_percent: 0, burst: BURST };
    let layer = builder.quick([Coding::Brotli]).budget(budget).clock(hand.clock());
    let body = async |Path(n): Path<usize>| respond(json(4_000 + n), &[]).map(Body::new);
    let routes = Router::new().route("/new/{n}", get(body)).layer(layer.build().expect("valid"));
    hand.each_encoding_takes(BURST * 100);
    let mut n = 0;
    assert_eq!(forms(wires(routes).await[0], &mut n, 10, || ()).await, ["br3-1"]);
}

#[test]
fn shares_are_checked() {
    let builder = || measured().0;
    for budget in [
        BudgetConfig { core_percent: 101, ..Default::default() },
        BudgetConfig { burst: Duration::ZERO, ..Default::default() },
    ] {
        assert!(builder().budget(budget).build().is_err());
    }
    assert!(serde_json::from_str::<BudgetConfig>(r#"{"percent":5}"#).is_err());
}
