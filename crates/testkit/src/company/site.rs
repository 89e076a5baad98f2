//! What there is to see and to open: pages, files, mails, webinars, products.

use crate::dice::Dice;

/// A kind of page, from the first look to the last question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Blog,
    Product,
    Docs,
    Customers,
    Pricing,
    Demo,
    Careers,
}

impl Page {
    pub(super) const ALL: [Self; 8] = [
        Self::Home,
        Self::Blog,
        Self::Product,
        Self::Docs,
        Self::Customers,
        Self::Pricing,
        Self::Demo,
        Self::Careers,
    ];
}

/// A mail that is sent to many.
#[derive(Clone, Copy)]
pub(super) struct Mail {
    pub(super) campaign: &'static str,
    /// An offer; otherwise a newsletter.
    pub(super) promotes: bool,
}

pub(super) const NEWSLETTER: Mail = Mail { campaign: "monthly", promotes: false };

const MAILS: [(i64, Mail); 5] = [
    (45, NEWSLETTER),
    (20, Mail { campaign: "recipes", promotes: false }),
    (15, Mail { campaign: "spring-offer", promotes: true }),
    (10, Mail { campaign: "black-friday", promotes: true }),
    (10, Mail { campaign: "trade-in", promotes: true }),
];

pub(super) const DEVICES: [(i64, &str); 3] = [(62, "desktop"), (33, "mobile"), (5, "tablet")];

pub(super) const NETWORKS: [(i64, &str); 4] =
    [(50, "linkedin"), (20, "instagram"), (20, "facebook"), (10, "x")];

pub(super) const SOCIAL_ACTIONS: [(i64, &str); 4] =
    [(55, "like"), (25, "click"), (12, "comment"), (8, "share")];

pub(super) const FILES: [(&str, &str); 6] = [
    ("office-coffee-guide.pdf", "ebook"),
    ("coffee-and-productivity.pdf", "ebook"),
    ("barista-one-datasheet.pdf", "datasheet"),
    ("cost-per-cup.xlsx", "calculator"),
    ("case-study-hotel.pdf", "case_study"),
    ("price-list.pdf", "price_list"),
];

pub(super) const WEBINARS: [&str; 4] =
    ["coffee-for-100-people", "less-waste", "latte-art", "total-cost-of-coffee"];

/// Product, category, price in cents.
pub(super) const MACHINES: [(i64, (&str, &str, i64)); 3] = [
    (55, ("Barista One", "coffee_machine", 239_000)),
    (30, ("Barista Duo", "coffee_machine", 389_000)),
    (15, ("Barista Mini", "coffee_machine", 99_000)),
];

pub(super) const CAPSULES: [(i64, (&str, &str, i64)); 4] = [
    (40, ("Capsules, house blend", "capsules", 3_900)),
    (25, ("Capsules, single origin", "capsules", 5_200)),
    (20, ("Capsules, decaffeinated", "capsules", 4_100)),
    (15, ("Tea and chocolate", "capsules", 3_200)),
];

pub(super) fn mail(dice: &mut Dice) -> Mail {
    dice.weighted(&MAILS)
}

/// The warmer, the nearer to the price.
pub(super) fn page_kind(dice: &mut Dice, warmth: i64) -> Page {
    dice.weighted(&[
        (140, Page::Home),
        (360 - warmth / 4, Page::Blog),
        (200, Page::Product),
        (80, Page::Docs),
        (60 + warmth / 8, Page::Customers),
        (25 + warmth / 4, Page::Pricing),
        (5 + warmth / 12, Page::Demo),
        (15, Page::Careers),
    ])
}

/// The path of a page of this kind; those of the blog and of the price come in three languages.
pub(super) fn path(dice: &mut Dice, kind: Page, language: &str) -> String {
    let home = match language {
        "es" => "/es",
        "ro" => "/ro",
        _ => "",
    };
    // Many read the English pages whatever they speak.
    let home = if dice.chance(500) { home } else { "" };
    match kind {
        Page::Home => format!("{home}/"),
        Page::Blog => format!("{home}/blog/{}", dice.pick(&POSTS)),
        Page::Product => format!("{home}/products/{}", dice.pick(&PRODUCTS)),
        Page::Docs => format!("/docs/{}", dice.pick(&DOCS)),
        Page::Customers => format!("{home}/customers/{}", dice.pick(&CUSTOMERS)),
        // `/pricing` in every language: translated paths begin with the language.
        Page::Pricing => "/pricing".to_owned(),
        Page::Demo => "/demo".to_owned(),
        Page::Careers => "/careers".to_owned(),
    }
}

const POSTS: [&str; 12] = [
    "how-much-coffee",
    "water-hardness",
    "beans-or-capsules",
    "coffee-break-culture",
    "cleaning",
    "remote-teams",
    "descaling",
    "fair-trade",
    "the-perfect-espresso",
    "milk-alternatives",
    "meeting-rooms",
    "sustainability",
];
const PRODUCTS: [&str; 5] =
    ["barista-one", "barista-duo", "barista-mini", "capsules", "maintenance"];
const DOCS: [&str; 5] = ["installing", "first-cup", "cleaning-cycle", "error-codes", "api"];
const CUSTOMERS: [&str; 4] = ["hotel-costa", "clinica-sol", "nord-logistics", "studio-ten"];
