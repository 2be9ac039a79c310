use super::{asked::Asked, layer::Shared};
use crate::{
    Coding,
    encode::{Growth, KindKey, Pressure, START_BYTES, encode_padded},
    metrics::Skip,
};
use bytes::Bytes;
use http::HeaderValue;
use std::time::Duration;

/// How a body is to be encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) coding: Coding,
    pub(super) level: u32,
    /// The kind of response it is, to learn from.
    pub(super) kind: KindKey,
}

/// A body whose forms are yet to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) coding: Coding,
    pub(super) length: u64,
    /// Whether its forms are made once and kept with it, at a level of their own.
    pub(super) prepared: bool,
}

/// What goes before brotli, and before each other, where time is short.
const CHEAPER: [Coding; 3] = [Coding::Zstd, Coding::Gzip, Coding::Deflate];

impl<E> Shared<E> {
    /// Whether a body of this length is to be encoded.
    pub(super) fn is_worth(
        &self,
        asked: &Asked,
        content_type: Option<&HeaderValue>,
        coding: Coding,
        length: u64,
    ) -> Result<(), Skip> {
        if !asked.accepts.allows_identity() {
            return Ok(());
        }
        let Some(learned) = &self.learned else {
            let min_bytes = self.config.min_bytes.unwrap_or(START_BYTES);
            return if length >= min_bytes { Ok(()) } else { Err(Skip::Small) };
        };
        let kind = KindKey::of(asked.route, content_type, coding, length);
        match learned.is_worth(kind, length, self.budget.now()) {
            true => Ok(()),
            false if length < START_BYTES => Err(Skip::Small),
            false => Err(Skip::NotWorthIt),
        }
    }

    /// How to encode when time does not matter.
    pub(super) fn usual(&self, asked: &Asked, content_type: Option<&HeaderValue>, work: Work) -> Effort {
        let Work { coding, length, prepared } = work;
        let kind = KindKey::of(asked.route, content_type, coding, length);
        let config = &self.config;
        let level = if prepared { config.prepared_level(coding) } else { config.level(coding, length) };
        Effort { coding, level, kind }
    }

    /// How to encode within the budget; nothing when the body is to be sent as it is.
    pub(super) fn effort(
        &self,
        asked: &Asked,
        content_type: Option<&HeaderValue>,
        work: Work,
    ) -> Option<Effort> {
        let Effort { kind, .. } = self.usual(asked, content_type, work);
        let Work { coding, length, .. } = work;
        let expected = self.learned.as_ref().map_or(Duration::ZERO, |learned| learned.expected(kind, length));
        let mut pressure = self.budget.pressure(expected);
        if pressure == Pressure::Plain && !asked.accepts.allows_identity() {
            pressure = Pressure::CheaperCoding;
        }
        if pressure != Pressure::None {
            self.watch.pressed(pressure);
        }
        let coding = match pressure {
            Pressure::Plain => return None,
            Pressure::CheaperCoding => self.cheaper(asked, coding),
            Pressure::None | Pressure::LowerLevel => coding,
        };
        let mut effort = self.usual(asked, content_type, Work { coding, ..work });
        // What is made once and used often is made well: a poor form would stay.
        if pressure != Pressure::None && !work.prepared {
            effort.level = self.config.pressed_level(coding);
        }
        Some(effort)
    }

    /// The cheapest coding the client accepts, if it is cheaper than the one chosen.
    fn cheaper(&self, asked: &Asked, chosen: Coding) -> Coding {
        let before = CHEAPER.iter().take_while(|&&coding| coding != chosen);
        let usable =
            |coding: &&Coding| self.config.codings.contains(coding) && asked.accepts.allows(**coding);
        before.copied().find(|coding| usable(&coding)).unwrap_or(chosen)
    }

    /// Encodes, and takes note of what it took and what it was good for.
    pub(super) fn timed(&self, effort: Effort, data: &[u8], growth: Growth) -> Option<Bytes> {
        self.measured(effort, data, || self.encoders.encode(effort.coding, effort.level, data, growth))
    }

    /// The same with padding, so that the length says less about the content.
    pub(super) fn timed_padded(&self, effort: Effort, data: &[u8]) -> Option<Bytes> {
        self.measured(effort, data, || encode_padded(&self.encoders, effort.coding, effort.level, data))
    }

    fn measured(&self, effort: Effort, data: &[u8], encode: impl FnOnce() -> Option<Bytes>) -> Option<Bytes> {
        let began = self.budget.now();
        let encoded = encode();
        let took = self.budget.pay(began);
        let sent = encoded.as_ref().map_or(data.len(), Bytes::len);
        self.watch.encoded(effort.coding, data.len(), sent, took);
        if let Some(learned) = &self.learned {
            learned.note(effort.kind, data.len(), sent, took, began + took);
        }
        encoded
    }
}
