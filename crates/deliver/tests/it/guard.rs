//! Which URLs and addresses are called.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use deliver::guard::{NetworkError, NetworkKind, URL_BYTES_MAX};
use deliver::{Guard, Network, Ports, Refusal};
use proptest::prelude::*;

fn refusal(url: &str) -> Option<Refusal> {
    Guard::default().target(url).err()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn public_hosts_are_called() {
    for url in [
        "https://example.com/hooks",
        "http://example.com",
        "HTTPS://EXAMPLE.COM:443/hooks?a=1&b=%20#part",
        "http://example.com:80/",
        "https://hooks.example.com./a/../b",
        "https://münchen.example/",
        "https://1.1.1.1/",
        "https://8.8.8.8.nip.example/",
        "https://[2606:4700:4700::1111]/",
        "https://[::ffff:8.8.8.8]/",
        // Translation to a public address, as hosts with IPv6 alone see the world.
        "https://[64:ff9b::808:808]/",
        // The neighbours of closed networks.
        "http://9.255.255.255/",
        "http://11.0.0.0/",
        "http://100.63.255.255/",
        "http://100.128.0.0/",
        "http://126.255.255.255/",
        "http://128.0.0.1/",
        "http://168.63.129.17/",
        "http://169.253.255.255/",
        "http://169.255.0.0/",
        "http://172.15.255.255/",
        "http://172.32.0.0/",
        "http://192.0.1.0/",
        "http://192.167.255.255/",
        "http://192.169.0.0/",
        "http://198.17.255.255/",
        "http://198.20.0.0/",
        "http://223.255.255.255/",
        "http://[2001:200::1]/",
        "http://[2001:db7::1]/",
        "http://[2001:db9::1]/",
        "http://[2003::1]/",
        "http://[3ffe::1]/",
        "http://[3fff:1000::1]/",
    ] {
        assert_eq!(refusal(url), None, "{url}");
    }
}

#[test]
fn an_address_in_a_closed_network_is_refused_however_it_is_written() {
    use NetworkKind::{
        Benchmark, Carrier, CloudHost, Documentation, LinkLocal, Loopback, Multicast, Private,
        Reserved, Tunnel, Unspecified,
    };
    for (host, kind) in [
        // One address in many forms.
        ("127.0.0.1", Loopback),
        ("127.0.0.1.", Loopback),
        ("127.1", Loopback),
        ("127.0.1", Loopback),
        ("2130706433", Loopback),
        ("2130706433.", Loopback),
        ("017700000001", Loopback),
        ("0177.0.0.1", Loopback),
        ("0177.0.0.01", Loopback),
        ("00000177.0.0.1", Loopback),
        ("0x7f000001", Loopback),
        ("0X7F000001", Loopback),
        ("0x7f.0x0.0x0.0x1", Loopback),
        ("0x7f.1", Loopback),
        ("0x7f.0.1", Loopback),
        ("%31%32%37.0.0.1", Loopback),
        ("127%2e0%2e0%2e1", Loopback),
        ("１２７.０.０.１", Loopback),
        ("①②⑦.⓪.⓪.①", Loopback),
        ("127。0。0。1", Loopback),
        ("127．0．0．1", Loopback),
        ("[::1]", Loopback),
        ("[0:0:0:0:0:0:0:1]", Loopback),
        ("[0000:0000:0000:0000:0000:0000:0000:0001]", Loopback),
        ("[::ffff:127.0.0.1]", Loopback),
        ("[::ffff:7f00:1]", Loopback),
        ("[0:0:0:0:0:ffff:7f00:0001]", Loopback),
        ("[::FFFF:127.0.0.1]", Loopback),
        ("[64:ff9b::127.0.0.1]", Loopback),
        ("[64:ff9b::7f00:1]", Loopback),
        ("[::127.0.0.1]", Tunnel),
        ("[::7f00:1]", Tunnel),
        ("[2002:7f00:1::]", Tunnel),
        ("[2002:7f00:0001:0:0:0:0:1]", Tunnel),
        ("[2001:0:7f00:1::]", Tunnel),
        ("[64:ff9b:1::7f00:1]", Tunnel),
        ("[2606:4700::5efe:127.0.0.1]", Tunnel),
        ("[2606:4700::200:5efe:7f00:1]", Tunnel),
        ("127.255.255.254", Loopback),
        // The metadata of clouds.
        ("169.254.169.254", LinkLocal),
        ("2852039166", LinkLocal),
        ("0xA9FEA9FE", LinkLocal),
        ("0251.0376.0251.0376", LinkLocal),
        ("169.254.43518", LinkLocal),
        ("[::ffff:169.254.169.254]", LinkLocal),
        ("[::ffff:a9fe:a9fe]", LinkLocal),
        ("[64:ff9b::a9fe:a9fe]", LinkLocal),
        ("169.254.170.2", LinkLocal),
        ("168.63.129.16", CloudHost),
        ("100.100.100.200", Carrier),
        ("192.0.0.192", Reserved),
        ("[fd00:ec2::254]", Private),
        ("[fd20:ce::254]", Private),
        // Everything else that is not public.
        ("0", Unspecified),
        ("0.0.0.0", Unspecified),
        ("0x0", Unspecified),
        ("0.1.2.3", Unspecified),
        ("[::]", Unspecified),
        ("[::ffff:0.0.0.0]", Unspecified),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("012.1.2.3", Private),
        ("167772161", Private),
        ("[::ffff:10.0.0.1]", Private),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("0xc0a80001", Private),
        ("3232235521", Private),
        ("100.64.0.0", Carrier),
        ("100.127.255.255", Carrier),
        ("192.0.0.1", Reserved),
        ("192.0.2.1", Documentation),
        ("198.51.100.1", Documentation),
        ("203.0.113.1", Documentation),
        ("192.88.99.1", Tunnel),
        ("198.18.0.0", Benchmark),
        ("198.19.255.255", Benchmark),
        ("224.0.0.1", Multicast),
        ("239.255.255.255", Multicast),
        ("240.0.0.0", Reserved),
        ("255.255.255.255", Reserved),
        ("4294967295", Reserved),
        ("[fc00::1]", Private),
        ("[fdff:ffff::1]", Private),
        ("[fe80::1]", LinkLocal),
        ("[febf::1]", LinkLocal),
        ("[fec0::1]", Reserved),
        ("[ff02::1]", Multicast),
        ("[100::1]", Reserved),
        ("[2001:2::1]", Benchmark),
        ("[2001:10::1]", Reserved),
        ("[2001:db8::1]", Documentation),
        ("[3fff:fff::1]", Documentation),
        ("[4000::1]", Reserved),
        ("[5f00::1]", Reserved),
        ("[8000::1]", Reserved),
        ("[::2]", Tunnel),
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/latest/meta-data/");
            assert_eq!(refusal(&url), Some(Refusal::Address(kind)), "{url}");
        }
    }
}

#[test]
fn what_is_no_plain_url_of_the_web_is_refused() {
    let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX));
    for (url, expected) in [
        ("", Refusal::NotAUrl),
        ("example.com/hooks", Refusal::NotAUrl),
        ("//example.com/hooks", Refusal::NotAUrl),
        ("https://", Refusal::NotAUrl),
        ("https://:443/", Refusal::NotAUrl),
        ("https://exa mple.com/", Refusal::Characters),
        ("https://exa%00mple.com/", Refusal::NotAUrl),
        ("https://example.com:99999/", Refusal::NotAUrl),
        ("http://256.256.256.256/", Refusal::NotAUrl),
        ("http://1.2.3.4.5/", Refusal::NotAUrl),
        ("http://0x100000000/", Refusal::NotAUrl),
        ("http://127.0.0.08/", Refusal::NotAUrl),
        ("http://[::1", Refusal::NotAUrl),
        ("http://[fe80::1%25eth0]/", Refusal::NotAUrl),
        ("http://[fe80::1%eth0]/", Refusal::NotAUrl),
        ("http://[::1%251]/", Refusal::NotAUrl),
        ("http://[v1.fe80::1]/", Refusal::NotAUrl),
        ("gopher://example.com/_GET", Refusal::Scheme),
        ("file:///etc/passwd", Refusal::Scheme),
        ("ftp://example.com/", Refusal::Scheme),
        ("ws://example.com/", Refusal::Scheme),
        ("javascript:alert(1)", Refusal::Scheme),
        ("data:text/plain,x", Refusal::Scheme),
        ("unix:/run/x.sock", Refusal::Scheme),
        ("https://user@example.com/", Refusal::Credentials),
        ("https://user:word@example.com/", Refusal::Credentials),
        ("https://:word@example.com/", Refusal::Credentials),
        ("https://example.com@127.0.0.1/", Refusal::Credentials),
        ("https://127.0.0.1#@example.com/", Refusal::Address(NetworkKind::Loopback)),
        ("https://127.0.0.1?@example.com/", Refusal::Address(NetworkKind::Loopback)),
        ("https:127.0.0.1", Refusal::Address(NetworkKind::Loopback)),
        ("https:///127.0.0.1/", Refusal::Address(NetworkKind::Loopback)),
        ("https:\\\\127.0.0.1\\", Refusal::Characters),
        ("https://example.com\\@127.0.0.1/", Refusal::Characters),
        ("https://127.0.\t0.1/", Refusal::Characters),
        ("https://example.com/\r\nX-Injected: yes", Refusal::Characters),
        (" https://example.com/", Refusal::Characters),
        ("https://example.com/\u{a0}", Refusal::Characters),
        ("https://example.com:22/", Refusal::Port(22)),
        ("https://example.com:0/", Refusal::Port(0)),
        ("http://example.com:6379/", Refusal::Port(6379)),
        ("http://example.com:8080/", Refusal::Port(8080)),
        (&long, Refusal::TooLong),
    ] {
        assert_eq!(refusal(url), Some(expected), "{url}");
    }
}

#[test]
fn a_name_is_judged_by_the_addresses_it_resolves_to_and_only_the_public_ones_are_kept() {
    let guard = Guard::default();
    let resolved = |texts: &[&str]| {
        guard.resolved(&texts.iter().map(|text| address(text)).collect::<Vec<_>>())
    };
    let public = address("1.1.1.1");
    assert_eq!(resolved(&["1.1.1.1"]), Ok(vec![public]));
    assert_eq!(resolved(&["127.0.0.1", "1.1.1.1", "fe80::1"]), Ok(vec![public]));
    assert_eq!(resolved(&["::ffff:1.1.1.1"]), Ok(vec![public]), "dialled as what it is");
    assert_eq!(resolved(&[]), Ok(vec![]));
    for (text, kind) in [
        ("127.0.0.1", NetworkKind::Loopback),
        ("::ffff:10.1.1.1", NetworkKind::Private),
        ("64:ff9b::a9fe:a9fe", NetworkKind::LinkLocal),
        ("fd00::1", NetworkKind::Private),
        ("0.0.0.0", NetworkKind::Unspecified),
    ] {
        assert_eq!(resolved(&[text]), Err(Refusal::Resolved(kind)), "{text}");
    }
}

#[test]
fn a_network_that_the_configuration_allows_is_called_and_its_neighbours_are_not() {
    let guard = Guard::new(networks(&["10.20.0.0/16", "fd12::/32", "127.0.0.1"]), Ports::Standard);
    for (host, called) in [
        ("10.20.0.0", true),
        ("10.20.255.255", true),
        ("0x0a140001", true),
        ("[::ffff:10.20.0.1]", true),
        ("[64:ff9b::a14:1]", true),
        ("[fd12::1]", true),
        ("[fd12:0:ffff::1]", true),
        ("127.0.0.1", true),
        ("1.1.1.1", true),
        ("10.19.255.255", false),
        ("10.21.0.0", false),
        ("[fd12:1::1]", false),
        ("127.0.0.2", false),
        ("169.254.169.254", false),
        // Allowed in IPv4 only.
        ("[::1]", false),
        ("[::10.20.0.1]", false),
        ("[2002:a14:1::]", false),
    ] {
        let result = guard.target(&format!("http://{host}/"));
        assert_eq!(result.is_ok(), called, "{host}: {result:?}");
    }
}

#[test]
fn further_ports_are_called_where_the_configuration_says_so() {
    let besides = Guard::new(Vec::new(), Ports::Besides(BTreeSet::from([8443])));
    let any = Guard::new(Vec::new(), Ports::Any);
    for (port, of_besides, of_any) in [
        (443, true, true),
        (80, true, true),
        (8443, true, true),
        (22, false, true),
        (0, false, false),
    ] {
        let url = format!("https://example.com:{port}/");
        assert_eq!(besides.target(&url).is_ok(), of_besides, "{url}");
        assert_eq!(any.target(&url).is_ok(), of_any, "{url}");
    }
}

#[test]
fn a_network_is_read_or_refused_with_the_remedy() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "10.1.2.3/32", "2001:db8::/33"] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
    }
    assert_eq!("10.1.2.3".parse::<Network>().unwrap().to_string(), "10.1.2.3/32");
    for (text, error) in [
        ("10.1.2.3/8", "has bits behind its length: write 10.0.0.0/8"),
        ("fd00::1/8", "has bits behind its length: write fd00::/8"),
        ("10.0.0.0/33", "is longer than its address: 32 bits are all there are"),
    ] {
        assert_eq!(text.parse::<Network>().unwrap_err().to_string(), error);
    }
    for text in ["", "/", "10/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "intranet", "*"] {
        assert_eq!(text.parse::<Network>(), Err(NetworkError::NotANetwork), "{text}");
    }
    assert_eq!("::ffff:10.0.0.0/104".parse::<Network>(), Err(NetworkError::NotANetwork));
}

#[test]
fn each_refusal_says_what_to_do() {
    for (url, words) in [
        ("http://10.0.0.1/", "allow the network in the configuration"),
        ("http://example.com:81/", "Port 81 is not called: use 443 or 80"),
        ("https://a:b@example.com/", "leave it out"),
    ] {
        let sentence = refusal(url).unwrap().to_string();
        assert!(sentence.contains(words), "{sentence}");
        assert!(!sentence.contains("10.0.0.1"), "tells nothing of the network: {sentence}");
    }
}

/// Every way in which a resolver of the system would read an IPv4 address.
fn forms(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let bits = address.to_bits();
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{bits}"),
        format!("{bits:#x}"),
        format!("0{bits:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{}", bits & 0xff_ffff),
        format!("{a}.{b}.{}", bits & 0xffff),
        format!("{a:#x}.0{b:o}.{}", bits & 0xffff),
        format!("[::ffff:{address}]"),
        format!("[64:ff9b::{address}]"),
        format!("[::{address}]"),
        format!("[2002:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
    ]
}

/// The standard library's judgement, where it has one.
fn is_closed_v4(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_unspecified()
}

fn is_closed_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_unspecified()
        || address.to_ipv4_mapped().is_some_and(is_closed_v4)
}

/// Addresses from everywhere, half of them near the edges of the networks that matter.
fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
    let edges = vec![
        0x0000_0000_u32,
        0x0a00_0000,
        0x6440_0000,
        0x7f00_0000,
        0xa9fe_0000,
        0xac10_0000,
        0xac20_0000,
        0xc000_0200,
        0xc0a8_0000,
        0xc612_0000,
        0xc633_6400,
        0xcb00_7100,
        0xe000_0000,
        0xf000_0000,
        0xffff_ffff,
    ];
    let near = (prop::sample::select(edges), -300_i32..300);
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        near.prop_map(|(edge, off)| Ipv4Addr::from_bits(edge.wrapping_add_signed(off))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_the_standard_library_knows_to_be_closed_is_refused_in_every_form(address in any_v4()) {
        let guard = Guard::default();
        let closed = guard.address(address.into()).is_err();
        prop_assert!(closed || !is_closed_v4(address), "{address}");
        for host in forms(address) {
            let result = guard.target(&format!("http://{host}/"));
            // The last two forms are refused whatever they carry.
            prop_assert!(result.is_err() || !closed, "{host}");
        }
    }

    #[test]
    fn of_ipv6_only_what_is_given_out_to_hosts_is_called(bits: u128, low in 0_u32.., top in 0_u16..) {
        for address in [
            Ipv6Addr::from_bits(bits),
            Ipv6Addr::from_bits(u128::from(low)),
            Ipv6Addr::from_bits(u128::from(top) << 112 | u128::from(low)),
        ] {
            if Guard::default().address(address.into()).is_ok() {
                prop_assert!(!is_closed_v6(address), "{address}");
                prop_assert!(
                    address.segments()[0] & 0xe000 == 0x2000 || address.segments()[..2] == [0x64, 0xff9b],
                    "{address}",
                );
            }
        }
    }

    #[test]
    fn no_text_makes_the_guard_panic(text in "(https?:/?/?|\\[|\\]|[0-9a-fx.:@%\\\\/]|\\PC){0,40}") {
        let _ = Guard::default().target(&text);
        let _ = text.parse::<Network>();
    }
}
