//! What the strict profile refuses or puts right, next to what the action does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use jiff::Timestamp;
use lockage_tagging::actions::{
    Action, ActionError, ActionProblem, Context, Inputs, Metadata, Origin, Profile, RawInputs, Settings, Stage,
    StrictProblem, Warning,
};

const SHA: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

fn now() -> Timestamp {
    "2024-03-09T17:05:06.789Z".parse().unwrap()
}

fn branch(name: &str) -> Context {
    Context::push(format!("refs/heads/{name}"), SHA).default_branch("main")
}

fn git_tag(name: &str) -> Context {
    Context::push(format!("refs/tags/{name}"), SHA).default_branch("main")
}

fn evaluate(inputs: Inputs, context: &Context) -> Result<Metadata, ActionError> {
    Action::new(inputs).evaluate(context, now())
}

fn tags(rules: &[&str], context: &Context) -> Vec<String> {
    let inputs = rules.iter().fold(Inputs::new(), |inputs, rule| inputs.tag(*rule));
    evaluate(inputs, context).unwrap().tag_names
}

fn compatible_tags(rules: &[&str], context: &Context) -> Vec<String> {
    let inputs = rules.iter().fold(Inputs::new(), |inputs, rule| inputs.tag(*rule));
    Action::new(inputs).profile(Profile::Compatible).evaluate(context, now()).unwrap().tag_names
}

fn refusal(inputs: Inputs, context: &Context) -> StrictProblem {
    let error = evaluate(inputs, context).unwrap_err();
    assert_eq!(error.origin(), Origin::Strict, "{error}");
    assert!(!error.message().contains('\n'), "{error}");
    match error.problem() {
        ActionProblem::Strict(problem) => problem.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_whose_piece_is_empty_gives_no_tag() {
    let cases: [(&str, &Context, &[&str]); 10] = [
        ("type=sha,prefix={{branch}}-", &git_tag("v1"), &[]),
        ("type=sha,prefix={{branch}}-", &branch("main"), &["main-2b2e927"]),
        ("type=raw,value={{branch}}-{{sha}}", &git_tag("v1"), &[]),
        ("type=raw,value={{branch}}{{tag}}-{{sha}}", &git_tag("v1"), &["v1-2b2e927"]),
        ("type=raw,value=x-{{base_ref}}-y", &branch("main"), &[]),
        ("type=raw,value={{branch}}{{base_ref}}", &branch("a--b"), &["a--b"]),
        ("type=raw,value=v{{tag}}", &branch("main"), &[]),
        ("type=raw,value={{tag}}", &branch("main"), &[]),
        ("type=raw,value={{#if tag}}{{tag}}{{else}}dev{{/if}}", &branch("main"), &["dev"]),
        ("type=sha,suffix=-{{base_ref}}", &branch("main"), &[]),
    ];
    for (rule, context, expected) in cases {
        assert_eq!(tags(&[rule], context), expected, "{rule} on {}", context.git_ref);
    }
    assert_eq!(compatible_tags(&["type=sha,prefix={{branch}}-"], &git_tag("v1")), ["-2b2e927"]);
}

#[test]
fn what_cannot_begin_a_tag_is_left_out_with_a_warning() {
    let metadata = evaluate(Inputs::new().tag("type=raw,value=.-x").tag("type=raw,value=--"), &branch("main")).unwrap();
    assert_eq!(metadata.tag_names, ["x"]);
    assert_eq!(metadata.warnings.len(), 2);
    assert_eq!(metadata.warnings[0].to_string(), ".-x cannot begin a tag, the tag is x");
    assert_eq!(tags(&["type=ref,event=branch"], &branch("ä/ö")), ["_"; 0]);
    assert_eq!(compatible_tags(&["type=raw,value=.-x"], &branch("main")), [".-x"]);
}

#[test]
fn a_tag_is_never_cut_and_never_one_of_a_digest() {
    let long = "x".repeat(129);
    let problem = refusal(Inputs::new().tag(format!("type=raw,value={long}")), &branch("main"));
    assert!(matches!(problem, StrictProblem::Tag { .. }), "{problem:?}");
    assert_eq!(compatible_tags(&[&format!("type=raw,value={long}")], &branch("main")), [long]);

    let digest = format!("type=raw,value=sha256-{}", "a".repeat(64));
    let problem = refusal(Inputs::new().tag(digest), &branch("main"));
    assert!(matches!(problem, StrictProblem::Reserved { .. }), "{problem:?}");
}

#[test]
fn latest_is_listed_once() {
    let rules = ["type=raw,value=latest", "type=ref,event=tag"];
    assert_eq!(tags(&rules, &git_tag("v1")), ["v1", "latest"]);
    assert_eq!(compatible_tags(&rules, &git_tag("v1")), ["v1", "latest", "latest"]);
}

#[test]
fn nothing_is_escaped_for_html() {
    let rules = ["type=raw,value={{branch}}"];
    assert_eq!(tags(&rules, &branch("a&b")), ["a-b"]);
    assert_eq!(compatible_tags(&rules, &branch("a&b")), ["a-amp-b"]);

    let inputs = Inputs::new().tag("x").label("built={{branch}}");
    let metadata = evaluate(inputs, &branch("a&b")).unwrap();
    assert!(metadata.labels.iter().any(|label| label.to_string() == "built=a&b"), "{:?}", metadata.labels);
}

#[test]
fn conditions_on_the_default_branch_decide() {
    let rules = ["type=raw,value={{#if is_default_branch}}stable{{else}}dev{{/if}}"];
    assert_eq!(tags(&rules, &branch("main")), ["stable"]);
    assert_eq!(tags(&rules, &branch("next")), ["dev"]);
    assert_eq!(compatible_tags(&rules, &branch("next")), ["stable"]);
    assert_eq!(tags(&["type=raw,value=x,enable={{is_default_branch}}"], &branch("next")), ["_"; 0]);
}

#[test]
fn blank_lines_and_indented_comments_are_no_entries() {
    let tags = "type=raw,value=a\n  \n  # a comment\n  type=raw,value=b\n".to_owned();
    let inputs = RawInputs { images: "acme/app\n".to_owned(), tags, ..RawInputs::default() };
    let action = Action::from_raw(inputs);
    assert_eq!(action.evaluate(&branch("main"), now()).unwrap().tag_names, ["a", "b"]);
    let error = action.profile(Profile::Compatible).evaluate(&branch("main"), now()).unwrap_err();
    assert_eq!((error.stage(), error.origin()), (Stage::ParseTags, Origin::Js));
}

#[test]
fn quotes_hold_an_attribute_together() {
    let with_tags = |tags: &str| RawInputs { tags: tags.to_owned(), ..RawInputs::default() };
    let action = Action::from_raw(with_tags("type=raw,\"value=a,b\""));
    assert_eq!(action.evaluate(&branch("main"), now()).unwrap().tag_names, ["a-b"]);
    let compatible = action.profile(Profile::Compatible).evaluate(&branch("main"), now()).unwrap();
    assert_eq!(compatible.tag_names, ["b"]);

    // What people write for the action to get there works the same.
    let action = Action::from_raw(with_tags("type=raw,\"\"\"value=a,b\"\"\""));
    assert_eq!(action.evaluate(&branch("main"), now()).unwrap().tag_names, ["a-b"]);
}

type Fits = fn(&StrictProblem) -> bool;

#[test]
fn mistakes_are_refused() {
    let context = branch("main");
    let inputs = Inputs::new;
    let cases: [(Inputs, Fits); 10] = [
        (inputs().tag("type=sha,format=long,length=8"), |p| matches!(p, StrictProblem::UnknownAttribute { .. })),
        (inputs().tag("type=ref,event=branch,branch=x"), |p| matches!(p, StrictProblem::UnknownAttribute { .. })),
        (inputs().tag("type=raw,value={{brnch}}"), |p| matches!(p, StrictProblem::UnknownName { .. })),
        (inputs().tag("type=raw,value={{date YYYY}}"), |p| matches!(p, StrictProblem::UnknownName { .. })),
        (inputs().tag("x").label("a={{version}}"), |p| matches!(p, StrictProblem::UnknownName { .. })),
        (inputs().tag("type=raw,value={{date 'YYYY' tz='Mars/Base'}}"), |p| matches!(p, StrictProblem::UnknownZone(_))),
        (inputs().tag("x,priority=high"), |p| matches!(p, StrictProblem::Priority { .. })),
        (inputs().tag("x").image("acme/app:1"), |p| matches!(p, StrictProblem::ImageName(_))),
        (inputs().tag("x").image("acme/app,"), |p| matches!(p, StrictProblem::ImageName(_))),
        (inputs().tag("x").image("acme//app"), |p| matches!(p, StrictProblem::ImageName(_))),
    ];
    for (inputs, fits) in cases {
        let problem = refusal(inputs.clone(), &context);
        assert!(fits(&problem), "{inputs:?}: {problem:?}");
        let compatible = Action::new(inputs.clone()).profile(Profile::Compatible).evaluate(&context, now());
        assert!(compatible.is_ok(), "{inputs:?}: {compatible:?}");
    }
}

#[test]
fn settings_are_what_they_say() {
    let setting = |name: &'static str, value: &'static str| {
        let settings = Settings::from_lookup(|other| (other == name).then(|| value.to_owned()));
        Context { settings, ..branch("main") }
    };
    let inputs = || Inputs::new().tag("type=sha");
    for (name, value) in [
        ("DOCKER_METADATA_SHORT_SHA_LENGTH", "0"),
        ("DOCKER_METADATA_SHORT_SHA_LENGTH", "7.5"),
        ("DOCKER_METADATA_ANNOTATIONS_LEVELS", "manifest,indx"),
        ("DOCKER_METADATA_ANNOTATIONS_LEVELS", "index:foo"),
    ] {
        refusal(inputs(), &setting(name, value));
    }
    let levels = setting("DOCKER_METADATA_ANNOTATIONS_LEVELS", " manifest[linux/amd64] , index,");
    assert_eq!(evaluate(inputs(), &levels).unwrap().levels, ["manifest[linux/amd64]", "index"]);

    let pull = |value: &'static str| Context {
        event_name: "pull_request".to_owned(),
        payload: serde_json::json!({"pull_request": {"head": {"sha": "f".repeat(40)}}}),
        ..setting("DOCKER_METADATA_PR_HEAD_SHA", value)
    };
    assert_eq!(evaluate(inputs(), &pull("true")).unwrap().resolved.sha, "f".repeat(40));
    assert_eq!(evaluate(inputs(), &pull("false")).unwrap().resolved.sha, SHA);
    refusal(inputs(), &pull("untrue"));
}

#[test]
fn the_flavor_is_rendered_on_latest_too() {
    let inputs = Inputs::new().tag("type=ref,event=tag").flavor("suffix=-{{tag}},onlatest=true");
    let metadata = evaluate(inputs.clone(), &git_tag("v1")).unwrap();
    assert_eq!(metadata.tag_names, ["v1-v1", "latest-v1"]);
    let compatible = Action::new(inputs).profile(Profile::Compatible).evaluate(&git_tag("v1"), now()).unwrap();
    assert_eq!(compatible.tag_names, ["v1-v1", "latest--tag-"]);
}

#[test]
fn a_label_of_several_lines_stays_whole() {
    let inputs = Inputs::new().tag("x").label("notes=one\ntwo");
    let json = |profile| {
        let metadata = Action::new(inputs.clone()).profile(profile).evaluate(&branch("main"), now()).unwrap();
        serde_json::to_value(metadata.json()).unwrap()["labels"]["notes"].clone()
    };
    assert_eq!(json(Profile::Strict), "one\ntwo");
    assert_eq!(json(Profile::Compatible), "one");
}

#[test]
fn images_are_listed_once() {
    let inputs = Inputs::new().tag("x").image("acme/app").image("Acme/App").image("ghcr.io/acme/app,enable=false");
    assert_eq!(evaluate(inputs, &branch("main")).unwrap().tags, ["acme/app:x"]);
}

#[test]
fn warnings_can_be_errors() {
    let action = Action::new(Inputs::new().tag("type=semver,pattern={{version}}")).deny_warnings();
    let error = action.evaluate(&git_tag("nightly"), now()).unwrap_err();
    assert_eq!(error.stage(), Stage::Version);
    assert_eq!(error.message(), "nightly is not a valid semver. More info: https://semver.org/");
    let error = action.evaluate(&branch("main"), now()).unwrap_err();
    assert_eq!(error.problem(), &ActionProblem::Strict(StrictProblem::Warning(Warning::NoVersion)));
    assert_eq!(action.evaluate(&git_tag("v1.2.3"), now()).unwrap().tag_names, ["1.2.3", "latest"]);
}

#[test]
fn every_rule_is_explained() {
    let rules = [
        "type=schedule",
        "type=semver,pattern={{version}}",
        "type=edge,branch=main",
        "type=ref,event=branch",
        "type=ref,event=pr",
        "type=raw,value=x,enable={{is_default_branch}}",
        "type=raw,value=next",
        "type=raw,value=y,priority=1",
    ];
    let inputs = rules.iter().fold(Inputs::new(), |inputs, rule| inputs.tag(*rule));
    let explained: Vec<String> = Action::new(inputs)
        .explain(&branch("next"), now())
        .unwrap()
        .iter()
        .map(|explanation| explanation.outcome.to_string())
        .collect();
    assert_eq!(
        explained,
        [
            "gives no tag: the event is push, not a schedule",
            "gives no tag: refs/heads/next is no git tag",
            "gives no tag: branch next is not main",
            "gives the main tag next, and settles that there is no latest",
            "gives no tag: refs/heads/next is no pull request",
            "gives no tag: it is disabled, {{is_default_branch}} is false here",
            "gives next, which an earlier rule gave already",
            "gives the tag y",
        ]
    );
}
