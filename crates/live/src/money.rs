//! What deals in other currencies are worth in the one that priorities are reckoned in.

use std::collections::BTreeMap;

use leads::Deal;
use serde_json::Value as Json;
use store::{DbError, Tx, settings};

/// The setting that says it.
pub const MONEY: &str = "money";

/// Parts of a rate's unit: nine decimals, more than any table of rates has.
const PARTS: f64 = 1e9;

/// The greatest rate: the dearest currency there is costs a fifth of a million of the cheapest.
const RATE_MAX: f64 = 1e9;

/// More currencies than there are.
const RATES_MAX: usize = 250;

/// What one unit of each currency is worth.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rates {
    /// The currency that priorities are reckoned in. Without one, all amounts count as they are written.
    base: Option<String>,
    /// One unit of each other, in billionths of the base's.
    others: BTreeMap<String, i64>,
}

impl Rates {
    /// Reads them as they are set: `{"currency": "EUR", "rates": {"USD": 0.92}}`, where a rate (a number, or a
    /// decimal as text) is what one unit of that currency is worth in `currency`. The error is a sentence.
    pub fn read(value: &Json) -> Result<Self, String> {
        let map = value.as_object().ok_or("money: must be an object")?;
        if let Some(odd) = map.keys().find(|key| !["currency", "rates"].contains(&key.as_str())) {
            return Err(format!("money: knows `currency` and `rates`, not {odd:?}"));
        }
        let base = match map.get("currency") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(code(text)?),
            Some(_) => return Err("money: `currency` is a text, such as EUR".to_owned()),
        };
        let given = match map.get("rates") {
            None | Some(Json::Null) => return Ok(Self { base, others: BTreeMap::new() }),
            Some(Json::Object(rates)) => rates,
            Some(_) => {
                return Err("money: `rates` is an object, such as {\"USD\": 0.92}".to_owned());
            }
        };
        if base.is_none() && !given.is_empty() {
            return Err("money: `rates` need a `currency` that they lead to".to_owned());
        }
        if given.len() > RATES_MAX {
            return Err(format!("money: has more than {RATES_MAX} rates"));
        }
        let mut others = BTreeMap::new();
        for (currency, rate) in given {
            let currency = code(currency)?;
            if base.as_ref() == Some(&currency) {
                return Err(format!("money: `{currency}` is the currency itself, and has no rate"));
            }
            let units = match rate {
                Json::Number(number) => number.as_f64(),
                Json::String(text) => leads::read_number(text),
                _ => None,
            };
            let parts = units.filter(|units| *units <= RATE_MAX).map(|units| units * PARTS);
            let parts = parts.filter(|parts| *parts >= 1.0).ok_or_else(|| {
                format!("money: the rate of `{currency}` is a number above 0, as in 0.92")
            })?;
            if others.insert(currency.clone(), parts.round() as i64).is_some() {
                return Err(format!("money: has two rates of `{currency}`"));
            }
        }
        Ok(Self { base, others })
    }

    /// The rates that are set; none where they cannot be read (they were checked by an earlier program).
    pub(crate) fn set(tx: &mut Tx<'_>) -> Result<Self, DbError> {
        let Some(setting) = settings::find(tx, MONEY)? else { return Ok(Self::default()) };
        Ok(Self::read(&setting.value).unwrap_or_else(|reason| {
            tracing::error!(reason, "what money is worth cannot be read: amounts count as written");
            Self::default()
        }))
    }

    /// What an amount (in hundredths) is worth, in hundredths of the base's unit. Without a currency it is one
    /// in the base; `None` for a currency whose worth nobody has said.
    pub(crate) fn worth(&self, minor: i64, currency: Option<&str>) -> Option<i64> {
        let (Some(base), Some(currency)) = (&self.base, currency) else { return Some(minor) };
        if currency.eq_ignore_ascii_case(base) {
            return Some(minor);
        }
        let parts = self.others.get(&currency.to_ascii_uppercase())?;
        let whole = i128::from(minor) * i128::from(*parts);
        let half = PARTS as i128 / 2;
        let worth = (whole + half * whole.signum()) / PARTS as i128;
        i64::try_from(worth).ok()
    }
}

/// A currency's code in capitals.
fn code(text: &str) -> Result<String, String> {
    Deal::currency_named(text).ok_or_else(|| {
        format!("money: {text:?} is no currency: they have three letters, such as EUR")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rates(value: &Json) -> Rates {
        Rates::read(value).unwrap()
    }

    #[test]
    fn an_amount_is_worth_its_rate_rounded_half_away_from_zero() {
        let rates = rates(&json!({"currency": "eur", "rates": {"USD": 0.92, "RON": "0.1967"}}));
        let table = [
            (10_000, Some("EUR"), Some(10_000)),
            (10_000, None, Some(10_000)),
            (10_000, Some("usd"), Some(9200)),
            (100_000, Some("RON"), Some(19_670)),
            (5, Some("RON"), Some(1)),
            (-5, Some("RON"), Some(-1)),
            (2, Some("RON"), Some(0)),
            (i64::MAX, Some("USD"), Some(8_485_502_273_906_393_742)),
            (10_000, Some("GBP"), None),
        ];
        for (minor, currency, worth) in table {
            assert_eq!(rates.worth(minor, currency), worth, "{minor} {currency:?}");
        }
    }

    #[test]
    fn without_a_currency_amounts_count_as_they_are_written() {
        for value in [json!({}), json!({"currency": null, "rates": {}})] {
            assert_eq!(rates(&value).worth(7, Some("GBP")), Some(7));
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_with_its_name() {
        for (value, part) in [
            (json!([]), "an object"),
            (json!({"base": "EUR"}), "\"base\""),
            (json!({"currency": "Euro"}), "\"Euro\""),
            (json!({"currency": 3}), "a text"),
            (json!({"rates": {"USD": 1}}), "need a `currency`"),
            (json!({"currency": "EUR", "rates": {"EUR": 1}}), "itself"),
            (json!({"currency": "EUR", "rates": {"USD": 0}}), "`USD`"),
            (json!({"currency": "EUR", "rates": {"USD": -1}}), "`USD`"),
            (json!({"currency": "EUR", "rates": {"USD": "much"}}), "`USD`"),
            (json!({"currency": "EUR", "rates": {"USD": 1e12}}), "`USD`"),
            (json!({"currency": "EUR", "rates": {"USD": 1, "usd": 1}}), "two rates"),
            (json!({"currency": "EUR", "rates": [1]}), "an object"),
        ] {
            let refused = Rates::read(&value).unwrap_err();
            assert!(refused.contains(part), "{value}: {refused}");
        }
    }
}
