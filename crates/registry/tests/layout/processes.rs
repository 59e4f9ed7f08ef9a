//! Several processes that write to one directory at once.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use futures::TryStreamExt as _;
use lockage_registry::{Prune as _, Source as _};

use crate::stock::*;

const DIR: &str = "LOCKAGE_TEST_LAYOUT";
const NAME: &str = "LOCKAGE_TEST_WRITER";

/// Each replaces `index.json` by what it has read there and its own tag: without a lock, the last one wins.
#[tokio::test]
async fn what_several_processes_write_at_once_is_all_kept() {
    let place = place();
    let start = |name: &str| -> Child {
        let mut writer = Command::new(std::env::current_exe().unwrap());
        writer.args(["--ignored", "--exact", "processes::a_writer_of_its_own"]).stdout(Stdio::null());
        writer.env(DIR, place.dir.path()).env(NAME, name).spawn().unwrap()
    };
    let writers: Vec<Child> = ["a", "b", "c", "d"].map(start).into();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let expected: BTreeSet<String> = ["a", "b", "c", "d"].iter().flat_map(|name| kept(name)).collect();
    let tags: BTreeSet<String> = place.tags(&repo("team/app")).await.into_iter().collect();
    assert_eq!(tags, expected);
}

fn kept(name: &str) -> impl Iterator<Item = String> {
    (1..12).map(move |n| format!("{name}-{n}"))
}

#[tokio::test]
#[ignore = "a part of the test above"]
async fn a_writer_of_its_own() {
    let (Ok(dir), Ok(name)) = (std::env::var(DIR), std::env::var(NAME)) else { return };
    let (registry, app) = (open(dir.as_ref()), repo("team/app"));
    let place = Place { dir: tempfile::tempdir().unwrap(), registry };
    for n in 0..12 {
        place.push(&app, &format!("{name} {n}"), &format!("{name}-{n}")).await;
    }
    // Whoever takes a tag away writes as well.
    place.registry.delete_tag(&app, &format!("{name}-0").parse().unwrap()).await.unwrap();
    let tags: Vec<_> = place.registry.tags(&app).try_collect().await.unwrap();
    assert!(tags.len() >= 11);
}
