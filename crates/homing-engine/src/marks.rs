//! What a message gets besides its words (edits, reactions, mentions, previews): from its document into its row, and from
//! there to the screens.

use std::collections::{BTreeMap, HashMap};

use homing_model::{Extras, MessageProjection};
use homing_store::Read;
use homing_store::messages::{Marks, MessageRow as StoredMessage};
use homing_store::outbox::OutboxState as StoredState;
use homing_wire::codec::{decode, encode};
use homing_wire::{PersonId, SpaceId};

use crate::api::{ApiError, Named, OutboxState, Preview, Reaction, Template};
use crate::text::{rfc3339, visible};

/// Bytes of a row's reactions: far more than anybody gives, and the rules bound each.
const REACTIONS: usize = 16 * 1024 * 1024;
const EXTRAS: usize = 128 * 1024;
/// The marks of a message's row.
pub(crate) fn of(message: &MessageProjection, me: &PersonId) -> Marks {
    let extras = message.content.extras();
    Marks {
        edited_ms: message.edited_ms.unwrap_or(0),
        reactions: if message.reactions.is_empty() { Vec::new() } else { encode(&message.reactions) },
        mentions_me: extras.mentions.contains(me),
        extras: extras.or_none().map_or_else(Vec::new, |extras| encode(&extras)),
    }
}

/// The reactions of a row, as they were given.
pub(crate) fn reactions(marks: &Marks) -> Vec<(PersonId, String)> {
    if marks.reactions.is_empty() {
        return Vec::new();
    }
    decode("reactions", &marks.reactions, REACTIONS).unwrap_or_default()
}

/// What not every message has, of a row.
pub(crate) fn extras(marks: &Marks) -> Extras {
    if marks.extras.is_empty() {
        return Extras::default();
    }
    decode("extras", &marks.extras, EXTRAS).unwrap_or_default()
}

/// The same for screens.
#[derive(Default)]
pub(crate) struct Shown {
    pub reactions: Vec<Reaction>,
    pub mentions: Vec<Named>,
    pub previews: Vec<Preview>,
    pub extras: Extras,
    pub template: Option<Template>,
    pub edited_at: Option<String>,
    pub changing: Option<OutboxState>,
    pub undo_until: Option<String>,
}

/// Names of a page, each looked up once.
pub(crate) struct Names<'a> {
    db: &'a Read<'a>,
    me: PersonId,
    known: HashMap<(SpaceId, PersonId), String>,
}

impl<'a> Names<'a> {
    pub fn new(db: &'a Read<'a>, me: PersonId) -> Self {
        Self { db, me, known: HashMap::new() }
    }

    pub fn named(&mut self, space: &SpaceId, person: PersonId) -> Result<Named, ApiError> {
        let name = match self.known.get(&(*space, person)) {
            Some(name) => name.clone(),
            None => {
                let name = visible(&homing_store::people::name_in(self.db, space, &person)?);
                self.known.insert((*space, person), name.clone());
                name
            }
        };
        Ok(Named { person: person.to_string(), name, me: person == self.me })
    }
}

/// What a screen shows of a row's marks.
pub(crate) fn shown(row: &StoredMessage, names: &mut Names<'_>) -> Result<Shown, ApiError> {
    let mut shown = Shown {
        edited_at: (row.marks.edited_ms > 0).then(|| rfc3339(row.marks.edited_ms)),
        changing: row.changing.map(|state| match state {
            StoredState::Queued => OutboxState::Queued,
            StoredState::Sealed => OutboxState::Sealed,
            StoredState::Refused => OutboxState::Refused,
        }),
        undo_until: (row.hold_until > 0).then(|| rfc3339(row.hold_until)),
        extras: extras(&row.marks),
        ..Shown::default()
    };
    let mut alike: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (person, emoji) in reactions(&row.marks) {
        let named = names.named(&row.space, person)?;
        if !alike.contains_key(&emoji) {
            order.push(emoji.clone());
        }
        alike.entry(emoji).or_default().push(named);
    }
    for emoji in order {
        let people = alike.remove(&emoji).unwrap_or_default();
        let mine = people.iter().any(|one| one.me);
        shown.reactions.push(Reaction { emoji: visible(&emoji), mine, people });
    }
    // The most given first; of equals the one that sorts first, the same on every device.
    shown.reactions.sort_by(|a, b| (b.people.len(), &a.emoji).cmp(&(a.people.len(), &b.emoji)));
    if let Some(template) = shown.extras.template {
        shown.template = crate::quick::template(names.db, &template)?;
    }
    for person in std::mem::take(&mut shown.extras.mentions) {
        shown.mentions.push(names.named(&row.space, person)?);
    }
    // Whose link is not, or no longer, in the words is no preview of them.
    let previews = std::mem::take(&mut shown.extras.previews);
    let named = crate::pages::named_in(&previews, &row.body);
    shown.previews.extend(named.iter().map(crate::pages::shown));
    Ok(shown)
}
