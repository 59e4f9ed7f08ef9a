//! `ImageStatus`: whether what a registry holds can be pulled, where it has an archive.

/// Whether a manifest can be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageStatus {
    /// It can be pulled.
    Active,
    /// It is archived: there, with its tags, and pulled by nobody.
    Archived,
    /// It is being taken out of the archive, which takes minutes, and is pulled by nobody until then.
    Activating,
}
