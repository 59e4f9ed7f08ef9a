//! Wrappers: each adds one thing to any backend, and all of them stack.

#[cfg(feature = "wrappers")]
mod clock;
#[cfg(feature = "wrappers")]
mod limit;
mod read_only;
mod read_only_registry;
#[cfg(feature = "layout")]
mod remember;
#[cfg(feature = "wrappers")]
mod retry;
#[cfg(feature = "wrappers")]
mod tap;
#[cfg(feature = "wrappers")]
mod throttle;
#[cfg(feature = "wrappers")]
mod trace;

#[cfg(feature = "wrappers")]
pub use clock::{Clock, SystemClock};
#[cfg(feature = "wrappers")]
pub use limit::Limit;
pub use read_only::ReadOnly;
pub use read_only_registry::ReadOnlyRegistry;
#[cfg(feature = "layout")]
pub use remember::Remember;
#[cfg(feature = "wrappers")]
pub use retry::Retry;
#[cfg(feature = "wrappers")]
pub use throttle::Throttle;
#[cfg(feature = "wrappers")]
pub use trace::Trace;
