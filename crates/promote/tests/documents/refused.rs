//! What is no document, and where that is said to begin.

use lockage_promote::pipeline::documents::{BuiltIn, Document, DocumentError, Factories, Format};

use crate::Always;

const DEV: &str = "[[environments]]\nname = \"dev\"\nrepository = \"dev.example/{image}\"\n";
const PROD: &str = "[[environments]]\nname = \"prod\"\nrepository = \"prod.example/{image}\"\nfloats = [\"prod\"]\n";

fn refused(file: &str, format: Format, text: &str) -> DocumentError {
    let factory = Factories::new().with(BuiltIn::new()).with(Always);
    let read = Document::parse(file, format, text).and_then(|document| document.graph(&factory).map(drop));
    read.expect_err(text)
}

#[test]
fn what_is_wrong_in_toml_has_its_line() {
    for (text, said) in [
        (format!("{DEV}\n[[edges\n"), "lockage.toml:5: "),
        (format!("{DEV}colour = \"red\"\n"), "lockage.toml:4: unknown field `colour`"),
        ("[conventions]\n\nrebuild = \"refuse\"\n".to_owned(), "lockage.toml:3: unknown field `rebuild`"),
        ("[conventions]\nrebuilds = \"maybe\"\n".to_owned(), "lockage.toml:2: unknown variant `maybe`"),
        ("[[environments]]\nname = \"dev\"\n".to_owned(), "lockage.toml:1: missing field `repository`"),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"pord\"\n"),
            "lockage.toml:8: edges: edge dev-pord: there is no environment pord",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\ngates = [\"scan\"]\n"),
            "lockage.toml:8: edges: edge dev-prod: there is no gate \"scan\"",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\n[[edges]]\nfrom = \"prod\"\nto = \"dev\"\n"),
            "lockage.toml:11: edges: the edges dev-prod, prod-dev lead in a circle",
        ),
        (
            format!(
                "{DEV}{PROD}[[environments]]\nname = \"two\"\nrepository = \"prod.example/{{image}}\"\nfloats = [\"prod\"]\n"
            ),
            "lockage.toml:8: environments: the environments prod and two both move \"prod\" of prod.example/{image}",
        ),
        (
            format!("{DEV}[[environments]]\nname = \"prod\"\nrepository = \"{{account}}.example/{{image}}\"\n"),
            "lockage.toml:4: environments: environment prod: the template \"{account}.example/{image}\" has the variable {account}, which is given nowhere",
        ),
        (
            format!("{DEV}{PROD}pins = [\"prod\"]\n"),
            "lockage.toml:4: environments: \"prod\" of prod.example/{image} is created once by environment prod, and moved by environment prod",
        ),
        (
            format!(
                "{DEV}{PROD}[[environments]]\nname = \"two\"\nrepository = \"{{where}}.example/{{image}}\"\nfloats = [\"prod\"]\n[variables]\nwhere = \"prod\"\n"
            ),
            "lockage.toml:8: environments: the environments prod and two both move \"prod\" of prod.example/{image}",
        ),
        (
            format!(
                "{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\non = [{{ push = \"main\" }}, {{ push = \"main\" }}]\n"
            ),
            "lockage.toml:8: edges: edge dev-prod: on: push = \"main\": it is there twice",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\non = [{{ tag = \"refs/tags/v*\" }}]\n"),
            "lockage.toml:8: edges: edge dev-prod: on: tag = \"refs/tags/v*\": names are matched without",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\non = [{{ branch = \"release/**\" }}]\n"),
            "lockage.toml:8: edges: edge dev-prod: on: branch = \"release/**\": `*` stands for",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\non = [{{ pushed = \"main\" }}]\n"),
            "lockage.toml:11: unknown variant `pushed`",
        ),
        (
            format!("{DEV}{PROD}[[edges]]\nfrom = \"dev\"\nto = \"prod\"\non = [{{ push = \"[main\" }}]\n"),
            "lockage.toml:11: pattern \"[main\": a ] is expected at byte 5",
        ),
        (format!("{DEV}{DEV}"), "lockage.toml:4: environments: there are two environments called dev"),
        (format!("{DEV}[gates.scan]\nkind = \"scna\"\n"), "lockage.toml:4: gates.scan: there is no kind \"scna\""),
        (format!("{DEV}[gates.scan]\nsays = \"yes\"\n"), "lockage.toml:4: gates.scan: it has no kind"),
        (
            format!("{DEV}[gates.scan]\nkind = \"always\"\nsay = \"yes\"\n"),
            "lockage.toml:4: gates.scan: unknown field `say`",
        ),
        (
            "\n[evidence]\nid = \"our pipeline\"\n".to_owned(),
            "lockage.toml:2: evidence: id: \"our pipeline\" is no URI",
        ),
        (
            "[evidence]\nid = \"urn:ci\"\nvalid-for = \"long\"\n".to_owned(),
            "lockage.toml:1: evidence: valid-for: \"long\" is no duration",
        ),
        (
            "\n\n[lease]\nkind = \"none\"\nttl = \"1s\"\n".to_owned(),
            "lockage.toml:3: lease: ttl: a lease of less than three seconds",
        ),
        (
            format!("{DEV}[credentials]\nprod = \"x.json\"\n"),
            "lockage.toml:5: credentials: credentials: there is no environment prod",
        ),
    ] {
        let error = refused("lockage.toml", Format::Toml, &text);
        assert!(error.to_string().starts_with(said), "{error}\n{said}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(!error.remedy().is_empty(), "{error}");
    }
}

#[test]
fn what_is_wrong_in_yaml_has_its_line() {
    let dev = "environments:\n  - name: dev\n    repository: dev.example/{image}\n";
    for (text, said) in [
        (format!("{dev}    colour: red\n"), "lockage.yaml:4: "),
        ("environments:\n  - name: dev\n   bad".to_owned(), "lockage.yaml:"),
        (
            format!("{dev}edges:\n  - from: dev\n    to: prod\n"),
            "lockage.yaml:5: edges: edge dev-prod: there is no environment prod",
        ),
        (format!("{dev}edges:\n  - from: dev\n    to: prod\n    on: [{{ pushed: main }}]\n"), "lockage.yaml:7: "),
        (format!("{dev}gates:\n  scan:\n    kind: scna\n"), "lockage.yaml:6: gates.scan: there is no kind \"scna\""),
    ] {
        let error = refused("lockage.yaml", Format::Yaml, &text);
        assert!(error.to_string().starts_with(said), "{error}\n{said}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn an_unknown_kind_names_those_that_are_known() {
    let error = refused("lockage.toml", Format::Toml, &format!("{DEV}[gates.scan]\nkind = \"scna\"\n"));
    assert!(error.remedy().contains("always"), "{}", error.remedy());
    assert_eq!((error.line(), error.key()), (Some(4), Some("gates.scan")));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = Document::read("no/such/lockage.toml").unwrap_err();
    assert_eq!(error.to_string(), "no/such/lockage.toml: cannot be read");
    assert!(std::error::Error::source(&error).is_some());
}
