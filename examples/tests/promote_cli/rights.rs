//! `lockage lint`: what a document allows, and credentials that can write where they only have to read.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use lockage_promote::ImageCopy;
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::{EnvironmentSpec, Graph};
use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::{Host, Reference};

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_says_what_few_people_mean() {
    let gates = "[gates.unused]\nkind = \"sbom\"\n[steps.unused]\nkind = \"command\"\nprogram = \"true\"\n";
    let world = World::with("", gates).await;
    let told = world.run(&["lint", "--config", "lockage.toml"]).ends(1);
    for words in [
        "lockage.toml: edge stage-prod: nothing has to hold to get into prod",
        "lockage.toml: edge hotfix: nothing has to hold to get into prod",
        "gates.unused: no edge asks it",
        "steps.unused: no edge has it",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    let json = world.run(&["lint", "--config", "lockage.toml", "--json"]).ends(1).json();
    assert_eq!(json["concerns"][0]["problem"], "no-gate");
    world.run(&["lint"]).ends(2);
}

/// `lockage serve`, which asks who writes, and lets everybody read.
struct Serving(Child, Host);

impl Serving {
    fn start(folder: &Path) -> Self {
        std::fs::write(folder.join("password"), "correct horse").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.current_dir(folder).args(["serve", "--listen", "127.0.0.1:0", "--anonymous-pull"]);
        command.args(["--auth", "bearer", "--user", "robot", "--password-file", "password"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let host = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self(child, host)
    }

    async fn push(&self) {
        let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "localhost/{image}"));
        let builds = Simulation::of(graph.build().unwrap()).unwrap();
        let dev = "dev".parse().unwrap();
        builds.push(&"app".parse().unwrap(), &dev, &Build::of_pull_request(42)).await.unwrap();
        let robot = Credentials::password("the test", "robot", "correct horse");
        let client =
            Client::builder().credentials(StaticCredentials::new().with(self.1.clone(), robot)).build().unwrap();
        let (from, to): (Reference, Reference) =
            ("localhost/app:pr-42".parse().unwrap(), format!("{}/app:pr-42", self.1).parse().unwrap());
        let copy = ImageCopy::new(builds.registry(&dev).unwrap(), &from).to(&client, &to);
        copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_can_write_where_they_only_read_are_found() {
    let world = World::new().await;
    let serving = Serving::start(&world.path(""));
    serving.push().await;
    let host = &serving.1;
    world.edit(&format!("\"{}/{{image}}\"", world.addresses[0]), &format!("\"{host}/{{image}}\""));
    let probe = ["lint", "--config", "lockage.toml", "--probe", "app", "--to", "stage", "--json"];
    // Nobody in particular may read, and not write.
    let json = world.run(&probe).json();
    assert_eq!(json["writable"], serde_json::json!([]), "{json}");

    let auth = base64::engine::general_purpose::STANDARD.encode("robot:correct horse");
    std::fs::write(world.path("dev.json"), format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    world.edit("ledger = \"ledger.jsonl\"\n", "ledger = \"ledger.jsonl\"\n[credentials]\ndev = \"dev.json\"\n");
    let json = world.run(&probe).ends(1).json();
    assert_eq!(json["writable"][0]["environment"], "dev");
    assert_eq!(json["writable"][0]["repository"], format!("{host}/app"));
    let told = world.run(&probe[..7]).ends(1);
    told.says(&format!("environment dev: the credentials that read {host}/app can write it; promotions to stage only"));
    // What cannot be told is no answer.
    world.run(&["lint", "--config", "lockage.toml", "--probe", "other", "--to", "stage"]).ends(3);
    world.run(&["lint", "--config", "lockage.toml", "--probe", "app", "--to", "pord"]).ends(2);
}
