//! A draft: text that one person's devices edit together before it is sent.
//!
//! Each device keeps the saved automerge document of its copy in a slot; the others merge it. A person types on
//! one device while another's copy arrives, so an edit says which revision it began from and is applied
//! there: what came in since then stays. Revisions carry, beside the heads, how far each actor had got, so that
//! a device can tell whether its copy lies within what was sent even when it has not seen all of it.

mod revision;
mod splice;

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::Transactable;
use automerge::{
    ActorId, Automerge, AutomergeError, ObjId, ObjType, PatchLog, ROOT, ReadDoc, ScalarValue, Value,
};
use homing_wire::{DeviceId, DocId, Hash, SpaceId, codec};
use minicbor::{CborLen, Decode, Encode};

use crate::{Actor, ChangeHash, DraftId, MessageContent, ModelError, limits};

use revision::Reached;
pub use revision::Revision;
use splice::write_text;

mod key {
    pub(super) const ID: &str = "draft";
    pub(super) const CONVERSATION: &str = "conversation";
    pub(super) const TEXT: &str = "text";
    pub(super) const REPLY_TO: &str = "reply_to";
    pub(super) const TEMPLATE: &str = "template";
    /// One key per device, so that two devices that send at once don't take each other's mark.
    pub(super) const SENDING: &str = "sending/";
    /// One for all devices: whichever schedules it last, or takes it back, is the one that counts.
    pub(super) const SCHEDULED: &str = "scheduled";
    /// One key per file, its value says where it stands among them.
    pub(super) const FILE: &str = "file/";
}

/// A device that is sending the draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sending {
    /// The device.
    pub device: DeviceId,
    /// What it froze.
    pub revision: Revision,
}

/// A draft that is to be sent at a time.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Scheduling {
    /// The device that hands it in.
    #[n(0)]
    pub device: DeviceId,
    /// What it froze.
    #[n(1)]
    pub revision: Revision,
    /// When, Unix ms.
    #[n(2)]
    pub at_ms: u64,
    /// Where.
    #[n(3)]
    pub space: SpaceId,
    /// Of the members its author saw.
    #[n(4)]
    pub members: Hash,
    /// What is sent. Its text stands in the draft, at the revision.
    #[n(5)]
    pub content: MessageContent,
}

/// How a copy of a draft relates to a revision that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Containment {
    /// Nothing in it goes beyond the revision.
    Within,
    /// It goes beyond it.
    Beyond {
        /// Its whole text.
        now: String,
        /// The text at the revision, if this copy holds it.
        sent: Option<String>,
    },
}

/// One device's copy of a draft.
#[derive(Clone, Debug)]
pub struct DraftDoc {
    doc: Automerge,
    id: DraftId,
    conversation: DocId,
}

impl DraftDoc {
    /// Begins a draft. Only the device that begins it makes its text; the others load that copy.
    pub fn new(actor: Actor, id: DraftId, conversation: DocId) -> Result<Self, ModelError> {
        let mut doc = Automerge::new().with_actor(ActorId::from(actor.0));
        let mut tx = doc.transaction();
        tx.put(ROOT, key::ID, id.0.to_vec()).map_err(bad)?;
        tx.put(ROOT, key::CONVERSATION, conversation.as_bytes().to_vec()).map_err(bad)?;
        tx.put_object(ROOT, key::TEXT, ObjType::Text).map_err(bad)?;
        tx.commit();
        Ok(Self { doc, id, conversation })
    }

    /// Loads a saved draft and goes on under the actor of this run of the process.
    ///
    /// The bytes come from a slot signed and sealed by one of the person's own devices. They are still not
    /// trusted: automerge may panic on malformed documents, and forged counters would make a later edit
    /// overflow, so the one is caught and the others are refused.
    pub fn load(bytes: &[u8], actor: Actor) -> Result<Self, ModelError> {
        if bytes.len() > limits::DRAFT_SAVED {
            return Err(ModelError::Limit("draft"));
        }
        guarded(|| {
            let mut doc = Automerge::load(bytes).map_err(bad)?;
            let in_range = |counter: u64| counter < limits::COUNTER;
            if !doc.get_changes_meta(&[]).iter().all(|meta| in_range(meta.max_op) && in_range(meta.seq)) {
                return Err(ModelError::Limit("counter"));
            }
            doc.set_actor(ActorId::from(actor.0));
            let id = bytes_at(&doc, key::ID).and_then(|bytes| DraftId::from_slice(&bytes));
            let conversation = bytes_at(&doc, key::CONVERSATION).and_then(|bytes| DocId::from_slice(&bytes));
            let loaded = Self {
                doc,
                id: id.ok_or(ModelError::BadDraft)?,
                conversation: conversation.ok_or(ModelError::BadDraft)?,
            };
            if loaded.doc.length(loaded.text_object()?) > limits::DRAFT_TEXT {
                return Err(ModelError::Limit("draft"));
            }
            Ok(loaded)
        })
    }

    /// Which draft.
    pub fn id(&self) -> DraftId {
        self.id
    }

    /// The conversation it is for.
    pub fn conversation(&self) -> DocId {
        self.conversation
    }

    /// The text.
    pub fn text(&self) -> Result<String, ModelError> {
        self.doc.text(self.text_object()?).map_err(bad)
    }

    /// Where this copy stands.
    pub fn revision(&self) -> Revision {
        Revision { heads: self.heads(), clock: self.clock() }
    }

    /// Sets the text as somebody sees it who began editing at `base` (none: what is there now). Only the
    /// difference to the text at `base` is written, so what came in since then stays. Says whether anything
    /// was written.
    pub fn set_text(&mut self, base: Option<&Revision>, text: &str) -> Result<bool, ModelError> {
        if text.len() > limits::DRAFT_TEXT {
            return Err(ModelError::Limit("draft"));
        }
        let object = self.text_object()?;
        let stale = base.filter(|base| base.heads != self.heads());
        if stale.is_some_and(|base| !self.holds(base)) {
            return Err(ModelError::UnknownRevision);
        }
        let mut edited = self.doc.clone();
        let written = guarded(|| {
            let mut tx = match stale {
                Some(base) => edited.transaction_at(PatchLog::inactive(), &base.heads()),
                None => Ok(edited.transaction()),
            }
            .map_err(|_| ModelError::BadDraft)?;
            let written = write_text(&mut tx, &object, text)?;
            if written {
                tx.commit();
            } else {
                tx.rollback();
            }
            Ok(written)
        })?;
        if written {
            self.doc = edited;
        }
        Ok(written)
    }

    /// Takes in another copy of the same draft.
    pub fn merge(&mut self, other: &Self) -> Result<(), ModelError> {
        if other.id != self.id || other.conversation != self.conversation {
            return Err(ModelError::BadDraft);
        }
        let (mut merged, mut theirs) = (self.doc.clone(), other.doc.clone());
        self.doc = guarded(|| merged.merge(&mut theirs).map_err(bad).map(|_| merged))?;
        Ok(())
    }

    /// The message it answers.
    pub fn reply_to(&self) -> Option<DocId> {
        bytes_at(&self.doc, key::REPLY_TO).and_then(|bytes| DocId::from_slice(&bytes))
    }

    /// Sets the message it answers.
    pub fn set_reply_to(&mut self, message: Option<&DocId>) -> Result<(), ModelError> {
        if self.reply_to().as_ref() == message {
            return Ok(());
        }
        let mut tx = self.doc.transaction();
        match message {
            Some(message) => tx.put(ROOT, key::REPLY_TO, message.as_bytes().to_vec()),
            None => tx.delete(ROOT, key::REPLY_TO),
        }
        .map_err(bad)?;
        tx.commit();
        Ok(())
    }

    /// The quick reply it began as.
    pub fn template(&self) -> Option<DocId> {
        bytes_at(&self.doc, key::TEMPLATE).and_then(|bytes| DocId::from_slice(&bytes))
    }

    /// Sets the quick reply it began as.
    pub fn set_template(&mut self, template: Option<&DocId>) -> Result<(), ModelError> {
        if self.template().as_ref() == template {
            return Ok(());
        }
        let mut tx = self.doc.transaction();
        match template {
            Some(template) => tx.put(ROOT, key::TEMPLATE, template.as_bytes().to_vec()),
            None => tx.delete(ROOT, key::TEMPLATE),
        }
        .map_err(bad)?;
        tx.commit();
        Ok(())
    }

    /// Its files, in their order. What they are stands beside the draft.
    pub fn files(&self) -> Vec<DocId> {
        self.files_of(None)
    }

    /// Its files at a revision, if this copy holds that.
    pub fn files_at(&self, revision: &Revision) -> Option<Vec<DocId>> {
        self.holds(revision).then(|| self.files_of(Some(&revision.heads())))
    }

    fn files_of(&self, heads: Option<&[automerge::ChangeHash]>) -> Vec<DocId> {
        let names: Vec<String> = match heads {
            Some(heads) => self.doc.keys_at(ROOT, heads).collect(),
            None => self.doc.keys(ROOT).collect(),
        };
        let mut files: Vec<(Vec<u8>, DocId)> = names
            .iter()
            .filter_map(|name| {
                let id: DocId = name.strip_prefix(key::FILE)?.parse().ok()?;
                // Two devices that added one file at once agree on its place whichever value they see here.
                Some((bytes_at(&self.doc, name).unwrap_or_default(), id))
            })
            .collect();
        files.sort();
        files.truncate(limits::ATTACHMENTS);
        files.into_iter().map(|(_, id)| id).collect()
    }

    /// Adds a file; those with a smaller place come before it.
    pub fn add_file(&mut self, file: &DocId, place: u64) -> Result<(), ModelError> {
        let files = self.files();
        if files.contains(file) {
            return Ok(());
        }
        if files.len() >= limits::ATTACHMENTS {
            return Err(ModelError::Limit("attachments"));
        }
        let mut tx = self.doc.transaction();
        tx.put(ROOT, file_key(file), place.to_be_bytes().to_vec()).map_err(bad)?;
        tx.commit();
        Ok(())
    }

    /// Takes a file out.
    pub fn remove_file(&mut self, file: &DocId) -> Result<(), ModelError> {
        if bytes_at(&self.doc, &file_key(file)).is_some() {
            let mut tx = self.doc.transaction();
            tx.delete(ROOT, file_key(file)).map_err(bad)?;
            tx.commit();
        }
        Ok(())
    }

    /// Marks that a device sends the text as it was at a revision.
    pub fn mark_sending(&mut self, device: &DeviceId, revision: &Revision) -> Result<(), ModelError> {
        let mut tx = self.doc.transaction();
        tx.put(ROOT, sending_key(device), revision.encode()).map_err(bad)?;
        tx.commit();
        Ok(())
    }

    /// Takes a device's mark back.
    pub fn clear_sending(&mut self, device: &DeviceId) -> Result<(), ModelError> {
        if bytes_at(&self.doc, &sending_key(device)).is_some() {
            let mut tx = self.doc.transaction();
            tx.delete(ROOT, sending_key(device)).map_err(bad)?;
            tx.commit();
        }
        Ok(())
    }

    /// The devices that are sending it, ordered by device.
    pub fn sending(&self) -> Vec<Sending> {
        let marks = self.doc.keys(ROOT).filter_map(|name| {
            let device = name.strip_prefix(key::SENDING)?.parse().ok()?;
            let revision = Revision::decode(&bytes_at(&self.doc, &name)?).ok()?;
            Some(Sending { device, revision })
        });
        let mut all: Vec<_> = marks.collect();
        all.sort_by_key(|sending| sending.device);
        all
    }

    /// Marks that the draft is to be sent at a time, as it was at a revision.
    pub fn mark_scheduled(&mut self, mark: &Scheduling) -> Result<(), ModelError> {
        let mut mark = mark.clone();
        mark.content.body = String::new();
        let bytes = codec::encode(&mark);
        if bytes.len() > limits::SCHEDULING {
            return Err(ModelError::Limit("scheduled message"));
        }
        let mut tx = self.doc.transaction();
        tx.put(ROOT, key::SCHEDULED, bytes).map_err(bad)?;
        tx.commit();
        Ok(())
    }

    /// Takes that mark back, whichever device made it.
    pub fn clear_scheduled(&mut self) -> Result<(), ModelError> {
        if bytes_at(&self.doc, key::SCHEDULED).is_some() {
            let mut tx = self.doc.transaction();
            tx.delete(ROOT, key::SCHEDULED).map_err(bad)?;
            tx.commit();
        }
        Ok(())
    }

    /// When it is to be sent, and what, if it is.
    pub fn scheduled(&self) -> Option<Scheduling> {
        let bytes = bytes_at(&self.doc, key::SCHEDULED)?;
        let mut mark: Scheduling = codec::decode("scheduling", &bytes, limits::SCHEDULING).ok()?;
        mark.content.body = self.text_at(&mark.revision).ok()?;
        Some(mark)
    }

    /// Whether this copy says nothing that the revision did not say.
    pub fn within(&self, sent: &Revision) -> Result<bool, ModelError> {
        self.compare(sent).map(|containment| containment == Containment::Within)
    }

    /// What this copy says beyond a revision that was sent.
    pub fn beyond(&self, sent: &Revision) -> Result<Option<(String, Option<String>)>, ModelError> {
        Ok(match self.compare(sent)? {
            Containment::Within => None,
            Containment::Beyond { now, sent } => Some((now, sent)),
        })
    }

    /// Compares this copy with a revision. Marks and cleared text don't count as going beyond: only text does.
    pub fn compare(&self, sent: &Revision) -> Result<Containment, ModelError> {
        let now = self.text()?;
        if self.holds(sent) {
            let then = self.text_at(sent)?;
            return Ok(if now == then || now.trim().is_empty() {
                Containment::Within
            } else {
                Containment::Beyond { now, sent: Some(then) }
            });
        }
        let covered = self.clock().iter().all(|reached| reached.seq <= sent.reached(&reached.actor));
        let within = covered || now.trim().is_empty();
        Ok(if within { Containment::Within } else { Containment::Beyond { now, sent: None } })
    }

    /// The text at a revision that this copy holds.
    pub fn text_at(&self, revision: &Revision) -> Result<String, ModelError> {
        if !self.holds(revision) {
            return Err(ModelError::UnknownRevision);
        }
        self.doc.text_at(self.text_object()?, &revision.heads()).map_err(bad)
    }

    /// The compact form for the slot: the document itself, not its log.
    pub fn save(&self) -> Vec<u8> {
        self.doc.save()
    }

    fn text_object(&self) -> Result<ObjId, ModelError> {
        match self.doc.get(ROOT, key::TEXT) {
            Ok(Some((Value::Object(ObjType::Text), id))) => Ok(id),
            _ => Err(ModelError::BadDraft),
        }
    }

    fn holds(&self, revision: &Revision) -> bool {
        !revision.heads.is_empty()
            && revision.heads().iter().all(|head| self.doc.get_change_meta_by_hash(head).is_some())
    }

    fn clock(&self) -> Vec<Reached> {
        let mut clock = std::collections::BTreeMap::new();
        for meta in self.doc.get_changes_meta(&[]) {
            let reached = clock.entry(meta.actor.to_bytes().to_vec()).or_insert(0);
            *reached = meta.seq.max(*reached);
        }
        clock.into_iter().map(|(actor, seq)| Reached { actor: actor.into(), seq }).collect()
    }

    fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<_> = self.doc.get_heads().iter().map(|head| ChangeHash(head.0)).collect();
        heads.sort_unstable();
        heads
    }
}

fn file_key(file: &DocId) -> String {
    format!("{}{file}", key::FILE)
}

fn sending_key(device: &DeviceId) -> String {
    format!("{}{device}", key::SENDING)
}

fn bytes_at(doc: &Automerge, name: &str) -> Option<Vec<u8>> {
    match doc.get(ROOT, name) {
        Ok(Some((Value::Scalar(value), _))) => match value.as_ref() {
            ScalarValue::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn bad(_: AutomergeError) -> ModelError {
    ModelError::BadDraft
}

/// Turns a panic inside automerge into an error. What was being built is thrown away, never used.
fn guarded<T>(work: impl FnOnce() -> Result<T, ModelError>) -> Result<T, ModelError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(ModelError::BadDraft))
}
