use serde::{Deserialize, Serialize};

/// An account and its state; `version` counts its payments' commits, so an answer tells how fresh it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) nation: String,
    pub(crate) segment: String,
    pub(crate) phone: String,
    pub(crate) balance_cents: i64,
    pub(crate) version: i64,
    pub(crate) payments: i64,
}

/// One payment into an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: i64,
    pub(crate) amount_cents: i64,
    pub(crate) memo: String,
}

/// A part of an answer as JSON text: written once, then copied into every answer that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fragment(String);

impl Fragment {
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an account ordered, summed up for its dashboard.
#[derive(Debug, Serialize)]
pub(crate) struct Orders {
    pub(crate) by_status: Vec<StatusTotal>,
    pub(crate) latest: Vec<Order>,
    pub(crate) by_month: Vec<MonthTotal>,
    pub(crate) top_parts: Vec<PartTotal>,
}

#[derive(Debug, Serialize)]
pub(crate) struct StatusTotal {
    pub(crate) status: String,
    pub(crate) orders: i64,
    pub(crate) total_cents: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Order {
    pub(crate) order: i64,
    pub(crate) date: String,
    pub(crate) status: String,
    pub(crate) priority: String,
    pub(crate) clerk: String,
    pub(crate) total_cents: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct MonthTotal {
    pub(crate) month: String,
    pub(crate) orders: i64,
    pub(crate) total_cents: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct PartTotal {
    pub(crate) part: i64,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) total_cents: i64,
}

/// What an account holds, by part and by brand.
#[derive(Debug, Serialize)]
pub(crate) struct Holdings {
    pub(crate) positions: Vec<Holding>,
    pub(crate) by_brand: Vec<BrandTotal>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Holding {
    pub(crate) part: i64,
    pub(crate) name: String,
    pub(crate) brand: String,
    pub(crate) kind: String,
    pub(crate) quantity: i64,
    pub(crate) cost_cents: i64,
    pub(crate) value_cents: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct BrandTotal {
    pub(crate) brand: String,
    pub(crate) quantity: i64,
    pub(crate) value_cents: i64,
}

/// A page of an account's line items, newest first; `next` is the cursor of the page after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LedgerPage {
    /// An array of [`LedgerEntry`].
    pub(crate) entries: Fragment,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LedgerEntry {
    pub(crate) date: String,
    pub(crate) order: i64,
    pub(crate) line: i32,
    pub(crate) part: i64,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) price_cents: i64,
    pub(crate) discount_percent: i32,
    pub(crate) tax_percent: i32,
    pub(crate) returned: String,
    pub(crate) shipped: String,
    pub(crate) by: String,
}

/// One part of the catalogue.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) part: i64,
    pub(crate) name: String,
    pub(crate) brand: String,
    pub(crate) kind: String,
    pub(crate) size: i32,
    pub(crate) price_cents: i64,
}

/// What a payment did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) payment: i64,
    pub(crate) account: i64,
    pub(crate) balance_cents: i64,
    pub(crate) version: i64,
    pub(crate) payments: i64,
}
