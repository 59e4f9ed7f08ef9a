//! Whom a rule is about: anchored, of one kind, from one issuer.

use lockage_signing::Policy;
use lockage_signing::trust::{Identity, San};
use lockage_signing_mock::certificate::Name;
use lockage_signing_mock::{Services, Sigstore};

use crate::made::{ARTIFACT, ISSUER, WHO, about, checks, judge, policy, refusal, root, seal, seal_as};

fn uri(text: &str) -> San {
    San::Uri(text.to_owned())
}

fn email(text: &str) -> San {
    San::Email(text.to_owned())
}

#[test]
fn a_pattern_matches_the_whole_name_and_nothing_around_it() {
    let rule = Identity::matching("https://github.com/acme/.*", ISSUER).unwrap();
    assert!(rule.matches(&uri("https://github.com/acme/app"), ISSUER));
    for other in [
        "https://evil.example/https://github.com/acme/app",
        "https://github.com/acme",
        "xhttps://github.com/acme/app",
        "https://github.com/acme/app\nhttps://evil.example",
    ] {
        assert!(!rule.matches(&uri(other), ISSUER), "{other}");
    }
    let flags =
        ["(?m)^https://acme.example/a$", "(?s)https://acme.example/a", "https://acme.example/a|https://acme.example/b"];
    for pattern in flags {
        let rule = Identity::matching(pattern, ISSUER).unwrap();
        assert!(rule.matches(&uri("https://acme.example/a"), ISSUER), "{pattern}");
        for other in
            ["https://evil.example/\nhttps://acme.example/a", "https://acme.example/a\n", "xhttps://acme.example/b"]
        {
            assert!(!rule.matches(&uri(other), ISSUER), "{pattern} {other:?}");
        }
    }
}

#[test]
fn a_pattern_that_is_none_or_that_could_end_its_anchors_is_an_error() {
    for pattern in ["", ".*", "(", "a)|(b", "a|", "(?x) https://acme.example/a # a comment", "x{1000}{1000}{1000}"] {
        assert!(Identity::matching(pattern, ISSUER).is_err(), "{pattern}");
        assert!(Identity::exact(WHO, ISSUER).unwrap().issuer_matching(pattern).is_err(), "{pattern}");
    }
    assert!(Identity::exact("", ISSUER).is_err());
    assert!(Identity::exact(WHO, "").is_err());
    assert!(Identity::matching("https://acme.example/.*", "").is_err());
}

#[test]
fn a_name_of_another_kind_is_another_name() {
    let cases = [
        (Identity::exact(WHO, ISSUER), uri(WHO), true),
        (Identity::exact(WHO, ISSUER), email(WHO), false),
        (Identity::exact("dev@acme.example", ISSUER), email("dev@acme.example"), true),
        (Identity::exact("dev@acme.example", ISSUER), uri("dev@acme.example"), false),
        (Identity::matching(r".+@acme\.example", ISSUER), email("dev@acme.example"), true),
        (Identity::matching(r".+@acme\.example", ISSUER), uri("https://evil.example/w.yml@acme.example"), false),
        (Identity::matching(r".+\@acme\.example", ISSUER), uri("https://evil.example/w.yml@acme.example"), false),
        (Identity::matching(r"https:\/\/github\.com\/acme\/.+", ISSUER), uri("https://github.com/acme/app"), true),
        (Identity::matching(r"https:\/\/github\.com\/acme\/.+", ISSUER), email("https://github.com/acme/app"), false),
        // No kind can be told from it, so that it is about each.
        (Identity::matching(".+acme.+", ISSUER), email("dev@acme.example"), true),
        (Identity::matching(".+acme.+", ISSUER), uri("https://acme.example/w"), true),
    ];
    for (rule, name, is) in cases {
        let rule = rule.unwrap();
        assert_eq!(rule.matches(&name, ISSUER), is, "{rule:?} {name:?}");
    }
}

#[test]
fn the_issuer_is_compared_in_full_and_case_matters() {
    let rule = Identity::exact("dev@acme.example", ISSUER).unwrap();
    for issuer in [
        "",
        "https://token.actions.example/",
        "https://token.actions.example.evil.example",
        "HTTPS://token.actions.example",
    ] {
        assert!(!rule.matches(&email("dev@acme.example"), issuer), "{issuer}");
    }
    assert!(!rule.matches(&email("Dev@acme.example"), ISSUER));
    let rule = rule.issuer_matching(r"https://token\.(actions|builds)\.example").unwrap();
    assert!(rule.matches(&email("dev@acme.example"), "https://token.builds.example"));
    assert!(!rule.matches(&email("dev@acme.example"), "https://token.builds.example.evil.example"));
}

#[tokio::test]
async fn a_good_certificate_for_somebody_else_is_told_with_the_name() {
    let sigstore = Sigstore::new();
    for (name, issuer) in [(WHO, "https://accounts.example"), ("https://github.com/acme/other", ISSUER)] {
        let sealed = seal_as(&sigstore, Services::V1, |request| {
            request.name = Name::Uri(name.to_owned());
            request.issuer = issuer.to_owned();
        });
        let (reason, why) = refusal(&policy(&sigstore), &sealed.bundle(&about(ARTIFACT))).await;
        assert!(reason == "identity" && why.contains(name) && why.contains(issuer), "{why}");
    }
    // The same text as an e-mail address.
    let sealed = seal_as(&sigstore, Services::V1, |request| request.name = Name::Email(WHO.to_owned()));
    assert_eq!(refusal(&policy(&sigstore), &sealed.bundle(&about(ARTIFACT))).await.0, "identity");
}

#[tokio::test]
async fn one_of_several_identities_is_enough() {
    let sigstore = Sigstore::new();
    let policy = Policy::builder()
        .identity(Identity::exact("dev@acme.example", ISSUER).unwrap())
        .identity(Identity::matching("https://github.com/acme/.+", ISSUER).unwrap())
        .trusted_root(root(&sigstore))
        .build()
        .unwrap();
    checks(judge(&policy, &seal(&sigstore, Services::V1).bundle(&about(ARTIFACT))).await);
}
