use super::{
    lifetime::Lifetime,
    query::Search,
    stored::{Body, Kept, Stored, StoredResponse, Varies},
};
use bytes::Bytes;
use forebay_cache::Tag;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The form in which remote tiers keep a response.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Wire {
    Response {
        status: u16,
        headers: Vec<(String, Bytes)>,
        body: Bytes,
        arrived_ms: u64,
        age: u64,
        /// Fresh, stale while it is refreshed, stale if there is an error: seconds.
        lifetime: (u64, u64, u64),
        for_credentials: bool,
        tags: Vec<Tag>,
    },
    Varies {
        names: Vec<String>,
        generation: u64,
    },
    Search(Search),
    Pass,
}

impl From<StoredResponse> for Wire {
    fn from(stored: StoredResponse) -> Self {
        match stored.0 {
            Stored::Response(kept) => Self::Response {
                status: kept.status.as_u16(),
                headers: kept
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())))
                    .collect(),
                body: kept.body.bytes().clone(),
                arrived_ms: millis(kept.arrived),
                age: kept.age,
                lifetime: (
                    kept.lifetime.fresh,
                    kept.lifetime.stale_while_revalidate,
                    kept.lifetime.stale_if_error,
                ),
                for_credentials: kept.for_credentials,
                tags: kept.tags.clone(),
            },
            Stored::Varies(varies) => Self::Varies {
                names: varies.names.iter().map(|name| name.as_str().to_owned()).collect(),
                generation: varies.generation,
            },
            Stored::Search(search) => Self::Search(search),
            Stored::Pass => Self::Pass,
        }
    }
}

impl TryFrom<Wire> for StoredResponse {
    type Error = http::Error;

    fn try_from(wire: Wire) -> Result<Self, http::Error> {
        Ok(Self(match wire {
            Wire::Response { status, headers, body, arrived_ms, age, lifetime, for_credentials, tags } => {
                let mut map = HeaderMap::with_capacity(headers.len() + Kept::ADDED_HEADERS);
                for (name, value) in headers {
                    map.append(HeaderName::try_from(name)?, HeaderValue::from_maybe_shared(value)?);
                }
                let (fresh, stale_while_revalidate, stale_if_error) = lifetime;
                Stored::Response(Arc::new(Kept {
                    status: StatusCode::from_u16(status)?,
                    body: Body::new(&map, body),
                    headers: map,
                    arrived: SystemTime::UNIX_EPOCH + Duration::from_millis(arrived_ms),
                    age,
                    lifetime: Lifetime { fresh, stale_while_revalidate, stale_if_error },
                    for_credentials,
                    tags,
                }))
            }
            Wire::Varies { names, generation } => {
                let names: Result<Vec<_>, _> = names.into_iter().map(HeaderName::try_from).collect();
                Stored::Varies(Varies::new(names?, generation))
            }
            Wire::Search(search) => Stored::Search(search),
            Wire::Pass => Stored::Pass,
        }))
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_comes_back_from_a_remote_tier_as_it_was() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        for line in ["<a>", "<b>"] {
            headers.append("link", HeaderValue::from_static(line));
        }
        let kept = Kept {
            status: StatusCode::NOT_FOUND,
            body: Body::new(&headers, Bytes::from_static(b"gone")),
            headers,
            arrived: SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567),
            age: 3,
            lifetime: Lifetime { fresh: 60, stale_while_revalidate: 5, stale_if_error: 6 },
            for_credentials: true,
            tags: vec![Tag::named("a")],
        };
        let sent = StoredResponse(Stored::Response(Arc::new(kept)));
        let bytes = rmp_serde::to_vec(&sent).expect("it is written");
        let back: StoredResponse = rmp_serde::from_slice(&bytes).expect("it is read");
        let (Some(sent), Some(back)) = (sent.kept(), back.kept()) else { panic!("responses") };
        assert!(sent.is_equal(back));
        assert_eq!((&sent.headers, sent.arrived, sent.age), (&back.headers, back.arrived, back.age));
        assert_eq!((sent.lifetime, sent.for_credentials), (back.lifetime, back.for_credentials));
        assert_eq!(sent.tags, back.tags);
    }
}
