//! The main job in one program: an image is built once for a pull request, tagged, pushed to dev, and on merge the same
//! digest is found by the number of the pull request and promoted to prod, signed.
//!
//! `cargo run --example quickstart` needs nothing but Rust: two embedded registries on loopback. With `--source
//! HOST/PATH --target HOST/PATH` it does the same on registries of yours, with your docker login.
#![allow(clippy::print_stdout)]

mod image;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use lockage_promote::{Evidence, ImageCopy, Promotion, Verdict, gate};
use lockage_registry::{Memory, Reference, Repository, Source as _, Tag, TagOrDigest, client::Client, server::Server};
use lockage_signing::Policy;
use lockage_signing::gate::SignatureGate;
use lockage_signing::key::KeyPair;
use lockage_signing::sign::Signing;
use lockage_tagging::{AllOf, BuildFacts, Commit, Latest, PullRequest, TagScheme as _};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// What GitHub tells a workflow about a pull request, as far as it is needed here.
const EVENT: &str = r#"{
    "action": "synchronize",
    "number": 42,
    "pull_request": { "head": { "sha": "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081", "ref": "faster-locks" } },
    "repository": { "full_name": "acme/app", "default_branch": "main" }
}"#;

#[tokio::main]
async fn main() -> Result<()> {
    let (dev, prod, _servers) = places().await?;
    let client = Client::builder().docker_config()?.build()?;

    // Build: once, for every platform, with a provenance attestation beside them.
    let facts = facts(EVENT)?;
    let commit = facts.commit.as_deref().unwrap_or_default();
    let image = image::build(commit, &["linux/amd64".parse()?, "linux/arm64".parse()?])?;
    let digest = image.root().ok_or("an image without a manifest")?.digest();
    println!("build    app for pull request #42 at {commit}");
    println!("         linux/amd64, linux/arm64, provenance     {digest}");

    // Tag: computed from the event, nothing else.
    let tags = AllOf::new().with(PullRequest).with(Commit::short()).with(Latest::on_default_branch()).tags(&facts)?;
    println!("tags     {}     (latest: not on the default branch)", join(&tags));

    // Push: the first copy of these bytes, and the last that is not a promotion.
    let started = Instant::now();
    for tag in &tags {
        image.push(&client, &dev, tag).await?;
    }
    println!("push     {dev}     {}, {:.2} s", image.summary(), started.elapsed().as_secs_f32());
    image.attach_sbom(&client, &dev).await?;
    println!("attach   an SBOM, which goes where the image goes");

    // Sign: in both layouts of cosign, with a key that lives as long as this program.
    let key = KeyPair::generate()?;
    let signed = Signing::with(&key).claim("commit", commit).sign(&client, &dev, digest, SystemTime::now()).await?;
    println!("sign     {} signatures of the digest, one for each layout of cosign\n", signed.marks.len());
    let signed_by_the_build = Policy::builder().key(key.verifying_key().clone()).claim("commit", commit).build()?;

    // Promote: the merge knows the number of the pull request, and that finds the digest.
    let merged = PullRequest.tags(&facts)?.into_iter().next().ok_or("the event names no pull request")?;
    let released: Tag = "v1.2.0".parse()?;
    let from = Reference::new(dev.clone()).with_tag(merged.clone());
    let to = Reference::new(prod.clone()).with_tag(released.clone());
    let platforms = gate("platforms", |context| {
        let children = context.plan.manifests().len() - 1;
        Ok(match children {
            0 => Verdict::fail("the image has no platform"),
            n => Verdict::Pass(Evidence::new(format!("{n} children, all at the source"))),
        })
    });
    println!("promote  {merged}  dev → prod");
    let promotion = Promotion::of(ImageCopy::new(&client, &from).to(&client, &to))
        .gate(platforms)
        .gate(SignatureGate::new(signed_by_the_build.clone()));
    let draft = promotion.plan().await?;
    let cleared = promotion.clear(draft, SystemTime::now()).await?;
    for clearance in cleared.clearances() {
        println!("  gate   {:<10}  pass   {}", clearance.gate, clearance.evidence.summary);
    }
    let plan = cleared.copy();
    let former = plan.former().map_or("none", |former| former.short());
    println!(
        "  plan   {} manifests, {} blobs to copy ({} bytes), {} attached, moves prod {released}: {former} → {}",
        plan.manifests().len(),
        plan.blobs().len(),
        plan.blobs().map(|blob| blob.size).sum::<u64>(),
        plan.attachments().len(),
        plan.digest().short()
    );
    let started = Instant::now();
    let receipt = promotion.apply(cleared).await?;
    let seconds = started.elapsed().as_secs_f32();
    println!("  done   {seconds:.2} s, {} requests, {}, tag moved last\n", receipt.requests(), receipt.attachments());

    // Prove: ask both sides, by every tag.
    let mut same = receipt.digest() == digest;
    for (place, repository, tags) in [("dev ", &dev, tags.as_slice()), ("prod", &prod, &[released])] {
        for tag in tags {
            let running = client.resolve(repository, &TagOrDigest::Tag(tag.clone())).await?.digest;
            same &= running == *digest;
            println!("running  {place}  {repository}  {:<12} {running}", tag.to_string());
        }
    }
    let verified = signed_by_the_build.verify(&client, &prod, digest, SystemTime::now()).await;
    println!("prod     {verified}");
    same &= verified.verified().is_some();
    println!("same bytes: {}", if same { "yes" } else { "NO" });
    println!("Next: examples/README.md · try it on your registry: --source HOST/PATH --target HOST/PATH");
    if same { Ok(()) } else { Err("the digests differ, or the signatures stayed behind".into()) }
}

/// The facts of the build, from the event of a pull request. The commit is the head, which was built, and not the merge
/// commit that GitHub checks out.
fn facts(event: &str) -> Result<BuildFacts> {
    let event: serde_json::Value = serde_json::from_str(event)?;
    let text = |pointer: &str| event.pointer(pointer).and_then(|value| value.as_str()).ok_or(format!("no {pointer}"));
    let number = event.pointer("/number").and_then(serde_json::Value::as_u64).ok_or("no /number")?;
    Ok(BuildFacts::pull_request(number)
        .commit(text("/pull_request/head/sha")?)
        .default_branch(text("/repository/default_branch")?))
}

/// The repositories of dev and prod: those that were named, else two embedded registries, which live as long as what is
/// returned with them.
async fn places() -> Result<(Repository, Repository, Vec<Server>)> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["--source", source, "--target", target] | ["--target", target, "--source", source] => {
            let (dev, prod) = (format!("{source}/app").parse()?, format!("{target}/app").parse()?);
            println!("your registries: dev {dev}, prod {prod}\n");
            return Ok((dev, prod, Vec::new()));
        }
        _ => return Err("usage: quickstart [--source HOST/PATH --target HOST/PATH]".into()),
    }
    let mut servers = Vec::new();
    for name in ["dev.test", "prod.test"] {
        let memory = Memory::new(name.parse()?);
        let server = Server::builder(Arc::new(memory), name.parse()?).serve("127.0.0.1:0".parse()?).await?;
        servers.push(server);
    }
    let addresses: Vec<_> = servers.iter().map(|server| server.host().to_string()).collect();
    let [dev, prod] = addresses.as_slice() else { return Err("two registries were to be started".into()) };
    println!("two registries on loopback: dev {dev}, prod {prod}\n");
    Ok((format!("{dev}/app").parse()?, format!("{prod}/app").parse()?, servers))
}

fn join(tags: &[Tag]) -> String {
    tags.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ")
}
