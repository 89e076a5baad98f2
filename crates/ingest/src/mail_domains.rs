//! What the domain of an address says about it.

use std::sync::LazyLock;

use leads::EmailAddress;
use serde_json::{Map, Value as Json};

/// Whose address it is, as far as its domain tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailboxKind {
    /// From a provider that gives addresses to anybody, to those whose line it lets, or to those who hide
    /// theirs behind one.
    Personal,
    /// From a provider whose addresses last minutes.
    Throwaway,
    /// From any other domain: a company's, a school's, an authority's own.
    Business,
}

/// Providers that are there under many top-level domains (`yahoo.es`, `yahoo.co.uk`).
const BRANDS: [&str; 10] = [
    "aol",
    "gmx",
    "hotmail",
    "live",
    "msn",
    "outlook",
    "rocketmail",
    "windowslive",
    "yahoo",
    "yandex",
];

/// Free providers and those of lines, in order.
const PERSONAL: [&str; 130] = [
    "126.com",
    "163.com",
    "abv.bg",
    "aim.com",
    "alice.it",
    "arcor.de",
    "arrakis.es",
    "att.net",
    "bellsouth.net",
    "bigpond.com",
    "bk.ru",
    "bluewin.ch",
    "blueyonder.co.uk",
    "bol.com.br",
    "btinternet.com",
    "charter.net",
    "clicknet.ro",
    "clix.pt",
    "comcast.net",
    "cox.net",
    "earthlink.net",
    "email.com",
    "email.it",
    "email.ro",
    "eresmas.com",
    "euskalnet.net",
    "euskaltel.es",
    "euskaltel.net",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freenet.de",
    "fx.ro",
    "gmail.com",
    "googlemail.com",
    "hey.com",
    "home.ro",
    "hushmail.com",
    "icloud.com",
    "ig.com.br",
    "inbox.lv",
    "inbox.ru",
    "inicia.es",
    "interia.pl",
    "jazzfree.com",
    "jazztel.es",
    "k.ro",
    "kabelmail.de",
    "kappa.ro",
    "laposte.net",
    "latinmail.com",
    "libero.it",
    "list.ru",
    "lycos.com",
    "lycos.es",
    "mac.com",
    "mail.bg",
    "mail.com",
    "mail.md",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "menta.net",
    "mixmail.com",
    "movistar.es",
    "mundo-r.com",
    "mundofree.com",
    "mymail.ro",
    "naver.com",
    "netcabo.pt",
    "ngi.it",
    "ntlworld.com",
    "o2.pl",
    "onet.pl",
    "ono.com",
    "ono.es",
    "orange.es",
    "orange.fr",
    "ozu.es",
    "pcnet.ro",
    "pm.me",
    "pobox.com",
    "post.ro",
    "posta.ro",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rdslink.ro",
    "rdsmail.ro",
    "rdsnet.ro",
    "retemail.es",
    "sapo.pt",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "sky.com",
    "sympatico.ca",
    "t-online.de",
    "telecable.es",
    "telefonica.net",
    "teleline.es",
    "telepac.pt",
    "terra.com",
    "terra.com.br",
    "terra.es",
    "tiscali.it",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "upcmail.net",
    "verizon.net",
    "virgilio.it",
    "virginmedia.com",
    "vodafone.es",
    "vodafone.it",
    "voila.fr",
    "wanadoo.es",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "xs4all.nl",
    "ya.com",
    "ya.ru",
    "ymail.com",
    "ziggo.nl",
    "zipmail.com.br",
    "zoho.com",
];

/// Providers that hide an address behind one of theirs; people have sub-domains of some of them. Strangers share them,
/// as they do free providers.
const RELAYS: [&str; 28] = [
    "33mail.com",
    "8alias.com",
    "8shield.net",
    "addy.io",
    "aleeas.com",
    "anonaddy.com",
    "anonaddy.me",
    "blurmail.net",
    "burnermail.io",
    "cloaked.id",
    "dralias.com",
    "duck.com",
    "e4ward.com",
    "erine.email",
    "mozmail.com",
    "opayq.com",
    "passfwd.com",
    "passinbox.com",
    "passmail.com",
    "passmail.net",
    "privaterelay.appleid.com",
    "relay.firefox.com",
    "silomails.com",
    "simplelogin.co",
    "simplelogin.com",
    "simplelogin.fr",
    "slmail.me",
    "slmails.com",
];

/// Addresses for ten minutes: the list of the project disposable-email-domains (CC0), sorted, as of November 2026,
/// and some of our own. 150 kB of the binary.
static THROWAWAY: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("throwaway_domains.txt").lines().collect());

impl MailboxKind {
    /// The kind of an address's domain. Sub-domains of throw-away providers are theirs too.
    pub fn of(domain: &str) -> Self {
        let domain = domain.to_lowercase();
        let under = |provider: &&str| {
            domain
                .strip_suffix(*provider)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let listed = PERSONAL.contains(&domain.as_str()) || RELAYS.iter().any(under);
        if listed || is_brand(&domain) {
            return Self::Personal;
        }
        // The domain itself, and those above it.
        let mut names = domain.match_indices('.').map(|(at, _)| &domain[at + 1..]);
        let is_thrown_away = |name: &str| THROWAWAY.binary_search(&name).is_ok();
        if is_thrown_away(&domain) || names.any(is_thrown_away) {
            return Self::Throwaway;
        }
        Self::Business
    }

    /// As models name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Throwaway => "throwaway",
            Self::Business => "business",
        }
    }
}

/// The traits that follow from an address: `email.domain` and `email.kind`.
pub fn email_traits(address: &EmailAddress) -> Map<String, Json> {
    let domain = address.domain();
    let mut traits = Map::new();
    traits.insert("email.domain".to_owned(), domain.into());
    traits.insert("email.kind".to_owned(), MailboxKind::of(domain).name().into());
    traits
}

/// A brand under a country's or a general top-level domain: `yahoo.es`, `yahoo.com.ar`,
/// `yahoo.co.uk`; not `yahoo.example.com`.
fn is_brand(domain: &str) -> bool {
    let mut labels = domain.split('.');
    let brand = labels.next().is_some_and(|first| BRANDS.contains(&first));
    let rest: Vec<&str> = labels.collect();
    brand
        && match rest.as_slice() {
            [top] => top.len() <= 3,
            [second, top] => top.len() == 2 && matches!(*second, "com" | "co" | "net"),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_throw_away_domains_is_sorted_and_holds_no_provider_of_people() {
        assert!(THROWAWAY.is_sorted());
        assert!(THROWAWAY.len() > 10_000);
        for domain in PERSONAL.iter().chain(&RELAYS) {
            assert!(THROWAWAY.binary_search(domain).is_err(), "{domain}");
        }
    }

    #[test]
    fn the_domain_tells_personal_throw_away_and_business_addresses_apart() {
        for domain in [
            "gmail.com",
            "yahoo.es",
            "yahoo.co.uk",
            "hotmail.com",
            "outlook.es",
            "icloud.com",
            "rdslink.ro",
            "clicknet.ro",
            "k.ro",
            "telefonica.net",
            "terra.es",
            "GMAIL.com",
            "yahoo.com.ar",
            "live.it",
            "privaterelay.appleid.com",
            "mozmail.com",
            "ana.mozmail.com",
            "duck.com",
            "simplelogin.com",
            "ana.anonaddy.com",
            "passmail.net",
        ] {
            assert_eq!(MailboxKind::of(domain), MailboxKind::Personal, "{domain}");
        }
        for domain in
            ["mailinator.com", "eu.mailinator.com", "yopmail.com", "0-mail.com", "zzz.com"]
        {
            assert_eq!(MailboxKind::of(domain), MailboxKind::Throwaway, "{domain}");
        }
        for domain in [
            "telefonica.com",
            "uab.cat",
            "yahoo.example.com",
            "live.company",
            "notgmail.com",
            "notmailinator.example",
            "orange.com",
            "msn.agency",
            "bbva.es",
            "appleid.com",
        ] {
            assert_eq!(MailboxKind::of(domain), MailboxKind::Business, "{domain}");
        }
    }
}
