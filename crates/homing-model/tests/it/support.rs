//! People, spaces and edits that the tests share.

use homing_model::{Actor, DraftId, Edit, Preimage};
use homing_wire::{DocId, PersonId, SpaceId};

pub const ADA: PersonId = PersonId([0xad; 32]);
pub const BEN: PersonId = PersonId([0xbe; 32]);
pub const SPACE: SpaceId = SpaceId([0x5e; 32]);

pub fn actor(number: u8) -> Actor {
    Actor([number; 16])
}

pub fn draft_id(number: u8) -> DraftId {
    DraftId([number; 16])
}

pub fn talk() -> DocId {
    Preimage::talk_conversation(SPACE).doc_id()
}

pub fn message_of(owner: PersonId) -> Preimage {
    Preimage::message(SPACE, owner, &draft_id(7))
}

pub fn create_message(body: &str) -> Edit {
    Edit::CreateMessage {
        conversation: talk(),
        body: body.into(),
        author_ms: 1_700_000_000_000,
        reply_to: None,
        attachments: Vec::new(),
    }
}

pub fn create_conversation(subject: &str, creator: PersonId) -> Edit {
    Edit::CreateConversation { subject: subject.into(), creator, created_ms: 1_700_000_000_000 }
}

/// A conversation of Ada in a team or client space.
pub fn conversation_of(owner: PersonId) -> Preimage {
    Preimage::conversation(SPACE, owner, [9; 16])
}
