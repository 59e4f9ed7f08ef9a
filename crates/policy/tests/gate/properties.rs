//! Whatever is taken away from reports, or spoilt in them, lets nothing pass that did not.

use futures::executor::block_on;
use lockage_policy::gate::{GivenReports, ScanGate};
use lockage_promote::Verdict;
use proptest::prelude::*;

use crate::world::{Built, World, asked, built, database, on, strict};

const FIXTURES: [&str; 6] =
    ["clean.json", "debian12.json", "eol.json", "scratch.json", "unknownos.json", "sbomscan.json"];

/// What is done to the report of one platform.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Nothing,
    Removed,
    Emptied,
    Cut(usize),
    Swapped,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        2 => Just(Harm::Nothing),
        1 => Just(Harm::Removed),
        1 => Just(Harm::Emptied),
        1 => (1_usize..2000).prop_map(Harm::Cut),
        1 => Just(Harm::Swapped),
    ]
}

fn reports(built: &Built, fixtures: [&str; 2], harms: [Harm; 2]) -> GivenReports {
    let mut all = GivenReports::new().database(database());
    for (n, (fixture, harm)) in fixtures.into_iter().zip(harms).enumerate() {
        let other = &built.children[1 - n];
        let mut report = on(&built.children[n], fixture).to_string().into_bytes();
        match harm {
            Harm::Nothing => {}
            Harm::Removed => continue,
            Harm::Emptied => report.clear(),
            Harm::Cut(bytes) => report.truncate(report.len().saturating_sub(bytes)),
            Harm::Swapped => report = on(other, fixture).to_string().into_bytes(),
        }
        all = all.document(format!("{n}.json"), report);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_report_less_or_one_that_is_spoilt_never_makes_a_pass(
        fixtures in prop::array::uniform2(prop::sample::select(FIXTURES.to_vec())),
        harms in prop::array::uniform2(harm()),
    ) {
        let built = built(1);
        let passes = |harms| {
            block_on(async {
                let (world, plan) = World::with(&built).await;
                let gate = ScanGate::new(strict()).reports(reports(&built, fixtures, harms));
                matches!(asked(&gate, &plan, &world.dev).await, Ok(Verdict::Pass(_)))
            })
        };
        let (whole, harmed) = (passes([Harm::Nothing; 2]), passes(harms));
        prop_assert!(whole || !harmed, "{fixtures:?} {harms:?}");
        prop_assert_eq!(whole, fixtures == ["clean.json"; 2]);
        let untouched = harms.iter().all(|harm| matches!(harm, Harm::Nothing));
        let exchanged = harms.iter().all(|harm| matches!(harm, Harm::Swapped));
        prop_assert!(!harmed || untouched || exchanged, "{fixtures:?} {harms:?}");
    }
}
