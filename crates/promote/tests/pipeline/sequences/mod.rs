//! Random graphs and histories: whatever is done in whatever order, what is current somewhere passed the gates of the way
//! that it came, or carries a recorded override; what is denied moves nowhere until it is released, by any selector; and nothing
//! that is automatic undoes a rollback.

mod model;
mod ops;

use proptest::prelude::*;

use self::model::Model;
use self::ops::{op, shape};

/// How many images there are.
const IMAGES: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_current_passed_its_gates_and_what_is_denied_or_held_stays_so(
        shape in shape(),
        ops in prop::collection::vec(op(), 10..50),
    ) {
        futures::executor::block_on(async {
            let mut model = Model::new(shape);
            for image in 0..IMAGES {
                model.build(image, image).await;
            }
            for op in ops {
                model.run(op).await;
                model.check().await;
            }
        });
    }
}

/// The sequences do come to something: of a thousand, promotions of every kind pass.
#[test]
fn sequences_promote_and_do_not_only_refuse() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut promoted, mut rolled_back, mut healed) = (0, 0, 0);
    futures::executor::block_on(async {
        for _ in 0..24 {
            let shape = shape().new_tree(&mut runner).unwrap().current();
            let ops = prop::collection::vec(op(), 50).new_tree(&mut runner).unwrap().current();
            let mut model = Model::new(shape);
            for image in 0..IMAGES {
                model.build(image, image).await;
            }
            for op in ops {
                model.run(op).await;
            }
            promoted += model.promoted;
            rolled_back += model.rolled_back;
            healed += model.healed;
        }
    });
    assert!(promoted > 40 && rolled_back > 1 && healed > 0, "{promoted} {rolled_back} {healed}");
}
