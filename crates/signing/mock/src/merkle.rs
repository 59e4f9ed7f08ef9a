//! The tree of a log (RFC 6962, section 2.1): its root, and the proof that a leaf is in it.

use crate::key::sha256;

pub(crate) fn leaf(body: &[u8]) -> [u8; 32] {
    sha256(&[&[0], body].concat())
}

pub(crate) fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        more => {
            let (left, right) = more.split_at(split(more.len()));
            sha256(&[&[1], root(left).as_slice(), &root(right)].concat())
        }
    }
}

/// The hashes beside the way from a leaf to the root, the lowest first.
pub(crate) fn path(leaves: &[[u8; 32]], index: usize) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut hashes, beside) = match index.checked_sub(left.len()) {
        None => (path(left, index), root(right)),
        Some(index) => (path(right, index), root(left)),
    };
    hashes.push(beside);
    hashes
}

/// The largest power of two below a number that is at least two.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}
