//! What a disk has lost is found, and what is beside it is verified all the same.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use lockage_promote::ledger::{Finding, History as _, Ledger as _, LedgerReport, RegistryLedger};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, Intercept, RequestHead, Server};
use lockage_registry::{OciLayout, RetryPolicy, Source as _, Tag, TagOrDigest};
use tempfile::TempDir;

use crate::world::{arrival, ledger, memory, repository, tags, trust};

/// Four entries and a checkpoint over two of them, in a directory.
struct Disk(TempDir);

impl Disk {
    async fn new() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        let writer = disk.ledger().checkpoint_every(2);
        for n in 1..=2 {
            writer.append(arrival(n)).await.unwrap();
        }
        assert_eq!(disk.tags("c.").await.len(), 1);
        let writer = disk.ledger();
        for n in 3..=4 {
            writer.append(arrival(n)).await.unwrap();
        }
        disk
    }

    fn layout(&self) -> OciLayout {
        OciLayout::open(self.0.path(), "registry.test".parse().unwrap()).unwrap()
    }

    fn ledger(&self) -> RegistryLedger {
        ledger(self.layout())
    }

    /// The file of a manifest, and those of its config and its seal.
    async fn files(&self, tag: &Tag) -> Vec<PathBuf> {
        let raw = self.layout().manifest(&repository(), &TagOrDigest::Tag(tag.clone())).await.unwrap();
        let mut digests = vec![raw.digest().clone()];
        digests.extend(raw.view().unwrap().blobs().iter().map(|blob| blob.digest.clone()));
        let file =
            |digest: &lockage_registry::Digest| self.0.path().join("acme/ledger/blobs/sha256").join(digest.hex());
        digests.iter().map(file).collect()
    }

    async fn tags(&self, begin: &str) -> Vec<Tag> {
        tags(&self.layout(), begin).await
    }

    async fn verified(&self) -> LedgerReport {
        self.ledger().verify(&[]).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_damaged_is_found_and_the_rest_is_verified() {
    let disk = Disk::new().await;
    let (entries, checkpoints) = (disk.tags("e.").await, disk.tags("c.").await);
    for tag in [&entries[0], &entries[3], &checkpoints[0]] {
        let file = &disk.files(tag).await[0];
        let bytes = fs::read_to_string(file).unwrap().replacen("schemaVersion", "schemaversion", 1);
        fs::write(file, bytes).unwrap();
    }
    let report = disk.verified().await;
    let places: Vec<_> = report
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Unreadable { place, why } | Finding::Checkpoint { place, why } => (place.as_str(), why.as_str()),
            other => panic!("{other}"),
        })
        .collect();
    let why = "its manifest was changed";
    assert_eq!(
        places,
        [(entries[0].as_str(), why), (entries[3].as_str(), why), (checkpoints[0].as_str(), why)],
        "{report}"
    );
    assert_eq!((report.entries, report.unread.len()), (2, 0), "{report}");
    assert!(disk.ledger().entries(None).await.is_err(), "it is no history");
}

#[tokio::test]
async fn nothing_depends_on_a_checkpoint_that_is_damaged() {
    let disk = Disk::new().await;
    let checkpoint = disk.tags("c.").await.remove(0);
    fs::write(&disk.files(&checkpoint).await[0], "{}").unwrap();
    assert_eq!(disk.ledger().entries(None).await.unwrap().len(), 4);
    disk.ledger().checkpoint_every(2).checkpoint().await.unwrap();
}

#[tokio::test]
async fn content_that_a_manifest_has_as_well_is_read_where_that_is_asked_for() {
    let disk = Disk::new().await;
    let entries = disk.tags("e.").await;
    assert!(disk.ledger().verify_content(&[]).await.unwrap().is_sound());
    fs::remove_file(&disk.files(&entries[1]).await[1]).unwrap();
    let seal = &disk.files(&entries[2]).await[2];
    let length = fs::read(seal).unwrap().len();
    fs::write(seal, vec![b' '; length]).unwrap();
    assert!(disk.verified().await.is_sound(), "nobody who reads it needs them");
    let report = disk.ledger().verify_content(&[]).await.unwrap();
    let [Finding::Content { place: gone, why: is_gone }, Finding::Content { place: changed, why: is_changed }] =
        &report.findings[..]
    else {
        panic!("{report}")
    };
    assert_eq!((gone.as_str(), changed.as_str()), (entries[1].as_str(), entries[2].as_str()));
    assert!(is_gone.contains("is not there") && is_changed.contains("was changed"), "{report}");
}

/// A registry fails at what its disk has lost.
#[tokio::test]
async fn what_cannot_be_read_is_no_finding_and_the_rest_is_verified() {
    let memory = memory();
    let writer = ledger(memory.clone()).checkpoint_every(2);
    for n in 1..=4 {
        writer.append(arrival(n)).await.unwrap();
    }
    let (entries, checkpoints) = (tags(&memory, "e.").await, tags(&memory, "c.").await);
    let reads = async |lost: Vec<String>| {
        let fails: Intercept =
            Arc::new(move |head: &RequestHead| match lost.iter().any(|tag| head.path.contains(tag)) {
                true => Fault::Answer { status: 500, code: "UNKNOWN".to_owned(), retry_after: None },
                false => Fault::None,
            });
        let server = Server::builder(Arc::new(memory.clone()), "registry.test".parse().unwrap()).intercept(fails);
        let server = server.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let at = format!("{}/acme/ledger", server.address()).parse().unwrap();
        let client = Client::builder().retry(RetryPolicy::none()).build().unwrap();
        let reader = RegistryLedger::new(client, at, trust(&["ada"])).named(repository().to_string());
        (reader.verify(&[]).await, reader.entries(None).await.map(|entries| entries.len()))
    };
    let (report, read) = reads(vec![entries[1].to_string()]).await;
    let report = report.unwrap();
    assert_eq!((report.entries, report.findings.len(), &report.unread[0].place), (3, 0, &entries[1].to_string()));
    assert!(!report.is_sound() && report.to_string().contains("undecided"), "{report}");
    assert!(read.is_err());
    let (report, read) = reads(checkpoints.iter().map(Tag::to_string).collect()).await;
    let report = report.unwrap();
    assert_eq!((report.entries, report.findings.len(), report.unread.len()), (4, 0, checkpoints.len()), "{report}");
    assert_eq!(read.unwrap(), 4, "nothing depends on a checkpoint");
    let (report, _) = reads(vec!["tags/list".to_owned()]).await;
    assert!(report.is_err(), "a registry that fails has told nothing");
}
