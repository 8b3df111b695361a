//! What a change or a document may hold. Part of the rules: all devices refuse alike.

/// Bytes of one change.
pub const CHANGE: usize = 256 * 1024;
/// Ops of one change.
pub const OPS: usize = 4096;
/// Changes a change may name as its dependencies.
pub const DEPS: usize = 512;
/// Other actors a change may name.
pub const ACTORS: usize = 512;
/// First op and sequence numbers stay below this: 32 bits overflow inside automerge.
pub const COUNTER: u64 = 1 << 24;
/// Bytes of a root key.
pub const KEY: usize = 256;
/// Bytes of a document's preimage.
pub const PREIMAGE: usize = 256;
/// Bytes of a natural key in a preimage.
pub const NATURAL_KEY: usize = 64;
/// Bytes of a message's text; longer ones are offered as an attachment.
pub const BODY: usize = 32 * 1024;
/// Bytes of a message's whole content, attachments' descriptions included.
pub const CONTENT: usize = 128 * 1024;
/// Attachments of one message.
pub const ATTACHMENTS: usize = 32;
/// Bytes of a name: of a person, a device, a contact, a space, a file.
pub const NAME: usize = 256;
/// Bytes of a conversation's subject.
pub const SUBJECT: usize = 512;
/// Bytes of a note about a contact.
pub const NOTE: usize = 16 * 1024;
/// Bytes of a media type.
pub const MIME: usize = 128;
/// Bytes of a draft's text.
pub const DRAFT_TEXT: usize = 256 * 1024;
/// Bytes of the mark of a draft that is sent at a time: the descriptions of its files, but not its text.
pub const SCHEDULING: usize = 24 * 1024;
/// Bytes of a saved draft before it is loaded.
pub const DRAFT_SAVED: usize = 2 * 1024 * 1024;
/// Unix milliseconds a document may name: up to the end of the year 9999.
pub const TIME_MS: u64 = 253_402_300_799_999;
/// Chunks of a file that version 1 of the rules takes.
pub const V1_CHUNKS: usize = 16;
/// Bytes of a small picture inside a message.
pub const THUMBNAIL: usize = 12 * 1024;
/// People named in one message.
pub const MENTIONS: usize = 50;
/// Pages previewed in one message.
pub const PREVIEWS: usize = 3;
/// Bytes of a previewed page's address.
pub const URL: usize = 2048;
/// Milliseconds of one recording.
pub const VOICE_MS: u64 = 4 * 3600 * 1000;
/// Steps of a recording's loudness.
pub const VOICE_PEAKS: usize = 256;
/// Bytes of a reaction: one emoji may be a sequence of many code points.
pub const REACTION: usize = 64;
/// Bytes of a setting's value.
pub const SETTING: usize = 16 * 1024;
/// Bytes of a record's field; a copy's field holds all public ones.
pub const FIELD: usize = 160 * 1024;
/// Heads a copy was made from.
pub const COPY_HEADS: usize = 256;
/// Fields of a copy.
pub const COPY_FIELDS: usize = 128;
