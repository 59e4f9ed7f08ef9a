//! `lockage serve --dir` is killed with SIGKILL while clients push, move, mount and delete; each time the directory
//! is whole, and has what had been acknowledged.
//!
//! `LOCKAGE_KILLS` says how often (10), `LOCKAGE_SEED` makes the same choices again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod real;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use lockage_registry::client::Client;
use lockage_registry::media_type::{OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use lockage_registry::{
    Algorithm, Body, Descriptor, Digest, Host, OciLayout, Opened, Prune as _, RawManifest, Repository, Result,
    Source as _, SourceExt as _, Tag, TagOrDigest, Target as _, digest_of,
};
use tokio::task::JoinSet;

const REPOSITORIES: [&str; 2] = ["app", "team/app"];
const WRITERS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_directory_is_whole_whenever_its_server_is_killed() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let kills = setting("LOCKAGE_KILLS").unwrap_or(10);
    let seed = setting("LOCKAGE_SEED").unwrap_or(20_260_101);
    eprintln!("LOCKAGE_SEED={seed} LOCKAGE_KILLS={kills}");
    let directory = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut random = Random(seed);
    for round in 0..kills {
        let serving = real::Serving::start(Some(directory.path()));
        let host: Host = serving.host().parse().unwrap();
        let killed = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for number in 0..WRITERS {
            let writer = Writer {
                client: Client::builder().build().unwrap(),
                host: host.clone(),
                ledger: Arc::clone(&ledger),
                random: Random(random.next()),
                name: format!("{round}-{number}"),
                moving: format!("moving-{number}").parse().unwrap(),
            };
            writers.spawn(writer.write(Arc::clone(&killed)));
        }
        tokio::time::sleep(Duration::from_millis(20 + random.below(230))).await;
        // A machine that is busy with other things may not have pushed anything yet.
        let begun = Instant::now();
        while ledger.lock().unwrap().written() <= round as usize && begun.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        killed.store(true, Ordering::SeqCst);
        // SIGKILL: the process has no say in it.
        drop(serving);
        writers.abort_all();
        while let Some(ended) = writers.join_next().await {
            if let Err(error) = ended {
                assert!(error.is_cancelled(), "round {round}: {error}");
            }
        }
        let known = ledger.lock().unwrap().clone();
        check(directory.path(), &known).await;
    }
    let written = ledger.lock().unwrap().written();
    assert!(written as u64 >= kills, "only {written} images were pushed in {kills} rounds");
}

/// What clients know of a tag.
#[derive(Clone, Debug, Default)]
struct State {
    /// The last answer: what it points at, or that it is gone.
    acknowledged: Option<Option<Digest>>,
    /// What was asked for since, without an answer.
    pending: Vec<Option<Digest>>,
}

#[derive(Clone, Debug, Default)]
struct Ledger {
    tags: BTreeMap<(usize, Tag), State>,
}

impl Ledger {
    fn ask(&mut self, repository: usize, tag: &Tag, wanted: Option<&Digest>) {
        self.tags.entry((repository, tag.clone())).or_default().pending.push(wanted.cloned());
    }

    fn written(&self) -> usize {
        self.tags.values().filter(|state| state.acknowledged.is_some()).count()
    }

    fn acknowledge(&mut self, repository: usize, tag: &Tag, held: Option<&Digest>) {
        let state = State { acknowledged: Some(held.cloned()), pending: Vec::new() };
        self.tags.insert((repository, tag.clone()), state);
    }
}

struct Writer {
    client: Client,
    host: Host,
    ledger: Arc<Mutex<Ledger>>,
    random: Random,
    name: String,
    moving: Tag,
}

impl Writer {
    /// Goes on until the server is killed. An error before that is a fault of the server.
    async fn write(mut self, killed: Arc<AtomicBool>) {
        for number in 0.. {
            if let Err(error) = self.once(number).await {
                assert!(killed.load(Ordering::SeqCst), "writer {}: {error}", self.name);
                return;
            }
        }
    }

    async fn once(&mut self, number: u64) -> Result<()> {
        let place = self.random.below(2) as usize;
        let tag: Tag = format!("v{}-{number}", self.name).parse().unwrap();
        let image = self.push(place, number).await?;
        self.point(place, &tag, &image).await?;
        let moving = self.moving.clone();
        self.point(place, &moving, &image).await?;
        match self.random.below(4) {
            0 => self.untag(place, &tag).await,
            // The moving tag goes on to another image first: a delete takes all tags of its manifest.
            1 => {
                let next = self.push(place, number + 1_000_000).await?;
                self.point(place, &moving, &next).await?;
                self.delete(place, &tag, image.digest()).await
            }
            _ => Ok(()),
        }
    }

    /// The blobs of an image of its own: some large, one that many have, one perhaps mounted.
    async fn push(&mut self, place: usize, number: u64) -> Result<RawManifest> {
        let repo = self.repository(place);
        let config = format!(r#"{{"name":"{} {number}"}}"#, self.name).into_bytes();
        let shared = vec![b's'; 1 + self.random.below(3) as usize * 1_000];
        let large = self.random.bytes(100_000);
        let mut blobs = Vec::new();
        for (media_type, bytes) in [(OCI_CONFIG, config), (OCI_LAYER, shared), (OCI_LAYER, large)] {
            let digest = digest_of(Algorithm::Sha256, &bytes).unwrap();
            let blob = Descriptor::new(media_type, digest, bytes.len() as u64);
            match self.client.open_blob(&repo, &blob, Some(&self.repository(1 - place))).await? {
                Opened::Present => {}
                Opened::Upload(session) => session.complete(Body::bytes(bytes)).await?,
            }
            blobs.push(serde_json::to_value(&blob).unwrap());
        }
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": blobs[0], "layers": blobs[1..],
        });
        RawManifest::new(OCI_MANIFEST, manifest.to_string().into())
    }

    async fn point(&mut self, place: usize, tag: &Tag, image: &RawManifest) -> Result<()> {
        self.ledger.lock().unwrap().ask(place, tag, Some(image.digest()));
        self.client.put_manifest(&self.repository(place), image, &TagOrDigest::Tag(tag.clone())).await?;
        self.ledger.lock().unwrap().acknowledge(place, tag, Some(image.digest()));
        Ok(())
    }

    async fn untag(&mut self, place: usize, tag: &Tag) -> Result<()> {
        self.ledger.lock().unwrap().ask(place, tag, None);
        self.client.delete_tag(&self.repository(place), tag).await?;
        self.ledger.lock().unwrap().acknowledge(place, tag, None);
        Ok(())
    }

    async fn delete(&mut self, place: usize, tag: &Tag, digest: &Digest) -> Result<()> {
        self.ledger.lock().unwrap().ask(place, tag, None);
        self.client.delete_manifest(&self.repository(place), digest).await?;
        self.ledger.lock().unwrap().acknowledge(place, tag, None);
        Ok(())
    }

    fn repository(&self, place: usize) -> Repository {
        Repository::new(self.host.clone(), REPOSITORIES[place]).unwrap()
    }
}

/// Opens the directory as the next server would, and looks at everything in it.
async fn check(directory: &Path, ledger: &Ledger) {
    let host: Host = "localhost".parse().unwrap();
    let layout = OciLayout::open(directory, host.clone()).unwrap();
    for (place, path) in REPOSITORIES.iter().enumerate() {
        let repo = Repository::new(host.clone(), path).unwrap();
        let tags: BTreeSet<Tag> = match layout.tags(&repo).try_collect().await {
            Err(error) if error.is_not_found() => BTreeSet::new(),
            tags => tags.unwrap(),
        };
        for tag in &tags {
            whole(&layout, &repo, &TagOrDigest::Tag(tag.clone())).await;
        }
        for ((_, tag), state) in ledger.tags.iter().filter(|((at, _), _)| *at == place) {
            let held = match layout.resolve(&repo, &TagOrDigest::Tag(tag.clone())).await {
                Err(error) if error.is_not_found() => None,
                found => Some(found.unwrap().digest),
            };
            let possible = state.acknowledged.iter().chain(&state.pending).chain(match state.acknowledged {
                None => &[None][..],
                Some(_) => &[],
            });
            assert!(possible.clone().any(|one| *one == held), "{repo}:{tag} is {held:?}, and should be {state:?}");
        }
        files(&layout, &repo, &directory.join(path)).await;
    }
}

/// The manifest is there with all that it points at, and every byte is right.
async fn whole(layout: &OciLayout, repo: &Repository, what: &TagOrDigest) {
    let manifest = layout.manifest(repo, what).await.unwrap();
    for blob in manifest.view().unwrap().blobs() {
        layout.read_blob(repo, blob, u64::MAX).await.unwrap();
    }
}

/// Every manifest that `index.json` lists is whole, and every file among the blobs has the name of its content.
async fn files(layout: &OciLayout, repo: &Repository, directory: &Path) {
    let Ok(index) = fs::read(directory.join("index.json")) else {
        assert!(!directory.join("oci-layout").exists(), "a layout without an index");
        return;
    };
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    for entry in index["manifests"].as_array().unwrap() {
        let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
        whole(layout, repo, &digest.into()).await;
    }
    for file in fs::read_dir(directory.join("blobs/sha256")).into_iter().flatten() {
        let file = file.unwrap();
        let digest = digest_of(Algorithm::Sha256, &fs::read(file.path()).unwrap()).unwrap();
        assert_eq!(digest.hex(), file.file_name().to_str().unwrap());
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.next() as u8).collect()
    }
}
