//! As much DER (X.690, section 10) as it takes to see what kind of key a document holds. The keys themselves are parsed
//! by the cryptographic library.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// The first explicitly tagged field.
pub(super) const FIRST: u8 = 0xa0;

/// The content of the value of type `tag` at the front, and what follows the value.
pub(super) fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    if length < 0x80 {
        return rest.split_at_checked(usize::from(length));
    }
    // A key has fewer than 64 KiB.
    let count = usize::from(length & 0x7f);
    let (bytes, rest) = rest.split_at_checked(count).filter(|_| (1..=2).contains(&count))?;
    rest.split_at_checked(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// The content of a value of type `tag` that nothing follows.
pub(super) fn only(tag: u8, der: &[u8]) -> Option<&[u8]> {
    value(tag, der).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// How many bits the unsigned number has whose big-endian bytes these are.
pub(super) fn bits(number: &[u8]) -> usize {
    let mut digits = number.iter().skip_while(|byte| **byte == 0);
    digits.next().map_or(0, |first| digits.count() * 8 + 8 - first.leading_zeros() as usize)
}
