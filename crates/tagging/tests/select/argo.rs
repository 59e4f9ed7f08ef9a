//! Argo CD Image Updater: strategies, filters, ties, settings and annotations.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use lockage_tagging::select::{
    AnnotationError, ArgoImage, Candidate, Reason, SelectError, Selector, UpdateSettings, UpdateStrategy,
};

use crate::{choose, chosen};

fn pick(image: &ArgoImage, tags: &[&str]) -> Option<String> {
    chosen(&image.selector().unwrap(), tags)
}

/// Candidates that were built at so many seconds of 1970.
fn built(tags: &[(&str, u64)]) -> Vec<Candidate> {
    let candidate = |(tag, seconds): &(&str, u64)| {
        Candidate::new(tag.parse().unwrap()).created(SystemTime::UNIX_EPOCH + Duration::from_secs(*seconds))
    };
    tags.iter().map(candidate).collect()
}

const TAGS: [&str; 7] = ["0.1", "0.5.1", "0.9", "1.0", "1.0.1", "1.1.2", "2.0.3"];

#[test]
fn semver_takes_the_highest_that_the_constraint_matches() {
    for (image, expected) in [
        ("some/test", Some("2.0.3")),
        ("some/test:^1.0", Some("1.1.2")),
        ("some/test:~1.0", Some("1.0.1")),
        ("some/test:1.x", Some("1.1.2")),
        ("some/test:v0.x", Some("0.9")),
        ("some/test:1.0", Some("1.0.1")),
        ("some/test:>=0.5 <1", Some("0.9")),
        ("localhost:5000/test:<1.1 || >3", Some("1.0.1")),
        ("some/test:~1.2", None),
    ] {
        assert_eq!(pick(&ArgoImage::new(image), &TAGS).as_deref(), expected, "{image}");
    }
}

#[test]
fn tags_are_read_leniently() {
    for tag in ["1", "v1", "1.2", "v1.2", "01.02.03", "1.2.3-rc.1", "0"] {
        assert_eq!(pick(&ArgoImage::new("app:*-0"), &[tag]).as_deref(), Some(tag));
    }
    for tag in
        ["V1", "vv1", "1.", "1..2", "1.2.3.4", "1.2.3-", "1.2.3-01", "1-a..b", "latest", "1_2", "18446744073709551616"]
    {
        assert_eq!(pick(&ArgoImage::new("app:*-0"), &[tag]), None, "{tag}");
    }
}

#[test]
fn prereleases_are_asked_for() {
    let tags = ["v2.2.0", "v2.3.0-rc.0.18.g1abb7b5dd-ppc64le"];
    assert_eq!(pick(&ArgoImage::new("app"), &tags).unwrap(), tags[0]);
    assert_eq!(pick(&ArgoImage::new("app:2.x"), &tags).unwrap(), tags[0]);
    assert_eq!(pick(&ArgoImage::new("app:2.x-0"), &tags).unwrap(), tags[1]);
}

#[test]
fn equal_versions_are_ordered_by_name() {
    let mut tags = ["1.0.0", "v1.0.0", "1.0", "v1", "v1.0"];
    for _ in 0..tags.len() {
        tags.rotate_left(1);
        assert_eq!(pick(&ArgoImage::new("app"), &tags).unwrap(), "v1.0.0");
    }
    let selected = choose(&ArgoImage::new("app").selector().unwrap(), &["1.0", "1.0.0", "0.9"]).unwrap();
    let reasons: Vec<_> = selected.others.iter().map(|passed| passed.reason.to_string()).collect();
    assert_eq!(reasons, [r#""1.0" ranks the same as "1.0.0", which is taken"#, r#""0.9" ranks behind "1.0.0""#]);
}

#[test]
fn newest_build_goes_by_date_and_then_by_name() {
    let selector = ArgoImage::new("app:1.x").update_strategy("newest-build").selector().unwrap();
    for (tags, expected) in [
        (&[("zz", 0), ("bb", 5), ("cc", 15), ("aa", 25), ("ll", 30)][..], "ll"),
        (&[("f33bacd", 7), ("dev", 7), ("latest", 7), ("zz", 6)], "latest"),
        (&[("latest", 7), ("f33bacd", 7)], "latest"),
        // The same tag again: what is known last counts.
        (&[("a", 9), ("b", 5), ("a", 1)], "b"),
    ] {
        assert_eq!(selector.select(&built(tags)).unwrap().candidate.tag, expected, "{tags:?}");
    }
}

#[test]
fn newest_build_needs_the_dates_of_what_the_filters_leave() {
    let image = ArgoImage::new("app").update_strategy("newest-build");
    let mut candidates = built(&[("a", 1), ("b", 2)]);
    candidates.push(Candidate::new("undated".parse().unwrap()));
    let error = image.selector().unwrap().select(&candidates).unwrap_err();
    assert_eq!(error, SelectError::NoDate { tag: "undated".parse().unwrap() });
    let selector = image.ignore_tags(["un*"]).selector().unwrap();
    assert_eq!(selector.select(&candidates).unwrap().candidate.tag, "b");
}

#[test]
fn alphabetical_takes_the_greatest_name() {
    for strategy in ["alphabetical", "name", "NAME"] {
        let image = ArgoImage::new("app:anything at all").update_strategy(strategy);
        assert_eq!(pick(&image, &["zz", "bb", "yy", "Zz", "z_", "z."]).unwrap(), "zz");
        assert_eq!(pick(&image, &["2024-09-01", "2024-10-01", "2023-12-31"]).unwrap(), "2024-10-01");
    }
}

#[test]
fn digest_follows_the_one_tag() {
    let digest: lockage_tagging::Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
    let image = ArgoImage::new("ghcr.io/acme/app:latest").update_strategy("digest");
    let mut candidates = Candidate::list(["zz", "latest", "1.0"]).unwrap();
    candidates[1].digest = Some(digest.clone());
    let selected = image.selector().unwrap().select(&candidates).unwrap();
    assert_eq!((selected.candidate.tag.as_str(), selected.candidate.digest), ("latest", Some(digest)));
    assert_eq!(selected.others[0].reason, Reason::NotFollowed { tag: "latest".into() });
    assert_eq!(pick(&image, &["zz"]), None);
    assert_eq!(pick(&image.ignore_tags(["l*"]), &["zz", "latest"]), None);
    let none = ArgoImage::new("ghcr.io/acme/app").update_strategy("digest");
    assert_eq!(none.selector().unwrap_err(), SelectError::NothingFollowed);
}

#[test]
fn filters_come_first() {
    let image = ArgoImage::new("app").update_strategy("alphabetical");
    let tags = ["a5fb3d3", "f7bb2e3", "latest", "master"];
    assert_eq!(pick(&image.clone().allow_tags("regexp:^[0-9a-f]{7}$"), &tags).unwrap(), "f7bb2e3");
    assert_eq!(pick(&image.clone().allow_tags("RegExp:b3"), &tags).unwrap(), "a5fb3d3");
    assert_eq!(pick(&image.clone().allow_tags("Any"), &tags).unwrap(), "master");
    assert_eq!(pick(&image.clone().allow_tags("regexp:"), &tags).unwrap(), "master");
    assert_eq!(pick(&image.clone().ignore_tags(["latest", "mas?er"]), &tags).unwrap(), "f7bb2e3");
    assert_eq!(pick(&image.clone().ignore_tags([""]), &tags).unwrap(), "master");
    let both = image.allow_tags("regexp:^[0-9a-f]{7}$").ignore_tags(["f*"]).selector().unwrap();
    let selected = choose(&both, &tags).unwrap();
    assert_eq!(selected.candidate.tag, "a5fb3d3");
    assert_eq!(selected.others[0].reason, Reason::Ignored { pattern: "f*".into() });
    assert!(matches!(selected.others[1].reason, Reason::PatternMismatch { .. }));
}

#[test]
fn repeated_tags_count_once() {
    let selector = ArgoImage::new("app").selector().unwrap();
    let selected = choose(&selector, &["1.0.0", "0.9.0", "1.0.0"]).unwrap();
    assert_eq!(selected.others[0].reason, Reason::Repeated);
    assert_eq!(selected.others.len(), 2);
}

#[test]
fn digest_tags_are_candidates_when_asked_for() {
    let tag = format!("sha256-{}", "ab".repeat(32));
    let selector = ArgoImage::new("app").update_strategy("alphabetical").selector().unwrap();
    assert_eq!(chosen(&selector, &["a", &tag]).unwrap(), "a");
    assert_eq!(chosen(&selector.with_digest_tags(), &["a", &tag]).unwrap(), tag);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let image = ArgoImage::new("app");
    for (image, part) in [
        (ArgoImage::new("app:latest"), "version constraint \"latest\""),
        (image.clone().update_strategy("newest"), "update strategy \"newest\" does not exist"),
        (image.clone().allow_tags("^1"), "\"^1\" is no match function for tags"),
        (image.clone().allow_tags("glob:1*"), "\"glob:1*\" is no match function for tags"),
        (image.clone().allow_tags("regexp:("), "regular expression \"(\": unclosed group"),
        (image.clone().ignore_tags(["ok", "[bad"]), "pattern \"[bad\": a ] is expected at byte 4"),
    ] {
        let error = image.selector().unwrap_err();
        assert!(error.to_string().starts_with(part), "{error}");
        assert!(error.remedy().is_some());
    }
    assert_eq!(choose(&image.selector().unwrap(), &[]), Err(SelectError::Empty));
}

#[test]
fn strategies_have_names() {
    for (name, strategy) in [
        ("semver", UpdateStrategy::SemVer),
        ("newest-build", UpdateStrategy::NewestBuild),
        ("alphabetical", UpdateStrategy::Alphabetical),
        ("digest", UpdateStrategy::Digest),
    ] {
        assert_eq!(name.parse(), Ok(strategy));
        assert_eq!(strategy.to_string(), name);
    }
    assert_eq!("latest".parse(), Ok(UpdateStrategy::NewestBuild));
}

#[test]
fn the_constraint_stands_behind_the_image() {
    for (image, expected) in [
        ("nginx", None),
        ("nginx:1.x", Some("1.x")),
        ("nginx:", None),
        ("localhost:5000/nginx", None),
        ("localhost:5000/nginx:^1.2", Some("^1.2")),
        ("ghcr.io/acme/nginx:>=1.2 <2 || 3.x", Some(">=1.2 <2 || 3.x")),
        ("nginx@sha256:abc", None),
        ("nginx:1.2@sha256:abc", Some("1.2")),
    ] {
        assert_eq!(ArgoImage::new(image).constraint(), expected, "{image}");
    }
}

#[test]
fn the_resource_is_read_and_written() {
    let json = serde_json::json!({
        "alias": "app",
        "imageName": "ghcr.io/acme/app:~1.0",
        "commonUpdateSettings": {
            "updateStrategy": "semver", "allowTags": "any", "ignoreTags": ["*-debug"],
            "forceUpdate": true, "pullSecret": "pullsecret:argocd/ghcr", "platforms": ["linux/arm64"],
        },
    });
    let image: ArgoImage = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(pick(&image, &TAGS).unwrap(), "1.0.1");
    assert_eq!(serde_json::to_value(&image).unwrap(), json);
    let typo = r#"{"imageName": "app", "commonUpdateSettings": {"ignoreTag": ["a"]}}"#;
    assert!(serde_json::from_str::<ArgoImage>(typo).is_err());
    let other = r#"{"alias": "app", "imageName": "app", "manifestTargets": {"helm": {"tag": "image.tag"}}}"#;
    assert!(serde_json::from_str::<ArgoImage>(other).is_ok());
}

fn annotations(pairs: &[(&str, &str)]) -> Result<Vec<ArgoImage>, AnnotationError> {
    let name = |name: &str| format!("argocd-image-updater.argoproj.io/{name}");
    let map: BTreeMap<_, _> = pairs.iter().map(|(key, value)| (name(key), (*value).to_owned())).collect();
    ArgoImage::from_annotations(&map)
}

#[test]
fn annotations_of_an_image_come_before_those_for_all() {
    let images = annotations(&[
        ("image-list", " app = ghcr.io/acme/app:~1.2 ,, ghcr.io/acme/db:8.x , =cache"),
        ("update-strategy", " latest "),
        ("ignore-tags", "latest, ,dev"),
        ("app.update-strategy", "semver"),
        ("app.allow-tags", "regexp:^[0-9]+"),
        ("db.update-strategy", "digest"),
        ("app.ignore-tags", ""),
        ("allow-tags", " "),
    ])
    .unwrap();
    let read: Vec<_> = images.iter().map(|image| (image.alias.as_deref(), image.image_name.as_str())).collect();
    assert_eq!(read, [(Some("app"), "ghcr.io/acme/app:~1.2"), (None, "ghcr.io/acme/db:8.x"), (None, "cache")]);

    let settings = |image: &ArgoImage| image.common_update_settings.clone();
    let app = settings(&images[0]);
    assert_eq!(app.update_strategy.as_deref(), Some("semver"));
    assert_eq!(app.allow_tags.as_deref(), Some("regexp:^[0-9]+"));
    assert_eq!(app.ignore_tags, Some(vec![String::new()]));
    let db = settings(&images[1]);
    assert_eq!(db.update_strategy.as_deref(), Some("latest"));
    assert_eq!(db.allow_tags, None);
    assert_eq!(db.ignore_tags, Some(vec!["latest".into(), String::new(), "dev".into()]));
    assert_eq!(settings(&images[2]), db);
}

#[test]
fn annotations_without_an_image_are_refused() {
    assert_eq!(annotations(&[("update-strategy", "semver")]), Err(AnnotationError::NoList));
    assert_eq!(annotations(&[("image-list", " , ")]), Err(AnnotationError::EmptyList));
    assert_eq!(annotations(&[("image-list", "app=")]), Err(AnnotationError::NoImage { alias: "\"app\"".into() }));
    let alias = annotations(&[("image-list", "some/image:>=1.2")]).unwrap_err();
    assert_eq!(alias, AnnotationError::Alias { alias: "\"some/image:>\"".into() });
    assert!(alias.remedy().contains("alias"));
    let images = annotations(&[("image-list", "app=some/image:>=1.2")]).unwrap();
    assert_eq!(images[0].constraint(), Some(">=1.2"));
}

#[test]
fn settings_fall_back_one_by_one() {
    let global: UpdateSettings = serde_json::from_str(r#"{"updateStrategy": "digest", "allowTags": "any"}"#).unwrap();
    let own: UpdateSettings = serde_json::from_str(r#"{"updateStrategy": "name", "ignoreTags": []}"#).unwrap();
    let merged = serde_json::to_value(own.or(&global)).unwrap();
    assert_eq!(merged, serde_json::json!({"updateStrategy": "name", "allowTags": "any", "ignoreTags": []}));
}
