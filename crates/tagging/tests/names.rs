//! The strict bounds of the names that a reference is made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{Algorithm, Digest, DigestTag, DigestTagKind, Host, NameProblem, Tag};

#[test]
fn tags() {
    for good in ["a", "Z", "0", "_", "__", "1.2.3", "v1.2.3-rc.1_b7", "a..b", "a--", "latest"] {
        assert_eq!(good.parse::<Tag>().unwrap(), good);
    }
    for bad in ["", ".a", "-a", "a+b", "a/b", "a:b", "a b", "a\n", "é", "a@b"] {
        assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
    }
    assert_eq!(Tag::latest(), "latest");
}

#[test]
fn a_tag_has_at_most_128_characters() {
    assert!("a".repeat(128).parse::<Tag>().is_ok());
    let error = "a".repeat(129).parse::<Tag>().unwrap_err();
    assert_eq!(error.problem(), &NameProblem::TooLong { length: 129, limit: 128 });
}

#[test]
fn digests() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let hex = "0123456789abcdef".repeat(algorithm.hex_len() / 16);
        let digest: Digest = format!("{algorithm}:{hex}").parse().unwrap();
        assert_eq!((digest.algorithm(), digest.hex()), (algorithm, hex.as_str()));
        assert_eq!(digest.short(), "0123456789ab");
        assert_eq!(format!("{digest:?}"), format!("Digest({algorithm}:{hex})"));
        for bad in [
            format!("{algorithm}:{}", &hex[1..]),
            format!("{algorithm}:{hex}0"),
            format!("{algorithm}:{}", hex.to_uppercase()),
            format!("{algorithm}-{hex}"),
            format!("{algorithm}:{hex}\n"),
            format!(" {algorithm}:{hex}"),
            format!("{}:{hex}", algorithm.as_str().to_uppercase()),
            format!("{algorithm}:"),
            format!(":{hex}"),
            hex,
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad:?}");
        }
    }
}

#[test]
fn a_foreign_algorithm_is_unsupported_and_not_malformed() {
    let problem = |text: &str| text.parse::<Digest>().unwrap_err().problem().clone();
    for (text, algorithm) in [
        ("md5:d41d8cd98f00b204e9800998ecf8427e", r#""md5""#),
        ("sha384:ab", r#""sha384""#),
        ("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", r#""multihash+base58""#),
    ] {
        assert_eq!(problem(text), NameProblem::Unsupported { algorithm: algorithm.to_owned() });
    }
    for text in ["md5+:ab", "+md5:ab", "md++5:ab", "MD5:ab", "md5:a/b", "md5:ab ", "é:ab"] {
        assert!(matches!(problem(text), NameProblem::Character { .. }), "{text}");
    }
}

#[test]
fn digests_from_bytes() {
    assert_eq!(Digest::from_bytes(Algorithm::Sha256, &[0x0f; 32]).unwrap(), format!("sha256:{}", "0f".repeat(32)));
    assert!(Digest::from_bytes(Algorithm::Sha512, &[0; 64]).is_ok());
    for (algorithm, length) in [(Algorithm::Sha256, 31), (Algorithm::Sha256, 64), (Algorithm::Sha512, 32)] {
        let error = Digest::from_bytes(algorithm, &vec![0; length]).unwrap_err();
        assert_eq!(error.problem(), &NameProblem::HexLength { algorithm, found: 2 * length });
    }
    assert!(Digest::from_bytes(Algorithm::Sha256, &[]).is_err());
}

#[test]
fn hosts() {
    for (written, held, name, port) in [
        ("ghcr.io", "ghcr.io", "ghcr.io", None),
        ("GHCR.IO:443", "ghcr.io:443", "ghcr.io", Some(443)),
        ("registry", "registry", "registry", None),
        ("a-b--c.d", "a-b--c.d", "a-b--c.d", None),
        ("index.docker.io", "docker.io", "docker.io", None),
        ("INDEX.docker.io", "docker.io", "docker.io", None),
        ("index.docker.io:443", "index.docker.io:443", "index.docker.io", Some(443)),
        ("10.0.0.1:1", "10.0.0.1:1", "10.0.0.1", Some(1)),
        ("localhost:65535", "localhost:65535", "localhost", Some(65535)),
        ("[::1]", "[::1]", "::1", None),
        ("[2001:DB8::1]:5000", "[2001:db8::1]:5000", "2001:db8::1", Some(5000)),
    ] {
        let host: Host = written.parse().unwrap();
        assert_eq!(host, held);
        assert_eq!((host.name(), host.port()), (name, port));
    }
    for bad in [
        "",
        ":5000",
        "a:",
        "a:b",
        "a:0",
        "a:-1",
        "a:65536",
        "a:5000:5000",
        "a..b",
        ".a",
        "a.",
        "-a",
        "a-",
        "a_b",
        "a/b",
        "[]",
        "[",
        "]",
        "[::1",
        "::1",
        "[::1]:",
        "[::1]x",
        "[a]",
        "[[::1]]",
        "[10.0.0.1]",
        "a]",
        "a@b",
        "é.io",
    ] {
        assert!(bad.parse::<Host>().is_err(), "{bad:?}");
    }
    assert!("a".repeat(253).parse::<Host>().is_ok());
    assert!("a".repeat(254).parse::<Host>().is_err());
}

#[test]
fn loopback_is_read_off_the_text() {
    let loopback = |host: &str| host.parse::<Host>().unwrap().is_loopback();
    for host in ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.255.0.3:80", "[::1]", "[0:0::1]:5000"] {
        assert!(loopback(host), "{host}");
    }
    for host in [
        "localhost.example.com",
        "local.localhost",
        "127.0.0.1.example.com",
        "127.1",
        "0127.0.0.1",
        "128.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::2]",
        "ghcr.io",
    ] {
        assert!(!loopback(host), "{host}");
    }
}

#[test]
fn digest_tags() {
    let digest = Digest::from_bytes(Algorithm::Sha256, &[0xab; 32]).unwrap();
    for (kind, suffix) in [
        (DigestTagKind::Referrers, ""),
        (DigestTagKind::Signature, ".sig"),
        (DigestTagKind::Attestation, ".att"),
        (DigestTagKind::Sbom, ".sbom"),
    ] {
        let tag = DigestTag::new(&digest, kind);
        assert_eq!(tag.to_tag(), format!("sha256-{}{suffix}", "ab".repeat(32)));
        assert_eq!(DigestTag::parse(&tag.to_tag()), Some(tag.clone()));
        assert_eq!(tag.digest().as_ref(), Some(&digest));
        assert!(tag.matches(&digest));
        assert!(!tag.matches(&Digest::from_bytes(Algorithm::Sha256, &[0; 32]).unwrap()));
        assert!(!tag.matches(&Digest::from_bytes(Algorithm::Sha512, &[0xab; 64]).unwrap()));
    }
}

#[test]
fn a_sha512_digest_tag_carries_half_of_the_digest() {
    let digest = Digest::from_bytes(Algorithm::Sha512, &[0xab; 64]).unwrap();
    let tag = DigestTag::new(&digest, DigestTagKind::Referrers);
    assert_eq!(tag.to_tag(), format!("sha512-{}", "ab".repeat(32)));
    assert_eq!((tag.algorithm(), tag.hex().len()), (Algorithm::Sha512, 64));
    assert!(tag.matches(&digest));
    assert_eq!(tag.digest(), None);
}

#[test]
fn ordinary_tags_are_not_digest_tags() {
    let hex = "ab".repeat(32);
    for text in [
        "latest".to_owned(),
        format!("sha256-{}", &hex[1..]),
        format!("sha256-{hex}0"),
        format!("sha256-{}", hex.to_uppercase()),
        format!("sha256-{hex}.SIG"),
        format!("sha256-{hex}.sig.sig"),
        format!("sha256-{hex}.other"),
        format!("sha256_{hex}"),
        format!("md5-{hex}"),
        format!("sha512-{}", &hex[..32]),
        format!("sha-{hex}"),
        ".sig".replace('.', "_"),
    ] {
        assert_eq!(DigestTag::parse(&text.parse().unwrap()), None, "{text}");
        let error = text.parse::<DigestTag>().unwrap_err();
        assert_eq!(error.problem(), &NameProblem::OrdinaryTag);
    }
}
