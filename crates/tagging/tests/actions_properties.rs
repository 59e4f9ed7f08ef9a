//! What holds for any input of the action's engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use jiff::Timestamp;
use lockage_tagging::{
    Reference, Tag,
    actions::{Action, Context, Document, Inputs, Metadata, Outcome, Profile, RawInputs, Reason, Settings, Warning},
};
use proptest::prelude::*;
use serde_json::json;

fn now() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|milliseconds| Timestamp::from_millisecond(milliseconds).unwrap())
}

/// Rules that people write, and some that nobody should.
fn rule() -> impl Strategy<Value = String> {
    let text = || {
        prop_oneof![
            4 => "[a-z0-9]{1,6}",
            1 => "[a-zA-Z0-9._-]{0,10}",
            1 => "\\PC{0,8}",
            3 => prop::sample::select(vec![
                "{{branch}}", "{{tag}}", "{{sha}}", "{{base_ref}}", "{{date 'YYYYMMDD'}}", "{{branch}}-{{sha}}", "latest",
                "{{is_default_branch}}", "{{commit_date 'X'}}", "{{{branch}}}-", "-{{tag}}",
            ]).prop_map(str::to_owned),
        ]
    };
    let head = prop::sample::select(vec![
        "type=schedule",
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=semver,pattern={{raw}}",
        "type=pep440,pattern={{version}}",
        "type=match,pattern=\\d+\\.\\d+",
        "type=match,pattern=v(.*),group=1",
        "type=edge",
        "type=ref,event=branch",
        "type=ref,event=tag",
        "type=ref,event=pr",
        "type=sha",
        "type=sha,format=long",
        "type=raw",
    ]);
    (head, prop::option::of(text()), prop::option::of(text()), text()).prop_map(|(head, prefix, suffix, value)| {
        let mut rule = head.to_owned();
        if head == "type=raw" {
            rule += &format!(",value={value}");
        }
        if let Some(prefix) = prefix {
            rule += &format!(",prefix={prefix}");
        }
        if let Some(suffix) = suffix {
            rule += &format!(",suffix={suffix}");
        }
        rule
    })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let flavor = prop::sample::select(vec![
        "latest=auto",
        "latest=true",
        "latest=false",
        "prefix=p-",
        "suffix=-s,onlatest=true",
        "prefix={{branch}}-",
    ]);
    let image = prop::sample::select(vec!["acme/app", "ghcr.io/Acme/App", "localhost:5000/a", "acme/app,enable=false"]);
    (prop::collection::vec(rule(), 0..5), prop::option::of(flavor), prop::collection::vec(image, 0..3)).prop_map(
        |(rules, flavor, images)| {
            let inputs = rules.into_iter().fold(Inputs::new(), Inputs::tag);
            let inputs = flavor.into_iter().fold(inputs, Inputs::flavor);
            images.into_iter().fold(inputs, Inputs::image)
        },
    )
}

fn context() -> impl Strategy<Value = Context> {
    let git_ref = prop_oneof![
        4 => prop::sample::select(vec![
            "refs/heads/main", "refs/heads/feature/x", "refs/heads/a--b", "refs/tags/v1.2.3", "refs/tags/v2.0.0-rc.1",
            "refs/tags/1.2", "refs/pull/42/merge", "refs/pull/42/head", "",
        ]).prop_map(str::to_owned),
        1 => "refs/(heads|tags|pull)/\\PC{1,12}",
        1 => "\\PC{0,12}",
    ];
    let event = prop::sample::select(vec!["push", "pull_request", "schedule", "workflow_dispatch", ""]);
    (git_ref, event, prop_oneof![3 => "[0-9a-f]{40}", 1 => "\\PC{0,9}"]).prop_map(|(git_ref, event, sha)| Context {
        event_name: event.to_owned(),
        ..Context::push(git_ref, sha).default_branch("main")
    })
}

/// Whether the result of the compatible profile is one that the strict one has no reason to change.
///
/// Its tags are legal and each is there once. A warning of the strict profile says that it put something right, and a
/// rule that gives a tag in one profile and none in the other had a gap.
fn is_plain(compatible: &Metadata, strict: &Metadata) -> bool {
    let legal = compatible.tag_names.iter().all(|name| name.parse::<Tag>().is_ok());
    let mut names = compatible.tag_names.clone();
    names.sort();
    names.dedup();
    let put_right = strict.warnings.iter().any(|warning| matches!(warning, Warning::Trimmed { .. }));
    let gap =
        strict.explanations.iter().any(|explanation| matches!(&explanation.outcome, Outcome::None(Reason::Gap { .. })));
    legal && names.len() == compatible.tag_names.len() && !put_right && !gap
}

proptest! {
    #[test]
    fn strict_tags_are_always_legal_and_listed_once(inputs in inputs(), context in context(), now in now()) {
        if let Ok(metadata) = Action::new(inputs).evaluate(&context, now) {
            let mut seen = Vec::new();
            for name in &metadata.tag_names {
                prop_assert!(name.parse::<Tag>().is_ok(), "{name:?}");
                prop_assert!(!seen.contains(&name), "{name:?} twice");
                seen.push(name);
            }
            prop_assert_eq!(metadata.tags.len(), metadata.tag_names.len() * metadata.image_names.len().max(1));
            if !metadata.image_names.is_empty() {
                for reference in &metadata.tags {
                    prop_assert!(reference.parse::<Reference>().is_ok(), "{reference:?}");
                }
            }
        }
    }

    #[test]
    fn profiles_agree_on_what_is_valid_and_no_quirk(inputs in inputs(), context in context(), now in now()) {
        // Two quirks leave no trace in a legal tag: what is escaped for HTML, and a flavor that `latest` takes as text.
        let escaped = [&context.git_ref, &context.sha].iter().any(|text| text.contains(['&', '<', '>', '"', '\'', '`', '=']));
        let rendered = inputs.flavor.iter().any(|flavor| flavor.contains("{{"));
        prop_assume!(!escaped && !rendered);
        let action = Action::new(inputs);
        let strict = action.clone().evaluate(&context, now);
        let compatible = action.profile(Profile::Compatible).evaluate(&context, now);
        if let (Ok(strict), Ok(compatible)) = (strict, compatible) && is_plain(&compatible, &strict) {
            prop_assert_eq!(strict.tag_names, compatible.tag_names);
            prop_assert_eq!(strict.version, compatible.version);
        }
    }

    #[test]
    fn nothing_panics(
        tags in "\\PC{0,60}|([a-z=,\"{}/# \n\\\\]|\\{\\{|\\}\\}|type=|value=|pattern=){0,40}",
        flavor in "([a-z=,\"{}\n]|prefix=|latest=|onlatest=|true){0,12}",
        images in "\\PC{0,20}",
        labels in "([a-z=\"{}\n ]|\\{\\{|\\}\\}|date|branch){0,20}",
        levels in "\\PC{0,10}",
        length in "\\PC{0,5}",
        context in context(),
        now in now(),
    ) {
        let mut inputs = RawInputs::default();
        (inputs.tags, inputs.flavor, inputs.images) = (tags, flavor, images);
        inputs.annotations.clone_from(&labels);
        inputs.labels = labels;
        let settings = Settings::from_lookup(|name| match name {
            "DOCKER_METADATA_ANNOTATIONS_LEVELS" => Some(levels.clone()),
            "DOCKER_METADATA_SHORT_SHA_LENGTH" => Some(length.clone()),
            _ => None,
        });
        let context = Context { settings, ..context };
        for profile in [Profile::Strict, Profile::Compatible] {
            let action = Action::from_raw(inputs.clone()).profile(profile);
            if let Ok(metadata) = action.evaluate(&context, now) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&metadata.bake_file().to_text()).is_ok());
                prop_assert_eq!(metadata.explanations.len(), metadata.rules.len());
            }
        }
    }

    #[test]
    fn any_event_is_an_answer(
        event in prop::sample::select(vec!["push", "pull_request_target", "pull_request"]),
        number in prop_oneof![Just(json!(null)), Just(json!(7)), Just(json!("8")), Just(json!([]))],
        timestamp in prop_oneof![Just(json!(null)), Just(json!(-5)), "\\PC{0,25}".prop_map(|text| json!(text)),
            "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{0,8}[ +Z-]{0,2}[0-9:]{0,5}".prop_map(|text| json!(text))],
        source in "workflow|git|[a-z]{0,3}",
    ) {
        let document: Document = serde_json::from_value(json!({
            "raw_inputs": {"tags": "type=raw,value=x{{commit_date 'YYYY'}}\ntype=ref,event=pr"},
            "env": {"DOCKER_METADATA_PR_HEAD_SHA": "true"},
            "context": {
                "source": source, "event_name": event, "ref": "refs/heads/main", "sha": "a",
                "payload": {
                    "number": number, "commits": [{"id": "a", "timestamp": timestamp}], "pull_request": {"head": {}},
                },
            },
        })).unwrap();
        for profile in [Profile::Strict, Profile::Compatible] {
            let answer = serde_json::to_value(document.answer(profile, Timestamp::UNIX_EPOCH)).unwrap();
            prop_assert!(answer.get("tags").is_some() != answer.get("error").is_some(), "{answer}");
        }
    }
}
