//! Kinds of documents, who may change what, and how a document becomes a row on the screen.
//!
//! One entity is one small automerge document. A change travels through this crate in one direction:
//!
//! 1. [`inspect`] reads its bytes with a strict reader of our own. automerge trusts what it is given: it
//!    doesn't verify a change's hash, unfolds runs of any length and panics on some of what it reads. So it
//!    never sees bytes that were not read and written back identically here first.
//! 2. [`check`] places it in its document: the signer's actor, its sequence, its dependencies, its first op.
//! 3. [`verdict`] judges it: a pure function of the change, its author's role and its document's kind, so
//!    that all devices decide alike. Its versions stay frozen once released.
//! 4. [`project`] reads the accepted changes of a document into a row. The documents of this version hold flat
//!    root keys only; their value is a fold over the inspected changes, exactly as automerge defines it
//!    (every value of a key that no other write replaced, the greatest op id first), without building a
//!    document. A test compares the two.
//!
//! [`author`] makes changes out of [`Edit`]s. [`draft`] is the one place where text is edited together, and
//! the one that keeps a living automerge document. No clock and no randomness: both are passed in.

mod actor;
mod author;
mod change;
mod check;
mod content;
mod document;
pub mod draft;
mod edit;
mod error;
mod extras;
#[doc(hidden)]
pub mod fuzzing;
mod kind;
pub mod limits;
mod order;
mod project;
pub mod record;
mod registers;
pub mod rules;
mod text;

pub use actor::{Actor, ChangeHash, DraftId};
pub use author::{NewChange, author, author_from};
pub use change::{ChangeInfo, OpId, Value, Write, WriteOp, inspect};
pub use check::{Check, DocState, RefuseCheck, Waiting, check};
pub use content::{AttachmentMeta, Created, EditedText, MessageContent};
pub use document::save_document;
pub use draft::{Containment, DraftDoc, Revision};
pub use edit::{Edit, FieldEdit};
pub use error::ModelError;
pub use extras::{Extras, LinkPreview, Voice};
pub use kind::{Kind, Preimage};
pub use order::{Folded, Resolved, fold, resolve_duplicates};
pub use project::{
    ContactProjection, ConversationProjection, ConversationStateProjection, DeviceNameProjection,
    HandlingProjection, MessageProjection, PersonStateProjection, ProfileProjection, Projection,
    SettingProjection, SpaceInfoProjection, Wording, project, project_first,
};
pub use registers::{Candidate, Registers};
pub use rules::{Reason, Ruling, Subject, Unjudged, verdict};
pub use text::preview;
