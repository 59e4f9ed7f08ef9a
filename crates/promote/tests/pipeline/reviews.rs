//! Gates on what a forge says, and the pull request of a merge.

use lockage_promote::pipeline::vcs::{
    Check, CheckState, ChecksGate, MergeFacts, MergedFromError, PullRequest, ReachableGate, Review, Reviewed,
    ReviewedGate, Vcs, VcsError, VcsErrorKind, pull_request_of_merge,
};
use lockage_promote::{Gate, Verdict};

use crate::looks::{asked, plan};
use crate::world::{COMMIT, World, built};

/// Says what it is told to; fails where it is told nothing.
#[derive(Clone, Debug, Default)]
struct Forge {
    pulls: Option<Vec<PullRequest>>,
    protected: Option<bool>,
    reachable: Option<bool>,
    checks: Option<Vec<Check>>,
    reviewed: Option<Reviewed>,
}

fn said<T: Clone>(what: &Option<T>) -> Result<T, VcsError> {
    what.clone().ok_or_else(|| VcsError::new(VcsErrorKind::Unavailable, "ask"))
}

#[async_trait::async_trait]
impl Vcs for Forge {
    async fn pull_requests_of(&self, _: &str) -> Result<Vec<PullRequest>, VcsError> {
        said(&self.pulls)
    }
    async fn is_protected(&self, _: &str) -> Result<bool, VcsError> {
        said(&self.protected)
    }
    async fn is_reachable(&self, commit: &str, _: &str) -> Result<bool, VcsError> {
        assert_eq!(commit, COMMIT);
        said(&self.reachable)
    }
    async fn checks(&self, _: &str) -> Result<Vec<Check>, VcsError> {
        said(&self.checks)
    }
    async fn reviews(&self, _: u64) -> Result<Reviewed, VcsError> {
        said(&self.reviewed)
    }
}

/// What the gate says of an image that was built from the commit, in a line.
async fn told(gate: &dyn Gate) -> String {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42", "nightly"]).await;
    // Selected by a tag that names no pull request.
    let plan = plan(&world, "tag:nightly").await;
    match asked(gate, &plan, &world.dev).await {
        Ok(Verdict::Pass(evidence)) => format!("pass: {}", evidence.summary),
        Ok(Verdict::Fail { reasons }) => format!("fail: {}", reasons.join("; ")),
        Ok(Verdict::Wait { reason, .. }) => format!("wait: {reason}"),
        Err(error) => format!("error: {error}"),
    }
}

#[tokio::test]
async fn a_commit_has_to_be_on_a_protected_branch() {
    for (protected, reachable, expected) in [
        (Some(true), Some(true), "pass: "),
        (Some(true), Some(false), "fail: "),
        (Some(false), Some(true), "fail: the branch main is not protected"),
        (None, Some(true), "error: "),
        (Some(true), None, "error: "),
    ] {
        let gate = ReachableGate::new(Forge { protected, reachable, ..Forge::default() }, ["main"]);
        let told = told(&gate).await;
        assert!(told.starts_with(expected), "{told}");
    }
    assert!(told(&ReachableGate::new(Forge::default(), [""; 0])).await.starts_with("error: no branch"));
}

#[tokio::test]
async fn checks_have_to_have_gone_well() {
    use CheckState::{Failed, Passed, Pending, Skipped};
    let all = |checks: &[(&str, CheckState)]| {
        let checks = checks.iter().map(|(name, state)| Check::new(*name, *state, format!("{state:?}"))).collect();
        ChecksGate::new(Forge { checks: Some(checks), ..Forge::default() })
    };
    for (gate, expected) in [
        (all(&[("test", Passed), ("docs", Skipped)]), "pass: 1 check went well"),
        (all(&[("test", Passed), ("e2e", Pending)]), "wait: e2e: Pending"),
        (all(&[("test", Failed), ("e2e", Pending), ("lint", Failed)]), "fail: test: Failed; lint: Failed"),
        (all(&[("docs", Skipped)]), "wait: no check"),
        (all(&[]), "wait: no check"),
        (all(&[("test", Passed), ("promote", Pending)]).ignore("promote"), "pass: 1 check"),
        (all(&[("test", Passed), ("flaky", Failed)]).require("test"), "pass: 1 check"),
        (all(&[("test", Skipped)]).require("test"), "fail: test: Skipped"),
        (all(&[("lint", Passed)]).require("test"), "wait: test: not there yet"),
        (all(&[("test", Passed), ("test", Failed)]).require("test"), "fail: test: Failed"),
        (ChecksGate::new(Forge::default()), "error: "),
    ] {
        let told = told(&gate).await;
        assert!(told.starts_with(expected), "{told}, and not {expected}");
    }
}

fn pull(number: u64) -> PullRequest {
    PullRequest::new(number, "alice", "aaaa", "main").merged_as(COMMIT)
}

#[tokio::test]
async fn a_pull_request_has_to_be_approved_by_others_at_its_last_commit() {
    let of = |pulls: &[PullRequest], reviews: &[(&str, bool, &str)]| {
        let reviews = reviews.iter().map(|(by, approves, of)| Review::new(*by, *approves, Some((*of).to_owned())));
        let reviewed = pulls.first().map(|one| Reviewed::new(one.clone(), reviews.collect()));
        ReviewedGate::new(Forge { pulls: Some(pulls.to_vec()), reviewed, ..Forge::default() })
    };
    let other = PullRequest::new(42, "alice", "aaaa", "main").merged_as("cccc");
    for (gate, expected) in [
        (of(&[pull(42)], &[("bob", true, "aaaa")]), "pass: #42 was approved by bob"),
        (of(&[pull(42)], &[]), "wait: 0 of 1 approvals of #42"),
        (of(&[pull(42)], &[("Alice", true, "aaaa")]), "wait: 0 of 1 approvals of #42; Alice is its author"),
        (of(&[pull(42)], &[("bob", true, "9999")]), "wait: 0 of 1 approvals of #42; bob approved an earlier commit"),
        (of(&[pull(42)], &[("bob", true, "9999")]).stale_too(), "pass: "),
        (of(&[pull(42)], &[("bob", true, "aaaa"), ("carol", false, "aaaa")]), "fail: carol asks for changes in #42"),
        (of(&[pull(42)], &[("bob", true, "aaaa"), ("Bob", true, "aaaa")]).quorum(2), "wait: 1 of 2"),
        (
            of(&[pull(42)], &[("bob", true, "aaaa"), ("carol", true, "aaaa")]).quorum(2),
            "pass: #42 was approved by bob, carol",
        ),
        (of(&[other], &[("bob", true, "aaaa")]), "fail: 2b2e927"),
        (of(&[], &[]), "fail: 2b2e927"),
        (of(&[pull(42), pull(43)], &[("bob", true, "aaaa")]), "error: "),
        (of(&[pull(42)], &[("bob", true, "aaaa")]).quorum(0), "error: "),
        (ReviewedGate::new(Forge::default()), "error: "),
        (ReviewedGate::new(Forge { pulls: Some(vec![pull(42)]), ..Forge::default() }), "error: "),
    ] {
        let told = told(&gate).await;
        assert!(told.starts_with(expected), "{told}, and not {expected}");
    }
}

#[tokio::test]
async fn the_pull_request_of_a_merge_is_told_by_all_that_know_it_or_refused() {
    let forge = |pulls: &[PullRequest]| Forge { pulls: Some(pulls.to_vec()), ..Forge::default() };
    let squash = "Fix the lock (#42)\n\nCloses #7";
    let facts = MergeFacts::new().commit(COMMIT).message(squash);
    let open = PullRequest::new(44, "bob", COMMIT, "main");
    let within = PullRequest::new(42, "alice", "aaaa", "main").merged_as("cccc");
    for (facts, forge, expected) in [
        (MergeFacts::new().message(squash), None, Some(42)),
        (MergeFacts::new().event(42), None, Some(42)),
        (MergeFacts::new().message("Release"), None, None),
        (facts, Some(forge(&[pull(42), open.clone()])), Some(42)),
        (facts.event(42), Some(forge(&[])), Some(42)),
        (MergeFacts::new().commit(COMMIT), Some(forge(&[within])), Some(42)),
        (MergeFacts::new().commit(COMMIT), Some(forge(&[open])), None),
    ] {
        let vcs = forge.as_ref().map(|forge| forge as &dyn Vcs);
        assert_eq!(pull_request_of_merge(facts, vcs).await.unwrap(), expected, "{facts:?}");
    }
    let two = forge(&[pull(42), pull(43)]);
    for (facts, vcs) in
        [(facts.event(41), None), (facts, Some(forge(&[pull(43)]))), (MergeFacts::new().commit(COMMIT), Some(two))]
    {
        let vcs = vcs.as_ref().map(|forge| forge as &dyn Vcs);
        let error = pull_request_of_merge(facts, vcs).await.unwrap_err();
        assert!(matches!(error, MergedFromError::Ambiguous { .. }), "{error}");
    }
    let backport = MergeFacts::new().message("Fix (#42) (#43)");
    assert!(matches!(pull_request_of_merge(backport, None).await, Err(MergedFromError::Message(_))));
    let silent = pull_request_of_merge(facts, Some(&Forge::default())).await;
    assert!(matches!(silent, Err(MergedFromError::Vcs(_))), "what the message says does not stand in for the forge");
}
