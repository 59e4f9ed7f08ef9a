//! How long it takes to read a large ledger from a cold start, and in how much memory. Run with --release -- --ignored.
