//! The rows of the leads' file: the person as somebody typed it in.

use leads::{Timestamp, Value};

use super::fate::Fate;
use super::names::plain;
use super::person::{EmailKind, Person};
use super::{Options, Row, TRAITS};
use crate::dice::{Dice, Purpose};

pub(super) fn rows(options: &Options, number: u64, fate: &Fate, person: &Person) -> Vec<Row> {
    let mut dice = Dice::new(options.seed, Purpose::Row, number);
    let row = Row {
        lead: number.to_string(),
        created_at: Timestamp::saturating_from_millis(fate.created_at),
        traits: traits(&mut dice, fate, person),
    };
    if fate.listed_twice { vec![row.clone(), row] } else { vec![row] }
}

fn traits(dice: &mut Dice, fate: &Fate, person: &Person) -> Vec<Option<Value>> {
    let firm = &person.firm;
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    // Who writes from a private address often does not say where they work.
    let says_firm = dice.chance(if person.email_kind == EmailKind::Business { 950 } else { 450 });
    let of_firm = |value: Option<Value>| value.filter(|_| says_firm);
    let says_title = dice.chance(860);
    let says_city = dice.chance(800);
    let domain = person.email.rsplit('@').next().unwrap_or_default();
    let values: [Option<Value>; TRAITS.len()] = [
        Some(Value::Text(typed(dice, &person.name))),
        Some(Value::Bool(person.gibberish)),
        Some(Value::Text(typed_address(dice, &person.email))),
        text(domain),
        text(person.email_kind.name()),
        person.phone.as_deref().and_then(text),
        Some(Value::Text(typed(dice, person.title))).filter(|_| says_title),
        text(person.seniority.name()).filter(|_| says_title),
        of_firm(Some(Value::Text(typed(dice, &firm.name)))),
        of_firm(text(&firm.domain)),
        of_firm(Some(Value::Number(firm.employees as f64))).filter(|_| dice.chance(900)),
        of_firm(text(firm.industry)),
        text(firm.market.country),
        text(person.city).filter(|_| says_city),
        text(person.language),
        text(fate.origin.source),
        text(fate.origin.medium),
        fate.origin.campaign.and_then(text),
        Some(Value::Bool(dice.chance(780))),
    ];
    values.into()
}

/// Most people type properly. The rest shout, whisper, leave blanks, or have no accents.
fn typed(dice: &mut Dice, text: &str) -> String {
    match dice.below(100) {
        0..2 => text.to_uppercase(),
        2..5 => text.to_lowercase(),
        5..7 => format!(" {text} "),
        7..8 => text.replace(' ', "  "),
        8..14 => plain(text),
        _ => text.to_owned(),
    }
}

fn typed_address(dice: &mut Dice, address: &str) -> String {
    match dice.below(100) {
        0..2 => address.to_uppercase(),
        2..4 => format!("{address} "),
        _ => address.to_owned(),
    }
}
