use crate::{Coding, encode::Pressure, range::Cut};
use ::metrics::{Counter, Histogram, Unit};
use forebay_metrics::{Kind, Meter, Metric};
use std::time::Duration;

const BODY_BYTES: Metric = Metric::counter(
    "forebay_response_body_bytes_total",
    &["coding"],
    "Bytes of whole bodies before encoding, by the coding they were sent in.",
);
const SENT_BYTES: Metric = Metric::counter(
    "forebay_response_sent_bytes_total",
    &["coding"],
    "Bytes of whole bodies as they were sent, by coding.",
);
const RATIO: Metric = Metric {
    name: "forebay_response_encoded_ratio",
    kind: Kind::Histogram,
    unit: Unit::Count,
    help: "Encoded length over plain length of each whole body that was encoded; 1 where it was no shorter.",
    labels: &["coding"],
};
const ENCODE_SECONDS: Metric =
    Metric::seconds("forebay_response_encode_seconds", &["coding"], "Time spent on encoding one whole body.");
const VARIANTS: Metric = Metric::counter(
    "forebay_response_variant_hits_total",
    &["source"],
    "Responses sent from encoded bytes that were ready.",
);
const NOT_MODIFIED: Metric =
    Metric::counter("forebay_response_not_modified_total", &[], "Responses that became a 304.");
const FAILED: Metric = Metric::counter(
    "forebay_response_precondition_failed_total",
    &[],
    "Responses that became a 412, because the client insisted on another state.",
);
const RANGES: Metric = Metric::counter(
    "forebay_response_ranges_total",
    &["outcome"],
    "Requests for parts of a body the layer held, by outcome: parts, all of it, or nothing (416).",
);
const SKIPPED: Metric = Metric::counter(
    "forebay_response_skipped_total",
    &["reason"],
    "Responses sent without an encoding of ours, by reason.",
);
const STREAMS: Metric = Metric::counter(
    "forebay_response_streams_total",
    &["coding"],
    "Responses encoded while they were streamed.",
);

const UPGRADES: Metric = Metric::counter(
    "forebay_response_upgrades_total",
    &["outcome"],
    "Encoded forms that were sent often and so were made again at a higher level, by outcome: better, no_better, or refused because too many waited.",
);
const PRESSURE: Metric = Metric::counter(
    "forebay_response_pressure_total",
    &["step"],
    "Bodies encoded with less effort because encoders had used up their share of the processor, by step: at a lower level, in a cheaper coding, not at all.",
);
pub(crate) const OBSERVED: Metric = Metric::counter(
    "forebay_response_observed_total",
    &["outcome"],
    "Responses whose sending was observed only, by what would have been sent; right and wrong are encoded bodies.",
);
pub(crate) const PAYLOAD: Metric = Metric::bytes(
    "forebay_response_payload_bytes",
    &["route"],
    "Lengths of whole bodies before encoding, by matched route.",
);
pub(crate) const ROUTE_SENT: Metric = Metric::counter(
    "forebay_response_route_sent_bytes_total",
    &["route"],
    "Bytes of whole bodies as they were sent, by matched route.",
);
pub(crate) const ROUTE_ANSWERS: Metric = Metric::counter(
    "forebay_response_route_answers_total",
    &["route", "answer"],
    "Responses by matched route and form: whole, as a stream, or as a 304.",
);

pub(crate) const CACHE: Metric = Metric::counter(
    "forebay_response_cache_total",
    &["outcome"],
    "Requests to cached routes, by what came of them.",
);
pub(crate) const CACHE_REFUSED: Metric = Metric::counter(
    "forebay_response_cache_refused_total",
    &["reason"],
    "Requests that went past the response cache and responses that were not kept, by reason.",
);

pub(crate) const FIELDS: Metric = Metric::counter(
    "forebay_response_fields_total",
    &["outcome"],
    "Requests with a field mask: selected, refused (400), malformed (no JSON: 502, or aborted), or passed as they were.",
);
pub(crate) const FIELDS_READ_BYTES: Metric = Metric::counter(
    "forebay_response_fields_read_bytes_total",
    &[],
    "Bytes of whole bodies from which fields were selected.",
);
pub(crate) const FIELDS_SENT_BYTES: Metric = Metric::counter(
    "forebay_response_fields_sent_bytes_total",
    &[],
    "Bytes of those bodies that were selected.",
);
pub(crate) const ITEMS: Metric = Metric::counter(
    "forebay_response_items_total",
    &["stream"],
    "Items written into streaming bodies, by the name of the stream.",
);
pub(crate) const ITEM_STREAMS: Metric = Metric::counter(
    "forebay_response_item_streams_total",
    &["stream", "end"],
    "Streaming bodies made of items, by how they ended: whole, with an error, or dropped before that.",
);
pub(crate) const PRECOMPUTED: Metric = Metric::counter(
    "forebay_response_precomputed_total",
    &["cache", "outcome"],
    "Loads of responses ahead of requests, by outcome: ok or failed.",
);
pub(crate) const PRECOMPUTE_PENDING: Metric = Metric::gauge(
    "forebay_response_precompute_pending",
    &["cache"],
    "Responses that were not fresh when the background task last looked.",
);

/// What this crate measures.
pub const METRICS: &[Metric] = &[
    BODY_BYTES,
    SENT_BYTES,
    RATIO,
    ENCODE_SECONDS,
    VARIANTS,
    NOT_MODIFIED,
    FAILED,
    RANGES,
    SKIPPED,
    STREAMS,
    PRESSURE,
    UPGRADES,
    OBSERVED,
    PAYLOAD,
    ROUTE_SENT,
    ROUTE_ANSWERS,
    FIELDS,
    FIELDS_READ_BYTES,
    FIELDS_SENT_BYTES,
    ITEMS,
    ITEM_STREAMS,
    PRECOMPUTED,
    PRECOMPUTE_PENDING,
    CACHE,
    CACHE_REFUSED,
];

/// Why a response was not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    /// The method or the status leaves no body to encode, or the bytes are no longer HTTP.
    Status,
    /// A part of a body.
    Partial,
    /// The handler encoded it.
    Encoded,
    /// `Cache-Control: no-transform`.
    NoTransform,
    /// The eligibility condition said no.
    Ineligible,
    /// The client accepts none of the codings offered.
    NotAccepted,
    /// Below the minimum length.
    Small,
    /// The encoded form was no shorter.
    NoGain,
    /// A stream, and streams are not to be encoded.
    Stream,
    /// An answer to HEAD whose body nobody has.
    Head,
    /// A response marked as [`SecretAndReflected`](crate::SecretAndReflected), to a request that another site
    /// may have made.
    Guarded,
    /// Bodies of this kind saved too little.
    NotWorthIt,
    /// Encoders have used up their share of the processor.
    Budget,
}

const SKIPS: [(Skip, &str); 13] = [
    (Skip::Status, "status"),
    (Skip::Partial, "partial"),
    (Skip::Encoded, "encoded"),
    (Skip::NoTransform, "no_transform"),
    (Skip::Ineligible, "ineligible"),
    (Skip::NotAccepted, "not_accepted"),
    (Skip::Small, "small"),
    (Skip::NoGain, "no_gain"),
    (Skip::Stream, "stream"),
    (Skip::Head, "head"),
    (Skip::Guarded, "guarded"),
    (Skip::NotWorthIt, "not_worth_it"),
    (Skip::Budget, "budget"),
];

/// What would have become of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Observed {
    /// An encoded body that decodes to what was sent.
    Right,
    /// One that does not.
    Wrong,
    NotModified,
    /// 412.
    Failed,
    /// 206 or 416.
    Range,
    Stream,
    /// As the service made it.
    Plain,
}

const OBSERVATIONS: [&str; 7] =
    ["right", "wrong", "not_modified", "precondition_failed", "range", "stream", "plain"];

/// Where ready bytes came from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ReadyFrom {
    /// A [`Prepared`](crate::Prepared) body.
    Prepared,
    /// The store of encoded forms.
    Store,
}

/// The handles, registered once per layer.
#[derive(Debug)]
pub(crate) struct Watch {
    by_coding: [CodingWatch; Coding::ALL.len()],
    identity_bytes: (Counter, Counter),
    prepared_hits: Counter,
    store_hits: Counter,
    not_modified: Counter,
    failed: Counter,
    ranges: [Counter; 3],
    skipped: [Counter; SKIPS.len()],
    observed: [Counter; OBSERVATIONS.len()],
    pressed: [Counter; 3],
    upgrades: UpgradeWatch,
}

/// What became of forms that were to be made better.
#[derive(Clone)]
pub(crate) struct UpgradeWatch([Counter; 3]);

impl UpgradeWatch {
    pub(crate) fn done(&self, better: bool) {
        self.0[usize::from(!better)].increment(1);
    }

    pub(crate) fn refused(&self) {
        self.0[2].increment(1);
    }
}

impl std::fmt::Debug for UpgradeWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpgradeWatch")
    }
}

struct CodingWatch {
    body_bytes: Counter,
    sent_bytes: Counter,
    ratio: Histogram,
    encode_seconds: Histogram,
    streams: Counter,
}

impl Watch {
    pub(crate) fn new(meter: &Meter) -> Self {
        meter.describe(METRICS);
        let of = |coding: Coding| {
            let labels = &[coding.token()][..];
            CodingWatch {
                body_bytes: meter.counter(&BODY_BYTES, labels),
                sent_bytes: meter.counter(&SENT_BYTES, labels),
                ratio: meter.histogram(&RATIO, labels),
                encode_seconds: meter.histogram(&ENCODE_SECONDS, labels),
                streams: meter.counter(&STREAMS, labels),
            }
        };
        let identity = &["identity"][..];
        Self {
            by_coding: Coding::ALL.map(of),
            identity_bytes: (meter.counter(&BODY_BYTES, identity), meter.counter(&SENT_BYTES, identity)),
            prepared_hits: meter.counter(&VARIANTS, &["prepared"]),
            store_hits: meter.counter(&VARIANTS, &["store"]),
            not_modified: meter.counter(&NOT_MODIFIED, &[]),
            failed: meter.counter(&FAILED, &[]),
            ranges: ["all", "parts", "nothing"].map(|outcome| meter.counter(&RANGES, &[outcome])),
            upgrades: UpgradeWatch(
                ["better", "no_better", "refused"].map(|outcome| meter.counter(&UPGRADES, &[outcome])),
            ),
            pressed: ["lower_level", "cheaper_coding", "plain"].map(|step| meter.counter(&PRESSURE, &[step])),
            skipped: SKIPS.map(|(_, reason)| meter.counter(&SKIPPED, &[reason])),
            observed: OBSERVATIONS.map(|outcome| meter.counter(&OBSERVED, &[outcome])),
        }
    }

    pub(crate) fn skipped(&self, skip: Skip) {
        self.skipped[skip as usize].increment(1);
    }

    pub(crate) fn upgrades(&self) -> UpgradeWatch {
        self.upgrades.clone()
    }

    pub(crate) fn pressed(&self, pressure: Pressure) {
        if let Some(step) = (pressure as usize).checked_sub(1) {
            self.pressed[step].increment(1);
        }
    }

    pub(crate) fn observed(&self, observed: Observed) {
        self.observed[observed as usize].increment(1);
    }

    pub(crate) fn not_modified(&self) {
        self.not_modified.increment(1);
    }

    pub(crate) fn precondition_failed(&self) {
        self.failed.increment(1);
    }

    pub(crate) fn range(&self, cut: Cut) {
        let outcome = match cut {
            Cut::Nothing => 0,
            Cut::Part => 1,
            Cut::All => 2,
        };
        self.ranges[outcome].increment(1);
    }

    pub(crate) fn ready(&self, source: ReadyFrom) {
        match source {
            ReadyFrom::Prepared => self.prepared_hits.increment(1),
            ReadyFrom::Store => self.store_hits.increment(1),
        }
    }

    pub(crate) fn encoded(&self, coding: Coding, body: usize, sent: usize, took: Duration) {
        let of = &self.by_coding[coding.index()];
        of.encode_seconds.record(took);
        // Lengths are far below 2^52.
        of.ratio.record(sent as f64 / body as f64);
    }

    pub(crate) fn sent(&self, coding: Option<Coding>, body: usize, sent: usize) {
        let (body_bytes, sent_bytes) = match coding {
            Some(coding) => {
                let of = &self.by_coding[coding.index()];
                (&of.body_bytes, &of.sent_bytes)
            }
            None => (&self.identity_bytes.0, &self.identity_bytes.1),
        };
        body_bytes.increment(body as u64);
        sent_bytes.increment(sent as u64);
    }

    pub(crate) fn stream(&self, coding: Coding) {
        self.by_coding[coding.index()].streams.increment(1);
    }
}

impl std::fmt::Debug for CodingWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodingWatch")
    }
}
