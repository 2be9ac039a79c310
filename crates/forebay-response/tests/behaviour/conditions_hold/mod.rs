//! What holds of any `Range` and any list of tags, told by readers of their own.

use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::ResponseLayer;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use std::{
    convert::Infallible,
    ops::RangeInclusive,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};
use tower::{Layer, ServiceExt, service_fn};

/// Long enough that some lists of parts are shorter than the whole, and some are not.
static BODY: LazyLock<Vec<u8>> = LazyLock::new(|| (b'a'..=b'z').cycle().take(1_800).collect());
/// What one part of several needs besides its bytes, and then the end, at the most.
const PART_HEAD_BYTES: usize = 110;
const TAG: &str = "\"v,1\"";

/// Answers a GET with this header for the body and tag above; nothing of it waits.
fn answer(header: &str, value: &[u8]) -> Option<(http::response::Parts, Bytes)> {
    let value = HeaderValue::from_bytes(value).ok()?;
    let layer = ResponseLayer::builder().meter(Meter::disabled()).build().expect("the defaults are valid");
    let service = layer.layer(service_fn(async |_: Request<()>| {
        let response = Response::builder().header("content-type", "text/plain").header("etag", TAG);
        Ok::<_, Infallible>(response.body(Full::new(Bytes::from_static(&BODY))).expect("valid"))
    }));
    let request = Request::builder().header(header, value).body(()).expect("valid");
    let mut answering = pin!(async {
        let (parts, body) = service.oneshot(request).await.expect("the service does not fail").into_parts();
        (parts, body.collect().await.expect("the body is read to its end").to_bytes())
    });
    match answering.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => panic!("everything is there"),
    }
}

/// The places a `Range` asks for, if it is one; the slow way (RFC 9110, section 14.1.2).
fn asked(value: &[u8]) -> Option<Vec<RangeInclusive<usize>>> {
    let text = std::str::from_utf8(value).ok()?;
    let (unit, list) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| -> Option<u128> {
        let digits = text.trim_start_matches('0');
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // One that is longer lies behind every body.
        is_number.then(|| {
            if digits.len() > 30 { u128::MAX } else { format!("0{digits}").parse().expect("digits") }
        })
    };
    let (mut places, mut count, end) = (Vec::new(), 0, BODY.len() as u128);
    for member in
        list.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|member| !member.is_empty())
    {
        count += 1;
        let (first, last) = member.split_once('-')?;
        let place = match (first, last) {
            ("", last) => {
                let count = number(last)?;
                (count > 0).then(|| (end.saturating_sub(count), end - 1))
            }
            (first, "") => Some((number(first)?, end - 1)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return None;
                }
                Some((first, last.min(end - 1)))
            }
        };
        let place = place.filter(|(first, _)| *first < end);
        places.extend(place.map(|(first, last)| {
            let at = |place: u128| usize::try_from(place).expect("within the body");
            at(first)..=at(last)
        }));
    }
    (count > 0 && count <= 16).then_some(places)
}

/// Any `Range`: what is one is answered with its parts or with 416, all else with the whole body.
pub(crate) fn any_range(value: &[u8]) {
    let Some((parts, body)) = answer("range", value) else { return };
    let text = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().expect("text"));
    // What a header cannot have is cut from its ends before anybody reads it.
    match asked(value) {
        None => assert!(parts.status == StatusCode::OK && body == *BODY, "{value:?}"),
        Some(places) if places.is_empty() => {
            assert_eq!((parts.status, body.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0), "{value:?}");
            assert_eq!(text("content-range"), format!("bytes */{}", BODY.len()));
        }
        Some(places) => {
            // A client that asks for all there is may get it as a whole, and one whose parts would be no shorter.
            if parts.status == StatusCode::OK {
                let covered = covered(&places);
                let parts = covered.chunk_by(|before, at| before == at).filter(|run| run[0]);
                let (count, bytes) = parts.fold((0, 0), |(count, bytes), run| (count + 1, bytes + run.len()));
                let no_shorter = count > 1 && bytes + (count + 1) * PART_HEAD_BYTES >= BODY.len();
                return assert!(body == *BODY && (bytes == BODY.len() || no_shorter), "{value:?}");
            }
            assert_eq!(parts.status, StatusCode::PARTIAL_CONTENT, "{value:?}");
            let sent = if text("content-type").starts_with("multipart/") {
                multipart(&body)
            } else {
                vec![part(text("content-range"), &body)]
            };
            assert_eq!(covered(&sent), covered(&places), "{value:?}");
        }
    }
}

fn covered(places: &[RangeInclusive<usize>]) -> Vec<bool> {
    (0..BODY.len()).map(|at| places.iter().any(|place| place.contains(&at))).collect()
}

/// Checks one part, and tells where it is.
fn part(range: &str, body: &[u8]) -> RangeInclusive<usize> {
    let place = range.strip_prefix("bytes ").and_then(|rest| rest.split_once('/'));
    let (place, length) = place.expect("a place and a length");
    let (first, last) = place.split_once('-').expect("a place");
    let place = first.parse().expect("a number")..=last.parse().expect("a number");
    assert_eq!((length.parse(), body), (Ok(BODY.len()), &BODY[place.clone()]));
    place
}

fn multipart(body: &[u8]) -> Vec<RangeInclusive<usize>> {
    let text = std::str::from_utf8(body).expect("the body is text");
    let heads = text.split("\r\n--").filter_map(|piece| piece.split_once("\r\n\r\n"));
    let places = heads.map(|(head, content)| {
        let range = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-range").then(|| value.trim())
        });
        part(range.expect("each part says where it is"), content.as_bytes())
    });
    places.collect()
}

/// Any `If-None-Match`: a list that has the tag, or `*`, is answered with 304; and nothing is that does not have it.
pub(crate) fn any_tags(value: &[u8]) {
    let Some((parts, body)) = answer("if-none-match", value) else { return };
    let has = String::from_utf8_lossy(value).contains(TAG) || value.trim_ascii() == b"*";
    match parts.status {
        StatusCode::NOT_MODIFIED => {
            assert!(has && body.is_empty(), "{value:?}");
            let etag = parts.headers["etag"].to_str().expect("text");
            assert_eq!(etag.trim_start_matches("W/"), TAG);
        }
        status => {
            assert!(status == StatusCode::OK && body == *BODY && listed(value) != Some(true), "{value:?}");
        }
    }
}

/// Whether a well-formed list has the tag; the slow way (RFC 9110, section 8.8.3).
fn listed(value: &[u8]) -> Option<bool> {
    let mut rest = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    if rest == "*" {
        return Some(true);
    }
    let mut found = false;
    while !rest.is_empty() {
        let tag = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = tag.split_once('"')?;
        found |= format!("\"{opaque}\"") == TAG;
        let after = after.trim_start_matches([' ', '\t']);
        rest = if after.is_empty() { after } else { after.strip_prefix(',')?.trim_matches([' ', '\t', ',']) };
    }
    Some(found)
}

/// The same for texts made of what ranges and tags are made of, so that any bytes at all lead somewhere.
pub(crate) fn any_tokens(bytes: &[u8]) {
    const RANGE: [&str; 12] = ["0", "1", "9", "1799", "1800", "-", "-", ",", " ", "5-", "-3", "7-8"];
    const TAGS: [&str; 8] = [TAG, "W/", "\"", ",", " ", "\"x\"", "*", "v,1"];
    let of = |tokens: &[&str]| -> String {
        bytes.iter().map(|byte| tokens[usize::from(*byte) % tokens.len()]).collect()
    };
    any_range(format!("bytes={}", of(&RANGE)).as_bytes());
    any_tags(of(&TAGS).as_bytes());
}
