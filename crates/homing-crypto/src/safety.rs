//! Safety numbers: what two people compare to know that nobody sits between them.

use crate::context;

const DIGITS_PER_GROUP: u64 = 100_000;
const GROUPS_PER_PERSON: usize = 6;

/// Sixty digits in twelve groups of five, the same on both sides whoever comes first.
///
/// Each person's half is 30 digits (about 99 bits) of a hash over their id and key: finding another key with the
/// same half is out of reach, and a half stays the same in every pair, so it can be printed on a card.
pub fn safety_number(a: (&[u8; 32], &[u8; 32]), b: (&[u8; 32], &[u8; 32])) -> String {
    let mut halves = [half(a), half(b)];
    halves.sort();
    halves.join(" ")
}

fn half((id, key): (&[u8; 32], &[u8; 32])) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(context::SAFETY_NUMBER);
    hasher.update(id);
    hasher.update(key);
    let mut output = hasher.finalize_xof();
    let groups: Vec<String> = (0..GROUPS_PER_PERSON)
        .map(|_| {
            let mut bytes = [0; 8];
            output.fill(&mut bytes);
            format!("{:05}", u64::from_le_bytes(bytes) % DIGITS_PER_GROUP)
        })
        .collect();
    groups.join(" ")
}
