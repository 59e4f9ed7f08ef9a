//! A team's tag strategy, tested without a registry, a clock or an environment: `cargo test --example tag_strategy`.
//!
//! The first strategy knows one build, the second also the tags that exist, so that a fix for an old line takes nothing
//! from a newer one.
#![allow(clippy::print_stdout)]

use lockage_tagging::{
    AllOf, BuildFacts, Channel, Commit, Latest, PullRequest, Semver, TagScheme, TagSchemeExt, When,
    lines::HighestOfLine,
};

/// Releases get their version and the floating tags; pull requests their number; everything its commit.
fn our_scheme() -> impl TagScheme {
    AllOf::new().with(Semver::cascade()).with(Latest::on_release()).with(PullRequest).with(Commit::short())
}

/// The same, with floating tags that never move back, channels for prereleases, and `edge` for the default branch.
fn our_scheme_among(existing: &[&str]) -> impl TagScheme {
    HighestOfLine::among(existing)
        .moving_channels()
        .and(Channel::named("edge").only_if(When::default_branch()))
        .and(PullRequest)
        .and(Commit::short())
}

const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for facts in [BuildFacts::tag("v1.2.3"), BuildFacts::pull_request(42), BuildFacts::branch("main")] {
        let facts = facts.commit(COMMIT);
        let tags: Vec<_> = our_scheme().tags(&facts)?.iter().map(ToString::to_string).collect();
        println!("{:?} → {}", facts.git_ref, tags.join(" "));
    }
    let existing = ["1.4.8", "1.5.0", "latest"];
    println!("with {} there, 1.4.9:", existing.join(" "));
    for decision in HighestOfLine::among(existing).moves(&"1.4.9".parse()?)? {
        println!("  {decision}");
    }
    for class in our_scheme_among(&existing).classes() {
        println!("makes: {class}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_gets_its_floating_tags() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::tag("v1.2.3").commit(COMMIT);
        assert_eq!(our_scheme().tags(&facts)?, ["1.2.3", "1.2", "1", "latest", "sha-2b2e927"]);
        Ok(())
    }

    #[test]
    fn a_prerelease_moves_nothing() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::tag("v1.3.0-rc.1").commit(COMMIT);
        assert_eq!(our_scheme().tags(&facts)?, ["1.3.0-rc.1", "sha-2b2e927"]);
        Ok(())
    }

    #[test]
    fn a_pull_request_can_be_found_by_its_number() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::pull_request(42).commit(COMMIT);
        assert_eq!(our_scheme().tags(&facts)?, ["pr-42", "sha-2b2e927"]);
        Ok(())
    }

    #[test]
    fn a_fix_for_an_old_line_moves_that_line_only() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::tag("v1.4.9").commit(COMMIT);
        assert_eq!(our_scheme_among(&["1.4.8", "1.5.0"]).tags(&facts)?, ["1.4.9", "1.4", "sha-2b2e927"]);
        Ok(())
    }

    #[test]
    fn a_candidate_moves_its_channel() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::tag("v1.6.0-rc.1").commit(COMMIT);
        assert_eq!(our_scheme_among(&["1.5.0"]).tags(&facts)?, ["1.6.0-rc.1", "rc", "sha-2b2e927"]);
        Ok(())
    }

    #[test]
    fn the_default_branch_is_the_edge() -> Result<(), Box<dyn std::error::Error>> {
        let facts = BuildFacts::branch("main").default_branch("main").commit(COMMIT);
        assert_eq!(our_scheme_among(&[]).tags(&facts)?, ["edge", "sha-2b2e927"]);
        Ok(())
    }
}
