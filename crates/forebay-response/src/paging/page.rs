use super::{Links, PageConfig};
use http::{HeaderMap, Uri};
use serde::Serialize;

/// One page of a list, and the cursor of the next one. Through serde it is `{"items":[…],"next":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the page after it; `None` when this is the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Sets `Link` (RFC 8288) with `first`, and with `next` where there is a next page: the target of the request with
    /// another cursor. Other parameters stay as they are.
    pub fn link(&self, request: &Uri, config: &PageConfig, headers: &mut HeaderMap) {
        let with = |cursor| with_parameter(request, &config.cursor_parameter, cursor);
        let links = Links::new().to("first", &with(None));
        let links = match &self.next {
            Some(next) => links.to("next", &with(Some(next))),
            None => links,
        };
        links.insert(headers);
    }
}

/// Path and query of a URI with one parameter set, or taken away. The value is one that needs no encoding.
fn with_parameter(uri: &Uri, name: &str, value: Option<&str>) -> String {
    let is_other = |pair: &&str| {
        let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
        !pair.is_empty() && key != name
    };
    let query = uri.query().unwrap_or_default();
    let mut pairs: Vec<_> = query.split('&').filter(is_other).map(str::to_owned).collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    if pairs.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), pairs.join("&")) }
}
