//! Registries as they are: whatever one lacks, and whatever two it lacks, a copy ends with the same bytes under the
//! right tag.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod front;
mod quirk;
mod world;

use std::sync::Arc;

use lockage_promote::Outcome;
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use lockage_registry::{Prune as _, Source as _, TagOrDigest};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use quirk::Quirk;
use world::{Place, attachments, copy, image, signature_tag, small};

/// None, each, and all pairs that one registry can have.
fn all() -> Vec<Vec<Quirk>> {
    let mut sets = vec![Vec::new()];
    for (n, first) in Quirk::COPYING.into_iter().enumerate() {
        sets.push(vec![first]);
        let others = Quirk::COPYING.into_iter().skip(n + 1).filter(|second| !first.excludes(*second));
        sets.extend(others.map(|second| vec![first, second]));
    }
    sets
}

/// Runs `case` with every set, a few at once, and shows all sets that fail.
async fn each<F, R>(case: F)
where
    F: Fn(Vec<Quirk>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let (sets, places) = (all(), Arc::new(Semaphore::new(8)));
    assert!(sets.len() > 90, "{}", sets.len());
    let mut running = JoinSet::new();
    for quirks in sets {
        let (case, places) = (case.clone(), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await;
            case(quirks.clone()).await.err().map(|why| format!("{quirks:?}: {why}"))
        });
    }
    let mut failures: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    failures.sort_by_key(String::len);
    let first_lines: Vec<_> = failures.iter().filter_map(|failure| failure.lines().next()).collect();
    assert!(failures.is_empty(), "{} fail:\n{}\n{}", failures.len(), first_lines.join("\n"), failures[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_registry_lacks_the_image_arrives_whole_under_its_tag() {
    each(|quirks| async move {
        let (dev, prod) = (Place::start(&quirks).await, Place::start(&quirks).await);
        let (client, image) = (Client::builder().build().unwrap(), image(1));
        dev.hold(&image, "team/app", "pr-42").await;
        let (from, to) = (dev.reference("team/app:pr-42"), prod.reference("app:v1"));

        let receipt = copy(&client, &from, &to).await.map_err(|e| format!("{e}\n{e:?}\n{:#?}", prod.seen()))?;
        prod.has(&image, "app", "v1").await?;
        let uploaded = receipt.steps().iter().filter(|step| step.outcome == Outcome::Uploaded).count();
        if uploaded != image.blobs.len() {
            return Err(format!("{uploaded} blobs of {} were uploaded", image.blobs.len()));
        }

        let again = copy(&client, &from, &to).await.map_err(|e| format!("again: {e:?}"))?;
        if again.moved() {
            return Err("what is there was copied again".to_owned());
        }

        // To another repository of the same registry, and to another tag of the same repository.
        for (beside, repository, tag) in [("released/app:v1", "released/app", "v1"), ("app:latest", "app", "latest")] {
            let beside = prod.reference(beside);
            copy(&client, &to, &beside).await.map_err(|e| format!("{beside}: {e}\n{e:?}\n{:#?}", prod.seen()))?;
            prod.has(&image, repository, tag).await?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_registry_lacks_what_is_attached_comes_along() {
    each(|quirks| async move {
        // To a registry of the same kind; and, where it lacks one thing, between it and one that lacks nothing.
        let ways = [(&quirks[..], &quirks[..]), (&quirks, &[]), (&[], &quirks)];
        for (here, there) in ways.into_iter().take(if quirks.len() == 1 { 3 } else { 1 }) {
            let (dev, prod) = (Place::start(here).await, Place::start(there).await);
            let (client, image, signature) = (Client::builder().build().unwrap(), small(1), fixtures::image(80));
            dev.hold(&image, "team/app", "pr-42").await;
            let (attachments, tag) = (attachments(&image), signature_tag(&image));
            dev.attach(&attachments, "team/app").await;
            dev.hold(&signature, "team/app", &tag).await;
            // Somebody has attached something there already.
            let earlier = [fixtures::artifact_for(image.root().descriptor(), fixtures::SBOM, 90)];
            prod.attach(&earlier, "app").await;

            let (from, to) = (dev.reference("team/app:pr-42"), prod.reference("app:v1"));
            copy(&client, &from, &to).await.map_err(|e| format!("{e}\n{e:?}\n{:#?}", prod.seen()))?;
            prod.has(&image, "app", "v1").await?;
            for attachment in attachments.iter().chain(&earlier) {
                prod.has_attached(attachment, "app").await?;
            }
            prod.has(&signature, "app", &tag).await?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_tag_is_deleted_and_its_manifest_stays_where_only_digests_are_deleted() {
    for quirk in [Quirk::NoTagDelete, Quirk::DeletesDigestsOnly] {
        let place = Place::start(&[quirk]).await;
        let (client, image) = (Client::builder().build().unwrap(), image(1));
        place.hold(&image, "app", "v1").await;
        place.hold(&image, "app", "v2").await;
        let at = place.reference("app:v1");
        client.delete_tag(at.repository(), at.tag().unwrap()).await.unwrap();
        let error = client.resolve(at.repository(), &TagOrDigest::of(&at)).await.unwrap_err();
        assert!(error.is_not_found(), "{quirk:?}: {error}");
        place.has(&image, "app", "v2").await.unwrap();
    }
}

#[tokio::test]
async fn the_quirks_are_real() {
    // What a client sees of them, lest a matrix passes because nothing was taken away.
    let seen = |quirk| async move {
        let place = Place::start(&[quirk]).await;
        let image = image(1);
        place.hold(&image, "team/app", "v1").await;
        let (client, from) = (Client::builder().build().unwrap(), place.reference("team/app:v1"));
        copy(&client, &from, &place.reference("app:v1")).await.unwrap();
        client.referrers(from.repository(), image.root().digest(), None).await.unwrap();
        place.seen().into_iter().chain(place.stored()).collect::<Vec<_>>()
    };
    let any = |seen: &[String], parts: &[&str]| seen.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(any(&seen(Quirk::NoReferrersApi).await, &["/referrers/", " 404"]));
    assert!(any(&seen(Quirk::NoReferrersApi).await, &["GET /v2/team/app/manifests/sha256-", " 404"]));
    assert!(any(&seen(Quirk::MountsNothing).await, &["POST", "from=team%2Fapp", " 202"]));
    for status in ["401", "403", "404", "405"] {
        let refused = seen(Quirk::RefusesMounts(status.parse().unwrap())).await;
        assert!(any(&refused, &["POST", "from=team%2Fapp", &format!(" {status}")]), "{refused:#?}");
        assert!(any(&refused, &["POST", "from=app", " 202"]), "{refused:#?}");
    }
    assert!(any(&seen(Quirk::NoManifestHead).await, &["HEAD", " 405"]));

    let (dev, prod) = (Place::start(&[Quirk::BlobsElsewhere]).await, Place::start(&[Quirk::RelativeLocation]).await);
    let (client, image) = (Client::builder().build().unwrap(), image(1));
    dev.hold(&image, "app", "v1").await;
    copy(&client, &dev.reference("app:v1"), &prod.reference("app:v1")).await.unwrap();
    assert!(any(&dev.seen(), &["GET", "/blobs/", " 307"]), "{:#?}", dev.seen());
    assert_eq!(dev.stored().len(), image.blobs.len(), "{:#?}", dev.stored());
    assert!(any(&prod.seen(), &["PUT", "/blobs/uploads/", " 201"]), "{:#?}", prod.seen());
}
