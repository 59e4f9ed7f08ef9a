//! What the commands about signatures share: keys in files and their passwords, whom to believe, and what to print.

pub(crate) mod claim;
pub(crate) mod password;
pub(crate) mod pinned;
pub(crate) mod seal;
pub(crate) mod sealing;
pub(crate) mod trusted;
pub(crate) mod verdict;
