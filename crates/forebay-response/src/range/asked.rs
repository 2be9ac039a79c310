use super::spec::Spec;
use crate::validate::{Base, EntityTag, Form, read_date};
use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{DATE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE},
};
use std::time::{Duration, SystemTime};

/// The parts a GET asks for, and the state of the body they are to be parts of.
#[derive(Debug, Clone)]
pub(crate) struct RangeAsked {
    pub(super) specs: Vec<Spec>,
    condition: Option<HeaderValue>,
}

impl RangeAsked {
    /// Nothing without a `Range` that can be followed: only GET has ranges (RFC 9110 section 14.2).
    pub(crate) fn of<B>(request: &Request<B>, count_max: usize) -> Option<Self> {
        let headers = request.headers();
        let mut lines = headers.get_all(RANGE).iter();
        let line = lines.next()?;
        if request.method() != Method::GET || lines.next().is_some() {
            return None;
        }
        let specs = Spec::list(line.as_bytes(), count_max)?;
        Some(Self { specs, condition: headers.get(IF_RANGE).cloned() })
    }

    /// The form of the body of which the client has a part already, by its `If-Range`: the rest must come from
    /// the same one.
    pub(crate) fn form(&self, base: Base<'_>) -> Option<Form> {
        let listed = EntityTag::parse(self.condition.as_ref()?.as_bytes())?;
        if base.is_same(&listed) { base.form(&listed) } else { None }
    }

    /// Whether `If-Range` (section 13.1.5) lets parts of a body with these headers be sent: its tag is the same
    /// by strong comparison, or its date is exactly the body's, and old enough to tell two states apart.
    pub(crate) fn holds(&self, headers: &HeaderMap) -> bool {
        let Some(condition) = &self.condition else { return true };
        if condition.as_bytes().starts_with(b"\"") {
            return headers.get(ETAG) == Some(condition);
        }
        let Some(modified) = headers.get(LAST_MODIFIED).and_then(read_date) else { return false };
        let now = headers.get(DATE).and_then(read_date).unwrap_or_else(SystemTime::now);
        read_date(condition) == Some(modified) && modified + Duration::from_secs(1) <= now
    }
}
