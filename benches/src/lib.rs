//! Nothing but a place for the benches: `cargo bench -p lockage-benches`.
