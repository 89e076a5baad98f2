//! What a lead does: visits, mails, downloads, a demo, a sale, and what a customer orders then.
//!
//! The walk goes forward in time and knows nothing of what comes. Each thing that a lead does
//! warms it, each quiet day cools it; warm leads ask for a demo, and what sales says of the demo
//! depends on warmth and on fit. So whoever scores behaviour and fit well sees the sale coming, and
//! nobody sees more than that.

use jiff::tz::TimeZone;
use leads::{Timestamp, Value};

use super::fate::{Fate, Kind};
use super::hours;
use super::person::{EmailKind, Person};
use super::site::{self, Mail, Page};
use super::{Event, Options};
use crate::dice::{Dice, Purpose};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Nobody gets warmer than this.
const WARMTH_MAX: i64 = 1000;

/// Everything about a lead that was settled before its first step.
pub(super) struct Setting<'a> {
    pub(super) options: &'a Options,
    pub(super) number: u64,
    pub(super) fate: &'a Fate,
    pub(super) person: &'a Person,
    pub(super) zone: &'a TimeZone,
}

/// The `budget` events of a lead by rising instant.
pub(super) fn walk(setting: &Setting<'_>, budget: usize) -> Vec<Event> {
    let mut walk = Walk {
        setting,
        dice: Dice::new(setting.options.seed, Purpose::Journey, setting.number),
        end: setting.options.until.as_millis(),
        budget,
        reserve: 0,
        events: Vec::with_capacity(budget),
        warmth: setting.fate.eagerness / 5,
        warmed_at: setting.fate.created_at,
        mailed: true,
        pipeline: Pipeline::Open { from: setting.fate.created_at },
        orders: Vec::new(),
    };
    if setting.fate.kind == Kind::Customer {
        walk.pipeline = Pipeline::Customer;
        walk.orders.push((setting.fate.created_at, Order::Machine));
    }
    if setting.fate.kind == Kind::Bot {
        walk.crawl();
    } else {
        walk.live();
        walk.linger();
    }
    walk.events.sort_by_key(|event| event.at);
    for (index, event) in walk.events.iter_mut().enumerate() {
        event.id = format!("{}-{}", setting.number, index + 1);
    }
    walk.events
}

struct Walk<'a> {
    setting: &'a Setting<'a>,
    dice: Dice,
    /// Nothing happens from here on.
    end: i64,
    budget: usize,
    /// How many events of the budget are kept for what sales will decide.
    reserve: usize,
    events: Vec<Event>,
    warmth: i64,
    /// When `warmth` was true.
    warmed_at: i64,
    /// Whether mail still reaches the lead.
    mailed: bool,
    pipeline: Pipeline,
    /// What a customer will order, and when.
    orders: Vec<(i64, Order)>,
}

/// Where the lead stands with sales.
#[derive(Clone, Copy)]
enum Pipeline {
    /// Free to ask for a demo from this instant on.
    Open { from: i64 },
    /// Sales will decide at this instant.
    InTalks { decided_at: i64 },
    /// Bought.
    Customer,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Machine,
    Capsules,
    Maintenance,
}

impl Walk<'_> {
    /// One occasion after the other, until the events or the history are used up.
    fn live(&mut self) {
        let mut occasions = self.occasions().into_iter().peekable();
        while self.room() > 0 {
            let next_occasion = occasions.peek().copied().unwrap_or(i64::MAX);
            let next_order = self.orders.iter().map(|(at, _)| *at).min().unwrap_or(i64::MAX);
            let next_decision = match self.pipeline {
                Pipeline::InTalks { decided_at } => decided_at,
                Pipeline::Open { .. } | Pipeline::Customer => i64::MAX,
            };
            let at = next_occasion.min(next_order).min(next_decision);
            if at >= self.end {
                return;
            }
            self.cool_until(at);
            if at == next_decision {
                self.decide(at);
            } else if at == next_order {
                self.order(at);
            } else {
                occasions.next();
                self.act(at);
            }
        }
    }

    /// When the lead turns to us, or we to it: in bursts, since interest comes in bursts, on
    /// working days and at working hours more than at others.
    fn occasions(&mut self) -> Vec<i64> {
        let created_at = self.setting.fate.created_at;
        let life = self.end - created_at;
        // An occasion makes two to three events.
        let mut occasions = self.budget * 2 / 5 + 1;
        if self.setting.fate.kind == Kind::Customer {
            // They know us, and come to order.
            occasions = occasions / 3 + 1;
        }
        let mut bursts = vec![created_at];
        for _ in 0..occasions / 8 {
            let mut after = self.dice.below(life);
            if self.dice.chance(400) {
                // Many fade away: the smaller of two draws.
                after = after.min(self.dice.below(life));
            }
            bursts.push(created_at + after);
        }
        let mut instants = vec![created_at];
        while instants.len() < occasions {
            let reach = self.dice.between(0, 40 * DAY);
            let at = self.dice.pick(&bursts) + self.dice.below(reach);
            let at = self.waking_hours(at);
            instants.push(if at <= created_at { at + DAY } else { at });
        }
        instants.sort_unstable();
        instants
    }

    fn waking_hours(&mut self, at: i64) -> i64 {
        hours::waking(&mut self.dice, self.setting.zone, at)
    }

    fn act(&mut self, at: i64) {
        let first = self.events.is_empty();
        match self.dice.below(100) {
            _ if first => self.visit(at, true),
            0..42 if self.mailed => self.mail(at),
            42..50 => self.social(at),
            50..54 => self.webinar(at),
            _ => self.visit(at, false),
        }
    }

    /// A session: pages, and whatever the pages lead to.
    fn visit(&mut self, at: i64, first: bool) {
        let origin = self.setting.fate.origin;
        let source = if first || self.dice.chance(200) { origin.source } else { "direct" };
        let mut properties =
            vec![("source", text(source)), ("device", text(self.dice.weighted(&site::DEVICES)))];
        if first && let Some(campaign) = origin.campaign {
            properties.push(("campaign", text(campaign)));
        }
        self.tell(at, "session_started", properties);
        let mut now = at + self.dice.between(200, 2 * SECOND);
        self.warm(40);
        let pages = 1 + self.dice.below(2 + self.warmth / 120) + self.dice.below(2);
        for _ in 0..pages {
            now = self.view_page(now, self.warmth);
        }
        if self.dice.chance(25 + self.warmth / 10) {
            let (file, kind) = self.dice.pick(&site::FILES);
            self.tell(now, "file_downloaded", vec![("file", text(file)), ("kind", text(kind))]);
            self.warm(60);
            now += self.dice.between(MINUTE, 5 * MINUTE);
        }
        if first && self.dice.chance(600) || self.dice.chance(12) {
            let form = self.dice.pick(&["newsletter", "ebook", "contact", "quote"]);
            self.tell(now, "form_submitted", vec![("form", text(form))]);
            self.warm(if matches!(form, "contact" | "quote") { 90 } else { 40 });
            now += self.dice.between(MINUTE, 3 * MINUTE);
        }
        self.consider_demo(now);
    }

    fn view_page(&mut self, at: i64, warmth: i64) -> i64 {
        let kind = site::page_kind(&mut self.dice, warmth);
        let path = site::path(&mut self.dice, kind, self.setting.person.language);
        let seconds = self.dice.between(4, 40) + self.dice.below(160);
        let properties = vec![("path", Value::Text(path)), ("seconds", number(seconds))];
        self.tell(at, "page_viewed", properties);
        self.warm(if matches!(kind, Page::Pricing | Page::Demo) { 40 } else { 10 });
        at + seconds * SECOND + self.dice.below(SECOND)
    }

    /// Warm leads ask; fit ones a little sooner, for they have the need.
    fn consider_demo(&mut self, at: i64) {
        let open = matches!(self.pipeline, Pipeline::Open { from } if at >= from);
        let urge = (self.warmth - 260) * (40 + self.setting.person.fit) / 160;
        if !open || !self.dice.chance(urge) {
            return;
        }
        if self.dice.chance(350) {
            self.tell(at, "trial_requested", vec![("product", text("Barista One"))]);
        } else {
            let channel = self.dice.pick(&["web", "web", "phone", "chat"]);
            self.tell(at, "demo_requested", vec![("channel", text(channel))]);
        }
        self.warm(150);
        self.reserve = 3;
        let decided_at = at + self.dice.between(3 * DAY, 45 * DAY);
        self.pipeline = Pipeline::InTalks { decided_at: self.waking_hours(decided_at) };
    }

    /// A mail goes out; it may bounce, lie there, be opened, be clicked, or be the last.
    fn mail(&mut self, at: i64) {
        let mail = site::mail(&mut self.dice);
        self.tell(at, "email_sent", properties_of(mail));
        if self.setting.person.email_kind == EmailKind::Throwaway && self.dice.chance(800) {
            let bounce = at + self.dice.between(SECOND, MINUTE);
            self.tell(bounce, "email_bounced", properties_of(mail));
            self.mailed = false;
            return;
        }
        if self.setting.person.firm.scans_mail {
            // The gateway reads along: everything within a second, whatever the person does.
            let opened_at = at + self.dice.between(200, 900);
            self.tell(opened_at, "email_opened", properties_of(mail));
            let clicked_at = opened_at + self.dice.between(5, 90);
            self.click(clicked_at, mail);
        }
        let opens = self.dice.chance(170 + self.warmth / 2 + i64::from(mail.promotes) * 60);
        if opens {
            let delay = self.dice.between(2 * MINUTE, 2 * HOUR);
            let opened_at = at + delay + self.dice.below(20 * HOUR);
            self.tell(opened_at, "email_opened", properties_of(mail));
            self.warm(25);
            if self.dice.chance(100 + self.warmth / 3) {
                let clicked_at = opened_at + self.dice.between(3 * SECOND, 2 * MINUTE);
                self.click(clicked_at, mail);
                self.warm(40);
                self.view_page(clicked_at + SECOND, self.warmth);
            }
        }
        let tired = if opens { 4 } else { 14 };
        if self.dice.chance(tired) {
            let left_at = at + self.dice.between(MINUTE, 9 * HOUR);
            self.tell(left_at, "unsubscribed", properties_of(mail));
            self.mailed = false;
            self.warm(-250);
        }
    }

    fn click(&mut self, at: i64, mail: Mail) {
        let mut properties = properties_of(mail);
        properties.push(("link", text(if mail.promotes { "/pricing" } else { "/blog" })));
        self.tell(at, "email_clicked", properties);
    }

    fn social(&mut self, at: i64) {
        let network = self.dice.weighted(&site::NETWORKS);
        let action = self.dice.weighted(&site::SOCIAL_ACTIONS);
        let properties = vec![("network", text(network)), ("action", text(action))];
        self.tell(at, "social_engaged", properties);
        self.warm(15);
    }

    fn webinar(&mut self, at: i64) {
        let topic = self.dice.pick(&site::WEBINARS);
        self.tell(at, "webinar_registered", vec![("topic", text(topic))]);
        self.warm(30);
        if self.dice.chance(550) {
            let held_at = at + self.dice.between(DAY, 12 * DAY);
            let minutes = self.dice.between(8, 55);
            let properties = vec![("topic", text(topic)), ("minutes", number(minutes))];
            self.tell(held_at, "webinar_attended", properties);
            self.warm(80);
        }
    }

    /// Sales makes up its mind about a demo.
    fn decide(&mut self, at: i64) {
        self.reserve = 0;
        let fit = self.setting.person.fit;
        if fit < 45 && self.dice.chance(700) {
            let reason = self.dice.pick(&["too_small", "outside_area", "no_need", "cannot_reach"]);
            self.tell(at, "sales_rejected", vec![("reason", text(reason))]);
            self.reopen(at);
        } else if self.dice.chance(fit * 8 + self.warmth / 4 - 150) {
            let machines = 1 + self.setting.person.firm.employees.min(900) / 60;
            let amount = machines * 239_000;
            let properties =
                vec![("amount", cents(self.local(amount))), ("currency", text(self.currency()))];
            self.tell(at, "deal_won", properties);
            self.pipeline = Pipeline::Customer;
            self.orders.push((at + HOUR, Order::Machine));
            if self.dice.chance(450) {
                self.orders.push((at + 2 * HOUR, Order::Maintenance));
            }
        } else {
            let reason = self.dice.pick(&["price", "competitor", "no_budget", "timing"]);
            self.tell(at, "deal_lost", vec![("reason", text(reason))]);
            self.reopen(at);
        }
    }

    fn reopen(&mut self, at: i64) {
        self.warmth /= 3;
        self.pipeline = Pipeline::Open { from: at + 120 * DAY };
    }

    /// The earliest of the orders, and the one that will follow from it.
    fn order(&mut self, at: i64) {
        let Some(index) = self.orders.iter().position(|(due, _)| *due == at) else {
            return;
        };
        let (_, order) = self.orders.swap_remove(index);
        let firm = &self.setting.person.firm;
        let (product, category, price) = match order {
            Order::Machine => self.dice.weighted(&site::MACHINES),
            Order::Capsules => self.dice.weighted(&site::CAPSULES),
            Order::Maintenance => ("Maintenance, one year", "subscription", 24_000),
        };
        let quantity = match order {
            Order::Machine => 1 + firm.employees.min(900) / 60,
            Order::Capsules => 1 + firm.employees.min(900) / 15,
            Order::Maintenance => 1,
        };
        let properties = vec![
            ("product", text(product)),
            ("category", text(category)),
            ("quantity", number(quantity)),
            ("amount", cents(self.local(price * quantity))),
            ("currency", text(self.currency())),
        ];
        self.tell(at, "purchased", properties);
        self.warm(30);
        match order {
            Order::Machine => {
                // A machine lives some two years; one in five is not replaced with us.
                if self.dice.chance(800) {
                    let life = self.dice.between(20, 24) + self.dice.between(0, 4);
                    let worn_out = self.waking_hours(at + life * 30 * DAY);
                    self.orders.push((worn_out, Order::Machine));
                }
                if !self.orders.iter().any(|(_, order)| *order == Order::Capsules) {
                    self.order_again(at, Order::Capsules, 20, 35);
                }
            }
            Order::Capsules if self.dice.chance(940) => {
                self.order_again(at, Order::Capsules, 40, 95);
            }
            Order::Maintenance if self.dice.chance(800) => {
                self.order_again(at, Order::Maintenance, 362, 368);
            }
            Order::Capsules | Order::Maintenance => {}
        }
    }

    fn order_again(&mut self, at: i64, order: Order, days_min: i64, days_max: i64) {
        let days = self.dice.between(days_min, days_max);
        let at = self.waking_hours(at + days * DAY);
        self.orders.push((at, order));
    }

    /// What is left of the budget: newsletters that nobody opened, one a week at most, and visits
    /// that led to nothing.
    fn linger(&mut self) {
        let created_at = self.setting.fate.created_at;
        let life = self.end - created_at;
        let weeks = life / (7 * DAY);
        let mut sent = 0;
        self.reserve = 0;
        while self.room() > 0 {
            let at = created_at + self.dice.below(life);
            if self.mailed && sent < weeks {
                sent += 1;
                self.tell(at, "email_sent", properties_of(site::NEWSLETTER));
            } else {
                let at = self.waking_hours(at).clamp(created_at, self.end - 1);
                self.view_page(at, 0);
            }
        }
    }

    /// A program reads the site: dozens of pages a second, then silence, then again.
    fn crawl(&mut self) {
        let created_at = self.setting.fate.created_at;
        while self.room() > 0 {
            let mut at = created_at + self.dice.below(self.end - created_at - MINUTE);
            self.tell(at, "session_started", vec![("source", text("direct"))]);
            for _ in 0..self.dice.between(60, 400) {
                at += self.dice.between(8, 45);
                let kind = self.dice.pick(&Page::ALL);
                let path = site::path(&mut self.dice, kind, "en");
                let properties = vec![("path", Value::Text(path)), ("seconds", number(0))];
                self.tell(at, "page_viewed", properties);
            }
        }
    }

    fn tell(&mut self, at: i64, name: &'static str, properties: Vec<(&'static str, Value)>) {
        if at < self.end && self.room() > self.reserve {
            let at = Timestamp::saturating_from_millis(at);
            self.events.push(Event { id: String::new(), name, at, properties });
        }
    }

    fn room(&self) -> usize {
        self.budget - self.events.len()
    }

    fn warm(&mut self, by: i64) {
        self.warmth = (self.warmth + by).clamp(0, WARMTH_MAX);
    }

    /// Warmth goes at one part in forty a day.
    fn cool_until(&mut self, at: i64) {
        let days = ((at - self.warmed_at) / DAY).clamp(0, 40);
        self.warmth = self.warmth * (40 - days) / 40;
        self.warmed_at += days * DAY;
        if days == 40 {
            self.warmed_at = at;
        }
    }

    /// An amount in euros, as the price list of the lead's country says it.
    fn local(&self, cents: i64) -> i64 {
        if self.currency() == "RON" { 5 * cents } else { cents }
    }

    fn currency(&self) -> &'static str {
        match self.setting.person.firm.market.country {
            "RO" => "RON",
            "GB" => "GBP",
            "US" => "USD",
            _ => "EUR",
        }
    }
}

fn properties_of(mail: Mail) -> Vec<(&'static str, Value)> {
    let kind = if mail.promotes { "promo" } else { "newsletter" };
    vec![("kind", text(kind)), ("campaign", text(mail.campaign))]
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(number: i64) -> Value {
    Value::Number(number as f64)
}

fn cents(cents: i64) -> Value {
    Value::Number(cents as f64 / 100.0)
}
