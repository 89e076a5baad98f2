//! Programs are told from people.

use ingest::machines::{Burst, Click, Signs, classify, is_relay};
use leads::{Duration, Timestamp};
use proptest::prelude::*;

fn reason(agent: &str) -> Option<String> {
    let signs = Signs { user_agent: Some(agent), ..Signs::default() };
    classify(&signs).map(|sign| sign.reason)
}

#[test]
fn people_are_not_taken_for_programs() {
    for agent in [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.67",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:15.0) Gecko/20100101 Firefox/15.0.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/456.0.0.38.110;FBBV/587]",
        "Mozilla/5.0 (Linux; Android 13; SM-A536B Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.0.0 Mobile Safari/537.36 Instagram 325.0.0.35.91 Android",
        "Mozilla/5.0 (Linux; Android 12; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/122.0 Mobile Safari/537.36 [LinkedInApp]/4.1.919",
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.82 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 10; CUBOT_NOTE_20_PRO) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; es) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; Microsoft Outlook 16.0.5134; ms-office; MSOffice 16)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/277.0.555192628 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
        "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
        "Mozilla/5.0 (Linux; U; Android 11; es-es; Redmi Note 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/89.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/12.16.3-gn",
        "AcmeShop/5.2 (com.acme.shop; build:812; iOS 17.4.1) Alamofire/5.8.1",
        "AcmeShop/812 CFNetwork/1494.0.7 Darwin/23.4.0",
        "okhttp/4.12.0",
        "Dalvik/2.1.0 (Linux; U; Android 13; M2101K6G Build/TKQ1.221013.002)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:91.0) Gecko/20100101 Thunderbird/91.13.1",
    ] {
        assert_eq!(reason(agent), None, "{agent}");
    }
}

#[test]
fn programs_are_named_by_their_kind() {
    for (agent, expected) in [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0 Safari/537.36",
            "crawler",
        ),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "crawler"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", "crawler"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "crawler",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
            "crawler",
        ),
        (
            "Mozilla/5.0 (Macintosh) AppleWebKit/534.34 (KHTML, like Gecko) PhantomJS/1.9.8 Safari/534.34",
            "crawler",
        ),
        ("SomeNew-Crawler/0.1", "crawler"),
        ("acme_bot_2 (+https://acme.example)", "crawler"),
        ("Googlebot-Video/1.0", "crawler"),
        ("findlinks/2.6 (+https://findlinks.example/)", "crawler"),
        ("Mozilla/5.0 (compatible; SiteGrabber 2.1)", "odd_user_agent"),
        ("curl/8.5.0", "library"),
        ("Wget/1.21.3", "library"),
        ("python-requests/2.31.0", "library"),
        ("Go-http-client/2.0", "library"),
        ("axios/1.6.8", "library"),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "link_preview",
        ),
        ("WhatsApp/2.23.20.0", "link_preview"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "link_preview"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "link_preview"),
        ("BarracudaCentral/1.0", "mail_scanner"),
        ("Mozilla/5.0 (compatible; Mimecast)", "mail_scanner"),
        ("", "no_user_agent"),
        ("   ", "no_user_agent"),
        ("Mozilla/5.0", "bare_user_agent"),
        ("Mozilla", "bare_user_agent"),
        ("x", "odd_user_agent"),
    ] {
        assert_eq!(reason(agent).as_deref(), Some(expected), "{agent}");
    }
}

#[test]
fn what_a_request_is_for_gives_it_away() {
    let sign = |signs: Signs<'_>| classify(&signs).map(|sign| (sign.reason, sign.confidence));
    let purpose = |purpose| sign(Signs { purpose: Some(purpose), ..Signs::default() });
    for early in ["prefetch", "prefetch;prerender", "Preview", "prerender"] {
        assert_eq!(purpose(early), Some(("prefetch".to_owned(), 90)), "{early}");
    }
    assert_eq!(purpose("navigate"), None);
    assert_eq!(sign(Signs::default()), None);
    // The surest sign names the reason.
    let both = Signs { user_agent: Some("Mozilla/5.0"), webdriver: true, ..Signs::default() };
    assert_eq!(sign(both), Some(("automation".to_owned(), 95)));
}

#[test]
fn who_tells_of_people_is_not_taken_for_one() {
    for (agent, library) in [
        ("analytics-python/2.4.0", None),
        ("analytics-ruby/2.4.0", None),
        ("analytics-java/3.5.1", None),
        ("analytics-node-next/latest", None),
        ("analytics-go (version: 3.3.0)", None),
        ("Analytics.NET/4.0", None),
        ("axios/1.6.8", Some("@segment/analytics-node")),
        ("node", Some("analytics-node")),
        ("undici", Some("@rudderstack/rudder-sdk-node")),
        ("Go-http-client/2.0", Some("analytics-go")),
        ("", Some("analytics-php")),
        ("python-requests/2.31", Some("rudder-analytics-python")),
        ("Zapier", None),
        ("Make/production", None),
        ("n8n", None),
        ("Typeform Webhooks", None),
        ("WordPress/6.5.2; https://shop.example", None),
        ("HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks)", None),
        (
            "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: x)",
            None,
        ),
    ] {
        assert!(is_relay(agent, library), "{agent} {library:?}");
    }
    for (agent, library) in [
        ("curl/8.5.0", None),
        ("python-requests/2.31", None),
        ("python-requests/2.31", Some("my own script")),
        ("axios/1.6.8", Some("analytics.js")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", None),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", Some("analytics-node")),
        ("HubSpot Crawler 1.0", None),
    ] {
        assert!(!is_relay(agent, library), "{agent} {library:?}");
    }
}

fn clicks(text: &str) -> Vec<Click<'_>> {
    text.split_whitespace()
        .map(|word| {
            let (link, millis) = word.split_once('@').unwrap();
            Click { at: Timestamp::from_millis(millis.parse().unwrap()).unwrap(), link }
        })
        .collect()
}

#[test]
fn several_links_of_a_message_at_once_are_a_gateways() {
    let found = |text: &str| {
        let found = Burst::default().find(&clicks(text));
        found.into_iter().map(|burst| if burst { 'x' } else { '.' }).collect::<String>()
    };
    assert_eq!(found(""), "");
    assert_eq!(found("a@0 b@100 c@200"), "xxx");
    // However long after the sending, and in whatever order they are told.
    assert_eq!(found("c@7000200 a@7000000 b@7000100"), "xxx");
    // One link again and again is an impatient person; two are a curious one.
    assert_eq!(found("a@0 a@100 a@200 a@300"), "....");
    assert_eq!(found("a@0 b@100"), "..");
    // Read one after the other.
    assert_eq!(found("a@0 b@20000 c@40000"), "...");
    // The gateway came first, the person an hour later.
    assert_eq!(found("a@0 b@100 c@200 a@3600000"), "xxx.");
    // The window slides.
    assert_eq!(found("z@0 a@4000 b@6000 c@8000"), ".xxx");
}

proptest! {
    #[test]
    fn the_order_of_telling_does_not_matter(
        clicks in proptest::collection::vec((0_i64..20_000, "[a-d]"), 0..12),
        links in 0_usize..5,
    ) {
        let burst = Burst { links, within: Duration::from_millis(2_000).unwrap() };
        let click = |(at, link): &'_ (i64, String)| (*at, link.clone());
        let found = |clicks: &[(i64, String)]| {
            let told: Vec<Click<'_>> = clicks
                .iter()
                .map(|(at, link)| Click { at: Timestamp::from_millis(*at).unwrap(), link })
                .collect();
            let mut found: Vec<_> = clicks.iter().map(click).zip(burst.find(&told)).collect();
            found.sort();
            found
        };
        let mut reversed = clicks.clone();
        reversed.reverse();
        prop_assert_eq!(found(&clicks), found(&reversed));
    }

    #[test]
    fn any_user_agent_is_looked_at(agent in ".{0,80}") {
        let _ = reason(&agent);
    }
}
