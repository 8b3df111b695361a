//! Who a text names: `@` and the name of somebody who can read it.
//!
//! A draft is plain text on all of its devices, and a script writes nothing else; so mentions are found when a message
//! is written, and travel in it as people, not as names that may change.

use homing_store::{Tx, people};
use homing_wire::{Member, PersonId, SpaceId};

use crate::fail::Fail;
use crate::replica::Replica;
use crate::text::visible;

impl Replica {
    /// Everybody who can read a space, the people of its teams too, by name.
    pub fn readers(
        &mut self,
        tx: &homing_store::Read<'_>,
        space: &SpaceId,
    ) -> Result<Vec<(PersonId, String)>, Fail> {
        if !self.load_space(tx, space)? {
            return Ok(Vec::new());
        }
        let mut found: Vec<PersonId> = Vec::new();
        let members: Vec<Member> = self.space(space)?.members().keys().copied().collect();
        for member in members {
            match member {
                Member::Person(person) => found.push(person),
                Member::Team(team) if self.load_space(tx, &team)? => {
                    found.extend(self.space(&team)?.members().keys().filter_map(|member| match member {
                        Member::Person(person) => Some(*person),
                        Member::Team(_) => None,
                    }));
                }
                Member::Team(_) => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        let mut readers = Vec::with_capacity(found.len());
        for person in found {
            let name = visible(&people::name_in(tx, space, &person)?);
            if !name.is_empty() {
                readers.push((person, name));
            }
        }
        readers.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        Ok(readers)
    }

    /// Who of a space a text names.
    pub fn mentioned(&mut self, tx: &Tx<'_>, space: &SpaceId, text: &str) -> Result<Vec<PersonId>, Fail> {
        if !text.contains('@') {
            return Ok(Vec::new());
        }
        let mut named = named(text, &self.readers(tx, space)?);
        named.truncate(homing_model::limits::MENTIONS);
        Ok(named)
    }
}

/// At each `@` that begins a word the longest name counts; several people may go by it.
fn named(text: &str, readers: &[(PersonId, String)]) -> Vec<PersonId> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, rest) = text.split_at(at);
        let Some(rest) = rest.strip_prefix('@') else { continue };
        if before.ends_with(char::is_alphanumeric) {
            continue;
        }
        let fits = |name: &str| {
            rest.strip_prefix(name).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        let longest =
            readers.iter().filter(|(_, name)| fits(name)).map(|(_, name)| name).max_by_key(|name| name.len());
        for (person, name) in readers {
            if Some(name) == longest && !found.contains(person) {
                found.push(*person);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts_and_words_are_whole() {
        let [ben, okafor, other, zoe] = [1, 2, 3, 4].map(|n| PersonId([n; 32]));
        let readers = [
            (ben, "Ben".to_owned()),
            (okafor, "Ben Okafor".to_owned()),
            (other, "Ben Okafor".to_owned()),
            (zoe, "Zoë".to_owned()),
        ];
        let who = |text| named(text, &readers);
        assert_eq!(who("@Ben, look"), [ben]);
        assert_eq!(who("(@Ben Okafor)"), [okafor, other]);
        assert_eq!(who("@Zoë! @Ben @Ben"), [zoe, ben]);
        assert_eq!(who("mail@Ben.example, @Benjamin, Ben, @"), []);
    }
}
