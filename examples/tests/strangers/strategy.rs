//! A team's own strategy: the week of the release, and the commit.
use lockage_tagging::{AllOf, BuildFacts, Commit, SchemeError, Tag, TagScheme};

#[derive(Debug)]
pub struct Week(pub u32);

impl TagScheme for Week {
    fn tags(&self, _: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        Ok(vec![format!("week-{}", self.0).parse()?])
    }
}

pub fn ours(week: u32) -> impl TagScheme {
    AllOf::new().with(Week(week)).with(Commit::short())
}

#[test]
fn a_build_is_found_by_its_week_and_its_commit() {
    let facts = BuildFacts::branch("main").commit("2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
    assert_eq!(ours(47).tags(&facts).unwrap(), ["week-47", "sha-2b2e927"]);
    assert!(ours(47).tags(&BuildFacts::branch("main")).is_err());
}
