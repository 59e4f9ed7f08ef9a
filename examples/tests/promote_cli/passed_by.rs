//! `promote --override`: by name, with a reason, and never silently.

use std::fs;

use super::world::World;

const S390X: &str = "[gates.s390x]\nkind = \"platforms\"\nplatforms = [\"linux/s390x\"]\n";
const WHY: &str = "the mainframe is gone";

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_passed_by_by_name_and_the_ledger_says_why() {
    let world = World::with("\"s390x\"", S390X).await;
    let digest = world.build(42).await;
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    world.promote("env:stage", "prod", &["--yes"]).ends(1).says("linux/s390x is missing");
    world.promote("env:stage", "prod", &["--yes", "--override", "s390x"]).ends(2).says("--reason");
    world.promote("env:stage", "prod", &["--yes", "--reason", WHY]).ends(2);
    let by = |gate: &'static str| ["--override", gate, "--reason", WHY];
    world.promote("env:stage", "prod", &by("scan")).ends(2).says("\"scan\" is to be passed by, and is not asked");
    world.promote("env:stage", "prod", &by("held")).ends(2).says("what is denied or held is released");

    let before = world.ledger().len();
    let tried = world.promote("env:stage", "prod", &by("s390x")).ends(0);
    assert!(tried.out.contains("OVER  s390x") && tried.out.contains(&format!("(passed by: {WHY})")), "{}", tried.out);
    assert!(tried.out.contains("Passed by: s390x; all other gates pass."), "{}", tried.out);
    assert_eq!((world.ledger().len(), World::held(&world.prod, "prod").await), (before, None), "nothing was written");

    world.promote("env:stage", "prod", &["--plan", "plan.json"]).ends(1);
    let apply = [&["promote", "--apply", "plan.json", "--json", "--markdown", "c.md"], &by("s390x")[..]].concat();
    let done = world.run(&apply).ends(0).json();
    let told = done["report"]["gates"].as_array().unwrap().iter().find(|gate| gate["gate"] == "s390x").unwrap();
    assert_eq!((told["said"].as_str(), told["overridden"].as_str()), (Some("passed-by"), Some(WHY)));
    assert!(told["found"][0].as_str().unwrap().contains("linux/s390x is missing"), "{told}");
    let evidence = done["receipt"]["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|one| one["gate"] == "s390x" && one["overridden"] == WHY), "{evidence:?}");
    assert!(fs::read_to_string(world.path("c.md")).unwrap().contains("passed by"), "the comment says it too");
    assert_eq!(World::held(&world.prod, "prod").await, Some(digest));
    let entries = fs::read_to_string(world.path("ledger.jsonl")).unwrap();
    let said = entries.lines().find(|line| line.contains("\"override\"")).expect(&entries);
    assert!(said.contains(WHY) && said.contains("linux/s390x is missing"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_not_names_every_gate_and_when_it_could_open() {
    let gates = format!(
        "{S390X}[gates.soak]\nkind = \"soak\"\nenvironment = \"stage\"\nfor = \"1d\"\n\
         [gates.year-end]\nkind = \"window\"\n\
         windows = [{{ name = \"always\", effect = \"deny\", from = 2020-01-01, until = 2100-01-01, zone = \"UTC\", reason = \"closed\" }}]\n\
         [gates.two]\nkind = \"approval\"\nquorum = 2\n\
         [gates.signed]\nkind = \"signature\"\nsigners = [\"ada\"]\n\
         [signers]\nada = {{ key = \"ada.pub\" }}\n"
    );
    let world = World::with("\"s390x\", \"soak\", \"two\", \"signed\", \"year-end\"", &gates).await;
    world.key_of("ada");
    world.build(42).await;
    world.promote("pr:42", "stage", &["--yes"]).ends(0);
    let told = world.run(&["why-not", "app", "--select", "env:stage", "--to", "prod"]).ends(1);
    for words in [
        "FAIL  s390x",
        "wait  soak",
        "ask again in",
        "wait  two",
        "wait  year-end",
        "FAIL  signed",
        "pass  upstream",
        "pass  held",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    let json = world.run(&["why-not", "app", "--select", "env:stage", "--to", "prod", "--json"]).ends(1).json();
    let gates = json["edges"][0]["gates"].as_array().unwrap();
    let soak = gates.iter().find(|gate| gate["gate"] == "soak").unwrap();
    assert!(soak["retry-after"]["secs"].as_u64().unwrap() > 80_000, "{soak}");
}
