//! Whatever a registry names: what is trusted is a URL that cannot be turned against the user, by rules that are written
//! here a second time.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::{Purpose, UrlPolicy};
use url::{Host, Url};

const REGISTRIES: [&str; 5] = [
    "https://registry.example/v2/a/blobs/uploads/?_state=1",
    "https://registry.example:8443/v2/",
    "http://127.0.0.1:5000/v2/",
    "https://10.1.2.3/v2/",
    "https://[2001:db8::1]:5000/v2/",
];
const PURPOSES: [Purpose; 4] = [Purpose::UploadLocation, Purpose::Redirect, Purpose::NextPage, Purpose::Realm];
/// A private address that may be used, and a host of a list.
const ALLOWED: [&str; 2] = ["10.9.9.9:9000", "cdn.example"];

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let (via, text) = text.split_once(' ').unwrap_or(("", text));
    let registry = Url::parse(REGISTRIES[usize::from(choice) % REGISTRIES.len()]).unwrap();
    let allowed = || ALLOWED.map(|host| host.parse().unwrap());
    for purpose in PURPOSES {
        for listed in [false, true] {
            let policy = UrlPolicy::new(registry.clone(), allowed());
            let policy = if listed { policy.only(allowed()) } else { policy };
            // A redirect of a redirect, a session that moves on: the base is a URL that was trusted before.
            let base = policy.judge(purpose, &registry, via).map_or(registry.clone(), |trusted| trusted.url);
            let trusted = match policy.judge(purpose, &base, text) {
                Ok(trusted) => trusted,
                Err(refused) => {
                    let said = refused.to_string();
                    assert!(!said.contains(['\n', '\r', '?', '@']), "{said}");
                    continue;
                }
            };
            let url = &trusted.url;
            let own = url.scheme() == registry.scheme()
                && url.host() == registry.host()
                && url.port_or_known_default() == registry.port_or_known_default();
            assert_eq!(trusted.same_origin, own, "{url}");
            assert_eq!(policy.is_registry(url), own, "{url}");
            assert!(url.scheme() == "https" || url.scheme() == "http" && registry.scheme() == "http", "{url}");
            assert!(url.username().is_empty() && url.password().is_none(), "{url}");
            assert!(url.fragment().is_none(), "{url}");
            assert!(own || purpose != Purpose::NextPage, "{url}");
            assert!(own || !private(url) || private(&registry) || named(url), "{url}");
            assert!(own || !listed || named(url), "{url}");
            // It is what a reader of its text would take it for.
            assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url));
            assert_eq!(policy.judge(purpose, &base, url.as_str()).as_ref().ok(), Some(&trusted), "{url}");
        }
    }
});

fn named(url: &Url) -> bool {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    ALLOWED.contains(&format!("{}{port}", url.host_str().unwrap()).as_str())
}

/// What is only reached from where this runs, in any spelling (IANA's registries of special-purpose addresses).
fn private(url: &Url) -> bool {
    match url.host().unwrap() {
        Host::Domain(name) => format!(".{}.", name.trim_end_matches('.')).ends_with(".localhost."),
        Host::Ipv4(address) => v4(address),
        Host::Ipv6(address) => v6(address),
    }
}

fn v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        [10 | 127, ..] | [192, 168, ..] | [169, 254, ..] | [0, 0, 0, 0] | [255, 255, 255, 255] => true,
        [172, second, ..] => second & 0xf0 == 16,
        [100, second, ..] => second & 0xc0 == 64,
        _ => false,
    }
}

fn v6(address: Ipv6Addr) -> bool {
    if let IpAddr::V4(address) = address.to_canonical() {
        return v4(address);
    }
    let embedded = |high: u16, low: u16| v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => true,
        // IPv4-compatible, NAT64 and 6to4: an IPv4 address in disguise.
        [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        [first, ..] => first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80,
    }
}

// What it begins with, a line each (the escapes are those of printf).
//~ \x00 /v2/a/blobs/uploads/1?_state=x
//~ \x00 abc?x=1
//~ \x00https://cdn.example/x ../y
//~ \x00 https://10.9.9.9:9000/x
//~ \x00 https://u:p@cdn.example/
//~ \x00 http://registry.example/
//~ \x00 https://[::ffff:127.0.0.1]/
//~ \x00 https://[64:ff9b::7f00:1]/
//~ \x00 https://[2002:7f00:1::]/
//~ \x00 https://2130706433/
//~ \x01 https://registry.example/
//~ \x02 http://localhost:5000/
//~ \x03 https://169.254.169.254/
//~ \x04 //[2001:db8::1]:5000/x
