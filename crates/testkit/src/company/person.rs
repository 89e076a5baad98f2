//! Who a lead is: name, address, role, firm; and how well it really fits.

use super::firm::Firm;
use super::names::{GIBBERISH, Tongue, slug};
use super::title::titles;
use crate::dice::{Dice, Purpose};

/// A person before anyone has typed it into a form.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) firm: Firm,
    pub(super) name: String,
    pub(super) gibberish: bool,
    pub(super) email: String,
    pub(super) email_kind: EmailKind,
    pub(super) title: &'static str,
    pub(super) seniority: Seniority,
    pub(super) phone: Option<String>,
    pub(super) city: &'static str,
    pub(super) language: &'static str,
    /// How well the lead really fits, 0 to 100. Nobody is told; only outcomes depend on it.
    pub(super) fit: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EmailKind {
    Business,
    Personal,
    Throwaway,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seniority {
    CLevel,
    Vp,
    Director,
    Manager,
    Specialist,
    Student,
}

impl EmailKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Personal => "personal",
            Self::Throwaway => "throwaway",
        }
    }
}

impl Seniority {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CLevel => "c_level",
            Self::Vp => "vp",
            Self::Director => "director",
            Self::Manager => "manager",
            Self::Specialist => "specialist",
            Self::Student => "student",
        }
    }
}

impl Person {
    pub(super) fn new(seed: u64, number: u64, firms: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Person, number);
        // The smaller of two draws: some firms have many people among the leads, most have one or two.
        let firm = dice.below(firms as i64).min(dice.below(firms as i64));
        let firm = Firm::new(seed, firm as u64);
        let tongue = firm.market.tongue;
        let given = dice.pick(tongue.given_names());
        let surname = dice.pick(tongue.surnames());
        let gibberish = dice.chance(22);
        let name = if gibberish {
            dice.pick(&GIBBERISH).to_owned()
        } else if tongue == Tongue::Spanish && dice.chance(600) {
            format!("{given} {surname} {}", dice.pick(tongue.surnames()))
        } else {
            format!("{given} {surname}")
        };
        let email_kind = dice.weighted(if gibberish { &EMAIL_OF_GIBBERISH } else { &EMAIL_KINDS });
        let email = address(&mut dice, email_kind, &firm, given, surname);
        let (seniority, titles) = dice.weighted(titles(tongue));
        let title = dice.pick(titles);
        let phone = dice
            .chance(if gibberish { 100 } else { 550 })
            .then(|| format!("{}{:03}", firm.market.phone, dice.below(1000)));
        let city = dice.pick(firm.market.cities);
        let mut person = Self {
            firm,
            name,
            gibberish,
            email,
            email_kind,
            title,
            seniority,
            phone,
            city,
            language: tongue.code(),
            fit: 0,
        };
        person.fit = fit(&person);
        person
    }
}

/// What sales knows after the first call: the points are those of the company that plays here.
fn fit(person: &Person) -> i64 {
    if person.gibberish || person.email_kind == EmailKind::Throwaway {
        return 0;
    }
    let role = match person.seniority {
        Seniority::CLevel => 30,
        Seniority::Vp | Seniority::Director => 26,
        Seniority::Manager => 14,
        Seniority::Specialist => 4,
        Seniority::Student => -15,
    };
    let size = match person.firm.employees {
        ..10 => 2,
        10..50 => 14,
        50..1000 => 26,
        _ => 16,
    };
    let industry = match person.firm.industry {
        "software" | "consulting" | "finance" | "hospitality" | "insurance" => 16,
        "health" | "real_estate" | "design" | "education" => 10,
        _ => 4,
    };
    let market = match person.firm.market.country {
        "ES" | "RO" => 16,
        "GB" | "IE" | "MD" => 6,
        _ => -25,
    };
    let address = if person.email_kind == EmailKind::Business { 8 } else { -8 };
    let phone = if person.phone.is_some() { 4 } else { 0 };
    (role + size + industry + market + address + phone).clamp(0, 100)
}

/// An address that belongs to nobody, so that no demo ever writes to a stranger: firms live under
/// `.example`, and no mail provider hands out names like `81_ana.gil`.
fn address(dice: &mut Dice, kind: EmailKind, firm: &Firm, given: &str, surname: &str) -> String {
    let (given, surname) = (slug(given), slug(surname));
    match kind {
        EmailKind::Business => {
            let initial = &given[..1];
            match dice.below(3) {
                0 => format!("{given}.{surname}@{}", firm.domain),
                1 => format!("{initial}{surname}@{}", firm.domain),
                _ => format!("{initial}.{surname}@{}", firm.domain),
            }
        }
        EmailKind::Personal => {
            let provider = dice.weighted(&PROVIDERS);
            format!("{}_{given}.{surname}@{provider}", dice.between(10, 99))
        }
        EmailKind::Throwaway => {
            let box_number = dice.below(1 << 32);
            format!("{box_number:08x}@{}", dice.pick(&["mailinator.com", "guerrillamail.com"]))
        }
    }
}

const EMAIL_KINDS: [(i64, EmailKind); 3] =
    [(725, EmailKind::Business), (260, EmailKind::Personal), (15, EmailKind::Throwaway)];

const EMAIL_OF_GIBBERISH: [(i64, EmailKind); 3] =
    [(100, EmailKind::Business), (500, EmailKind::Personal), (400, EmailKind::Throwaway)];

const PROVIDERS: [(i64, &str); 4] =
    [(60, "gmail.com"), (18, "yahoo.com"), (14, "hotmail.com"), (8, "outlook.com")];
