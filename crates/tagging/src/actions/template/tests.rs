use proptest::prelude::*;

use super::*;

struct Build;

impl Scope for Build {
    fn value(&self, name: &str) -> Option<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        Some(match name {
            "branch" => text("feat/a&b"),
            "tag" => text(""),
            "sha" => text("860c190"),
            "raw" => text("v1"),
            "is_default_branch" => text("false"),
            "prerelease" => Value::List(vec![text("rc"), text("4")]),
            "build" => Value::List(Vec::new()),
            "zero" => Value::Number(0.0),
            "loose" => Value::Bool(true),
            _ => return None,
        })
    }

    fn call(&self, name: &str, arguments: &[Value], hash: &[(String, Value)]) -> Option<Result<Value, TemplateError>> {
        (name == "date").then(|| match arguments {
            [Value::Text(format)] => {
                let zone = hash.iter().map(|(key, value)| format!(" {key}={value:?}")).collect::<String>();
                Ok(Value::Text(format!("<{format}{zone}>")))
            }
            [Value::Undefined] => Ok(Value::Text("default".to_owned())),
            _ => Err(TemplateError::new("no format")),
        })
    }
}

fn rendered(text: &str) -> Result<String, String> {
    Template::parse(text).and_then(|template| template.render(&Build)).map_err(|error| error.to_string())
}

#[test]
fn names_and_functions_are_put_in() {
    for (text, expected) in [
        ("", ""),
        ("a{{sha}}b", "a860c190b"),
        ("{{ branch }}", "feat/a&amp;b"),
        ("{{{branch}}} {{&branch}}", "feat/a&b feat/a&b"),
        (
            "{{this.sha}} {{./sha}} {{this/sha}} {{[sha]}} {{@root.sha}} {{'sha'}}",
            "860c190 860c190 860c190 860c190 860c190 860c190",
        ),
        ("{{nope}}{{nope.x}}{{1}}{{true}}{{'lit'}}{{@nope}}{{../sha}}x", "x"),
        ("{{date 'YYYY'}}", "&lt;YYYY&gt;"),
        ("{{{date 'a' tz=\"UTC\"}}}", "<a tz=Text(\"UTC\")>"),
        ("{{date YYYY-MM}} {{date undefined}}", "default default"),
        ("{{{date (lookup this 'sha')}}}", "<860c190>"),
        ("{{prerelease}} {{prerelease.[1]}} {{prerelease.length}} {{build}}", "rc,4 4 2 "),
        ("{{log 'x'}}{{loose}}{{zero}}", "true0"),
        ("{{nope a=1}}", ""),
        ("}} { } {", "}} { } {"),
    ] {
        assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn blocks_choose() {
    for (text, expected) in [
        ("{{#if branch}}B{{else}}N{{/if}}", "B"),
        ("{{#if tag}}T{{else if sha}}S{{else}}N{{/if}}", "S"),
        ("{{#unless tag}}NT{{/unless}}", "NT"),
        ("{{#if is_default_branch}}D{{^}}N{{/if}}", "D"),
        ("{{#if build}}y{{else}}n{{/if}}{{#if zero}}y{{else}}n{{/if}}{{#if zero includeZero=true}}y{{/if}}", "nny"),
        ("{{#branch}}in{{sha}}{{this}}{{/branch}}", "infeat/a&amp;b"),
        ("{{^nope}}none{{else}}some{{/nope}}", "none"),
        ("{{#each prerelease}}{{@index}}{{this}}{{#unless @last}}.{{/unless}}{{/each}}", "0rc.14"),
        ("{{#with sha}}{{this}}{{../branch}}{{/with}}", "860c190feat/a&amp;b"),
        ("{{{{nope}}}}x{{{{/nope}}}}", ""),
    ] {
        assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn blanks_go_where_they_are_told_to() {
    for (text, expected) in [
        ("a {{~sha~}} b", "a860c190b"),
        ("a {{! c }} b {{!-- }} --}}c", "a  b c"),
        ("a {{~! c ~}} b", "ab"),
        ("a\n  {{! c }}\nb", "a\nb"),
        ("a\n{{#if sha}}\nx\n{{else}}\ny\n{{/if}}\nb", "a\nx\nb"),
        ("{{#if sha ~}} x {{~ else }} y{{/if}}", "x"),
        ("\\{{branch}} {{sha}}", "{{branch}} 860c190"),
        ("\\\\{{sha}}", "\\860c190"),
    ] {
        assert_eq!(rendered(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn what_cannot_be_rendered_is_an_error() {
    assert_eq!(rendered("{{foo 'x'}}").unwrap_err(), "Missing helper: \"foo\"");
    assert_eq!(rendered("{{> partial}}").unwrap_err(), "The partial partial could not be found");
    assert_eq!(rendered("{{date}}").unwrap_err(), "no format");
    for text in [
        "{{",
        "{{branch",
        "k={{",
        "{{branch}",
        "{{{branch}}",
        "{{}}",
        "{{#if x}}",
        "{{#if x}}{{/unless}}",
        "{{/if}}",
        "{{else}}",
        "{{! x",
        "{{!-- x }}",
        "{{a b=}}",
        "{{a b=1 c}}",
        "{{a 'x}}",
        "{{a.this}}",
        "{{#if}}{{/if}}",
        "{{if sha}}",
        "{{branch 'x'}}",
        "{{a (b}}",
        "{{%}}",
        "{{{{raw}}}}",
        "{{#each this}}x{{/each}}",
        "{{* x}}",
    ] {
        assert!(rendered(text).is_err(), "{text}");
    }
}

#[test]
fn nesting_has_an_end() {
    for text in ["{{#a}}".repeat(10_000), format!("{{{{a {}", "(".repeat(10_000)), "{{else if a}}".repeat(10_000)] {
        assert!(Template::parse(&text).is_err());
    }
    let lists = format!("{}x{}", "{{#each @root.prerelease}}".repeat(60), "{{/each}}".repeat(60));
    assert_eq!(rendered(&lists).unwrap_err(), "the template gives too long a text");
}

#[test]
fn strictly_nothing_is_escaped_and_everything_is_known() {
    let strict = |text: &str| Template::parse(text).unwrap().render_strict(&Build);
    assert_eq!(strict("{{branch}} {{date 'a'}}").as_deref(), Ok("feat/a&b <a>"));
    assert_eq!(strict("{{#if tag}}x{{/if}}").as_deref(), Ok(""));
    for text in ["{{nope}}", "{{nope a=1}}", "{{#if nope}}x{{/if}}", "{{date YYYY}}"] {
        assert!(strict(text).is_err(), "{text}");
    }
}

#[test]
fn a_raw_statement_is_alone() {
    let is_raw = |text: &str| Template::parse(text).is_ok_and(|template| template.is_raw_statement());
    for text in ["{{raw}}", "{{ raw }}", "{{{raw}}}", "{{&raw}}", "{{~raw~}}", "{{this.raw}}", "{{[raw]}}"] {
        assert!(is_raw(text), "{text}");
    }
    for text in
        ["", "raw", "x{{raw}}", "{{raw}} ", "{{!c}}{{raw}}", "{{raw}}{{version}}", "{{version}}", "{{'raw'}}", "{{raw"]
    {
        assert!(!is_raw(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_is_rendered_or_refused(text in "(\\{\\{|\\}\\}|\\{\\{#if |\\{\\{/if|\\{\\{else|sha|prerelease|this|date|each|[ .\\[\\]@~!^&\\\\/'\"=()|>-]|.){0,16}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = (template.render(&Build), template.render_strict(&Build));
        }
    }

    #[test]
    fn text_without_braces_stays(text in "[^{}\\\\]{0,40}") {
        prop_assert_eq!(rendered(&text), Ok(text));
    }
}
