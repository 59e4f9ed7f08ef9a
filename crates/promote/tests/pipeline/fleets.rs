//! Fleets: many images at once, each by itself, and shared out among machines.

use lockage_promote::ledger::{Entry, Kind};
use lockage_promote::pipeline::fleet::{Ended, Errand, Shard, promote_each};
use lockage_registry::testing::fixtures;
use lockage_registry::{Repository, Source as _, TagOrDigest};
use proptest::prelude::*;

use crate::world::{World, built, digest, name, now, select, tag};

fn errand(image: &str) -> Errand {
    Errand::new(name(image), select("pr:1"), name("dev-stage"))
}

async fn world(images: usize) -> World {
    let world = World::new();
    for n in 0..images {
        let repo: Repository = format!("dev.example/svc-{n}").parse().unwrap();
        fixtures::push(&world.dev, &repo, &built(&format!("{n:040x}"), n as u64), &tag("pr-1")).await.unwrap();
    }
    world
}

#[tokio::test]
async fn one_lost_image_blocks_nobody_and_every_failure_is_told() {
    let world = world(6).await;
    let deny = Kind::Deny { reason: "leaks".into() };
    world.record(Entry::new(deny, name("svc-3"), digest(&built(&format!("{:040x}", 3), 3)), "ops", now())).await;
    let hold = Kind::Hold { reason: "party".into(), until: None };
    let held = Entry::new(hold, name("svc-4"), digest(&built(&format!("{:040x}", 4), 4)), "ops", now());
    world.record(held.in_environment(name("stage"))).await;
    let errands = ["svc-0", "lost", "svc-1", "svc-3", "svc-4", "svc-2"].map(errand);
    let fleet = promote_each(&world.promoter(), errands.clone(), Shard::whole(), 3, now()).await;
    let ended: Vec<_> = fleet.outcomes.iter().map(|outcome| outcome.ended()).collect();
    use Ended::{Done, Failed, Refused, Waiting};
    assert_eq!(ended, [Done, Failed, Done, Refused, Waiting, Done], "in the order in which they were given");
    assert_eq!((fleet.ended(), fleet.ended().exit_code()), (Failed, 3));
    let shown = fleet.to_string();
    assert!(shown.ends_with("3 done, 1 waiting, 1 refused, 1 failed"), "{shown}");
    assert!(shown.contains("failed   lost  dev-stage") && shown.contains("denied: leaks"), "{shown}");
    let codes = [Done, Waiting, Refused, Failed].map(Ended::exit_code);
    assert_eq!(codes, [0, 4, 1, 3]);
    // Again: what is there is found there.
    let again = promote_each(&world.promoter(), [errand("svc-0")], Shard::whole(), 3, now()).await;
    assert!(again.to_string().starts_with("present  svc-0"), "{again}");
}

#[tokio::test]
async fn shares_together_promote_every_image_once() {
    let world = world(12).await;
    let mut seen = Vec::new();
    for index in 0..3 {
        let errands = (0..12).map(|n| errand(&format!("svc-{n}")));
        let fleet = promote_each(&world.promoter(), errands, Shard::new(index, 3).unwrap(), 4, now()).await;
        assert_eq!(fleet.ended(), Ended::Done, "{fleet}");
        seen.extend(fleet.outcomes.into_iter().map(|outcome| outcome.errand.image.to_string()));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    for n in 0..12 {
        let repo: Repository = format!("stage.example/svc-{n}").parse().unwrap();
        world.stage.resolve(&repo, &TagOrDigest::Tag(tag("stage"))).await.unwrap();
    }
}

#[test]
fn a_share_is_the_same_everywhere_and_for_ever() {
    let share = |text: &str, total| {
        let repo: Repository = text.parse().unwrap();
        (0..total).find(|index| Shard::new(*index, total).unwrap().has(&repo)).unwrap()
    };
    // sha256("prod.example/app") begins with 8 bytes that are a number; written down here, so that it cannot change.
    let known = ["prod.example/app", "prod.example/web", "prod.example/team/api"].map(|text| share(text, 7));
    assert_eq!(known, KNOWN);
    for wrong in ["", "1", "4/4", "0/0", "-1/2", "a/b", "1/2/3"] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

/// By `printf NAME | sha256sum | cut -c1-16`, modulo 7.
const KNOWN: [u32; 3] = [2, 5, 0];

proptest! {
    #[test]
    fn every_repository_is_in_exactly_one_share(path in "[a-z]{1,8}(/[a-z]{1,8}){0,2}", total in 1u32..50) {
        let repo: Repository = format!("prod.example/{path}").parse().unwrap();
        let has = (0..total).filter(|index| Shard::new(*index, total).unwrap().has(&repo)).count();
        prop_assert_eq!(has, 1);
        prop_assert!(Shard::whole().has(&repo));
    }
}
