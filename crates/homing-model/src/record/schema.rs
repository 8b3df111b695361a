//! What a kind of record is.

use homing_wire::{DocId, PersonId, Role, SpaceId, SpaceKind};
use minicbor::{CborLen, Decode, Encode};

use super::SCHEMAS;
use crate::{Kind, Preimage};

/// Names a kind of record by the number that is written into ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
#[cbor(transparent)]
pub struct RecordKind(#[n(0)] u32);

impl RecordKind {
    pub(super) const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// The kind with this number, if this version knows it.
    pub fn from_number(number: u32) -> Option<Self> {
        SCHEMAS.iter().map(|schema| schema.kind).find(|kind| kind.0 == number)
    }

    /// The kind with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        SCHEMAS.iter().find(|schema| schema.name == name).map(|schema| schema.kind)
    }

    /// The number that is written into ids.
    pub fn number(self) -> u32 {
        self.0
    }

    /// What the kind is; nothing for a number that this version does not know.
    pub fn schema(self) -> Option<&'static RecordSchema> {
        SCHEMAS.iter().copied().find(|schema| schema.kind == self)
    }
}

/// A kind of record.
#[derive(Debug)]
pub struct RecordSchema {
    /// Its number.
    pub kind: RecordKind,
    /// Its name, for scripts and screens.
    pub name: &'static str,
    /// The kinds of spaces it may stand in.
    pub spaces: &'static [SpaceKind],
    /// What its ids are cut from.
    pub cut: Cut,
    /// Who may begin one.
    pub creates: Who,
    /// Who may write its fields.
    pub writes: Who,
    /// Who may delete it, and take that back.
    pub deletes: Who,
    /// What it holds.
    pub fields: &'static [Field],
    /// The field that lists call it by.
    pub title: Option<&'static str>,
    /// The kind its copies in other spaces have.
    pub published_as: Option<RecordKind>,
    /// The kind it is the copy of.
    pub copy_of: Option<RecordKind>,
}

impl RecordSchema {
    /// A field by its key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The fields that copies hold.
    pub fn public_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| !field.internal)
    }

    /// Names a record that one person begins; `nonce` is drawn at random.
    pub fn owned(&self, space: SpaceId, owner: PersonId, nonce: [u8; 16]) -> Preimage {
        Preimage::Owned { space, kind: Kind::Record(self.kind), owner, nonce }
    }

    /// Names the one record of this kind about another record; in a talk, where nobody is staff, there is one for each
    /// person who writes it.
    pub fn derived(&self, space: SpaceId, about: &DocId, in_talk_by: Option<&PersonId>) -> Preimage {
        let mut key = about.as_bytes().to_vec();
        key.extend(in_talk_by.iter().flat_map(|person| person.0));
        Preimage::Derived { space, kind: Kind::Record(self.kind), key }
    }
}

/// What the ids of a kind are cut from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Whoever begins it, and a random number.
    Owner,
    /// The record it is about: devices that begin it apart mean the same one.
    Record,
}

/// Who may do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Everybody who writes in the space.
    Writers,
    /// Not clients.
    Staff,
}

impl Who {
    /// Whether somebody with this role is meant.
    pub fn includes(self, role: Role) -> bool {
        match self {
            Self::Writers => true,
            Self::Staff => role != Role::Client,
        }
    }
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its key, without the prefix.
    pub key: &'static str,
    /// What it holds.
    pub holds: FieldType,
    /// Never leaves the space: not part of copies.
    pub internal: bool,
    /// A record always has it.
    pub required: bool,
}

impl Field {
    pub(super) const fn new(key: &'static str, holds: FieldType) -> Self {
        Self { key, holds, internal: false, required: false }
    }

    pub(super) const fn internal(self) -> Self {
        Self { internal: true, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// One line of at most so many bytes.
    Text(usize),
    /// Text of at most so many bytes.
    LongText(usize),
    /// An amount in a currency.
    Money,
    /// A day.
    Date,
    /// A local time with its zone.
    Time,
    /// One of these; later versions may know more.
    Choice(&'static [&'static str]),
    /// A person.
    Person,
    /// Another record.
    Record,
    /// At most so many files, as one list.
    Files(usize),
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A count to which each device adds under a key of its own (`f/<field>/<person>/<counter>`, the counter 16 letters
    /// of hexadecimal), shown as the sum.
    Tally,
    /// A copy of a record.
    Copy,
}
