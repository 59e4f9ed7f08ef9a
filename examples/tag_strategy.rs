//! A team's tag strategy, tested without a registry, a clock or an environment: `cargo test --example tag_strategy`.
#![allow(clippy::print_stdout)]

use lockage_tagging::{AllOf, BuildFacts, Commit, Latest, PullRequest, Semver, TagScheme};

/// Releases get their version and the floating tags; pull requests their number; everything its commit.
fn our_scheme() -> impl TagScheme {
    AllOf::new().with(Semver::cascade()).with(Latest::on_release()).with(PullRequest).with(Commit::short())
}

const COMMIT: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for facts in [BuildFacts::tag("v1.2.3"), BuildFacts::pull_request(42), BuildFacts::branch("main")] {
        let facts = facts.commit(COMMIT);
        let tags: Vec<_> = our_scheme().tags(&facts)?.iter().map(ToString::to_string).collect();
        println!("{:?} → {}", facts.git_ref, tags.join(" "));
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
}
