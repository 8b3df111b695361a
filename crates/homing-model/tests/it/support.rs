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
        extras: None,
    }
}

pub fn create_conversation(subject: &str, creator: PersonId) -> Edit {
    Edit::CreateConversation { subject: subject.into(), creator, created_ms: 1_700_000_000_000 }
}

/// A conversation of Ada in a team or client space.
pub fn conversation_of(owner: PersonId) -> Preimage {
    Preimage::conversation(SPACE, owner, [9; 16])
}

/// A well-formed chunk around any body: the hash is right, whatever the body says.
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    let mut hashed = vec![kind];
    uleb(&mut hashed, body.len() as u64);
    hashed.extend_from_slice(body);
    let hash = sha2::Sha256::digest(&hashed);
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83];
    out.extend_from_slice(&hash[..4]);
    out.extend_from_slice(&hashed);
    out
}

/// The body of a chunk.
pub fn body(change: &[u8]) -> Vec<u8> {
    let mut at = 9;
    while change[at] & 0x80 != 0 {
        at += 1;
    }
    change[at + 1..].to_vec()
}

pub fn uleb(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// A change put together by hand, so that it may lie.
pub struct Forged {
    pub deps: Vec<[u8; 32]>,
    pub actor: Vec<u8>,
    pub seq: u64,
    pub start_op: u64,
    pub time: u8,
    pub message: Vec<u8>,
    pub columns: Vec<(u64, Vec<u8>)>,
    pub extra: Vec<u8>,
}

impl Forged {
    /// A second change that puts `null` under the key "k": well formed.
    pub fn new() -> Self {
        Self {
            deps: vec![[7; 32]],
            actor: vec![1; 16],
            seq: 1,
            start_op: 3,
            time: 0,
            message: Vec::new(),
            columns: vec![
                (21, vec![0x7f, 1, b'k']),
                (52, vec![1]),
                (66, vec![0x7f, 1]),
                (86, vec![0x7f, 0]),
                (112, vec![0x7f, 0]),
            ],
            extra: Vec::new(),
        }
    }

    pub fn column(mut self, spec: u64, data: &[u8]) -> Self {
        self.columns.retain(|(known, _)| *known != spec);
        self.columns.push((spec, data.to_vec()));
        self.columns.sort();
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        uleb(&mut out, self.deps.len() as u64);
        self.deps.iter().for_each(|dep| out.extend_from_slice(dep));
        uleb(&mut out, self.actor.len() as u64);
        out.extend_from_slice(&self.actor);
        uleb(&mut out, self.seq);
        uleb(&mut out, self.start_op);
        out.push(self.time);
        uleb(&mut out, self.message.len() as u64);
        out.extend_from_slice(&self.message);
        uleb(&mut out, 0);
        uleb(&mut out, self.columns.len() as u64);
        for (spec, data) in &self.columns {
            uleb(&mut out, *spec);
            uleb(&mut out, data.len() as u64);
        }
        self.columns.iter().for_each(|(_, data)| out.extend_from_slice(data));
        out.extend_from_slice(&self.extra);
        chunk(1, &out)
    }
}
