//! Names of tables and columns, so that no rule can know a case by them.

/// One trade's names.
pub(crate) struct Words {
    /// The table with most rows.
    pub(crate) big: &'static str,
    /// The table its rows belong to.
    pub(crate) small: &'static str,
    /// The table whose rows belong to those of `big`.
    pub(crate) other: &'static str,
    /// From `big` to `small`.
    pub(crate) of_small: &'static str,
    /// From `other` to `big`.
    pub(crate) of_big: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) at: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) note: &'static str,
    /// A number with many values that nothing is known of.
    pub(crate) reference: &'static str,
    /// Columns of which one tells the others.
    pub(crate) together: [&'static str; 3],
}

pub(crate) const WORDS: [Words; 5] = [
    Words {
        big: "orders",
        small: "customers",
        other: "shipments",
        of_small: "customer_id",
        of_big: "order_id",
        kind: "status",
        at: "created_at",
        amount: "total",
        note: "remark",
        reference: "voucher",
        together: ["country", "province", "city"],
    },
    Words {
        big: "events",
        small: "devices",
        other: "alarms",
        of_small: "device",
        of_big: "event",
        kind: "category",
        at: "seen",
        amount: "reading",
        note: "payload",
        reference: "batch",
        together: ["make", "model", "trim"],
    },
    Words {
        big: "messages",
        small: "accounts",
        other: "attachments",
        of_small: "sender",
        of_big: "message_id",
        kind: "folder",
        at: "sent_at",
        amount: "size",
        note: "body",
        reference: "thread",
        together: ["language", "script", "region"],
    },
    Words {
        big: "bookings",
        small: "hotels",
        other: "payments",
        of_small: "hotel_id",
        of_big: "booking_id",
        kind: "state",
        at: "arrival",
        amount: "nights",
        note: "wishes",
        reference: "offer",
        together: ["agency", "brand", "season"],
    },
    Words {
        big: "\"Samples\"",
        small: "probes",
        other: "verdicts",
        of_small: "\"probeId\"",
        of_big: "\"sampleId\"",
        kind: "\"kind\"",
        at: "\"takenAt\"",
        amount: "\"level\"",
        note: "\"comment\"",
        reference: "\"lot\"",
        together: ["\"lab\"", "\"bench\"", "\"shelf\""],
    },
];
