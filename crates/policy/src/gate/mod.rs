//! The decisions of this crate as gates of `lockage-promote`.

mod window;

pub use self::window::WindowGate;
