//! From the store's rows to what screens and scripts get, a whole list per query.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_model::AttachmentMeta;
use homing_store::attachments::FileState;
use homing_store::conversations::{ConversationRow as StoredConversation, Cursor};
use homing_store::draft_files::DraftFileRow;
use homing_store::drafts::DraftRow as StoredDraft;
use homing_store::members::{self, MemberRow};
use homing_store::messages::{self, MessageRow as StoredMessage, MessageState};
use homing_store::receipts::{self, AdvanceKind, ReceiptRow};
use homing_store::{Read, conversations, drafts, merging, meta, people, spaces};
use homing_wire::{DeviceId, DocId, Member, PersonId, Role, SpaceId, SpaceKind as WireSpaceKind};

use crate::api::{
    ApiError, Assignee, Attachment, AttachmentState, Code, ConversationRow, Draft, DraftRow, Event,
    MessageRow, Participant, Quote, Receipt, RoleName, Sending, SpaceKind, State, VoiceShown,
};
use crate::core::Core;
use crate::marks::{self, Names};
use crate::project::DEVICE_NAME;
use crate::replica::Replica;
use crate::text::{rfc3339, visible};
use crate::touched::Touched;

const PREVIEW: usize = 100;

pub(crate) fn members_of(
    db: &Read<'_>,
    spaces: impl IntoIterator<Item = SpaceId>,
) -> Result<BTreeMap<SpaceId, Vec<MemberRow>>, ApiError> {
    let mut members: BTreeMap<SpaceId, Vec<MemberRow>> = BTreeMap::new();
    let spaces: Vec<SpaceId> = spaces.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    if spaces.is_empty() {
        return Ok(members);
    }
    for row in members::of(db, &spaces)? {
        members.entry(row.space).or_default().push(row);
    }
    Ok(members)
}

/// Members and receipts of the spaces of a page.
struct Surroundings {
    members: BTreeMap<SpaceId, Vec<MemberRow>>,
    receipts: BTreeMap<SpaceId, Vec<ReceiptRow>>,
}

impl Surroundings {
    fn of(db: &Read<'_>, spaces: impl IntoIterator<Item = SpaceId>) -> Result<Self, ApiError> {
        let spaces: Vec<SpaceId> = spaces.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let members = members_of(db, spaces.iter().copied())?;
        let mut receipts: BTreeMap<SpaceId, Vec<ReceiptRow>> = BTreeMap::new();
        for row in receipts::of(db, &spaces)? {
            receipts.entry(row.space).or_default().push(row);
        }
        Ok(Self { members, receipts })
    }

    fn members(&self, space: &SpaceId) -> &[MemberRow] {
        self.members.get(space).map_or(&[], Vec::as_slice)
    }

    /// How far one entry came with each member other than the one it was written as. A person who is no member by
    /// themselves belongs to the team.
    fn reached(
        &self,
        me: &PersonId,
        as_team: bool,
        space: &SpaceId,
        device: &DeviceId,
        dseq: u64,
    ) -> Vec<Reached> {
        let rows = self.receipts.get(space).map_or(&[] as &[ReceiptRow], Vec::as_slice);
        let persons: BTreeSet<PersonId> = self
            .members(space)
            .iter()
            .filter_map(|row| match row.member {
                Member::Person(person) => Some(person),
                Member::Team(_) => None,
            })
            .collect();
        self.members(space)
            .iter()
            .filter(|row| match row.member {
                Member::Person(person) => person != *me,
                Member::Team(_) => !as_team,
            })
            .map(|row| {
                let of_member = |receipt: &&ReceiptRow| {
                    receipt.device == *device
                        && match row.member {
                            Member::Person(person) => receipt.person == person,
                            Member::Team(_) => receipt.person != *me && !persons.contains(&receipt.person),
                        }
                };
                Reached {
                    member: row.clone(),
                    delivered: rows.iter().filter(of_member).any(|receipt| receipt.delivered.contains(dseq)),
                    read: rows.iter().filter(of_member).any(|receipt| receipt.read.contains(dseq)),
                }
            })
            .collect()
    }
}

struct Reached {
    member: MemberRow,
    delivered: bool,
    read: bool,
}

/// A group shows its least advanced member.
fn state_of(stored: MessageState, reached: &[Reached]) -> State {
    match stored {
        MessageState::Local => State::Local,
        MessageState::Pending => State::Pending,
        MessageState::Failed => State::Failed,
        MessageState::Sent if reached.is_empty() => State::Sent,
        MessageState::Sent if reached.iter().all(|member| member.read) => State::Read,
        MessageState::Sent if reached.iter().all(|member| member.delivered || member.read) => {
            State::Delivered
        }
        MessageState::Sent => State::Sent,
    }
}

pub(crate) fn role_name(role: Role) -> RoleName {
    match role {
        Role::Owner => RoleName::Owner,
        Role::Admin => RoleName::Admin,
        Role::Member => RoleName::Member,
        Role::Reader => RoleName::Reader,
        Role::Client => RoleName::Client,
        Role::Ingest => RoleName::Ingest,
    }
}

pub(crate) fn role_of(name: RoleName) -> Role {
    match name {
        RoleName::Owner => Role::Owner,
        RoleName::Admin => Role::Admin,
        RoleName::Member => Role::Member,
        RoleName::Reader => Role::Reader,
        RoleName::Client => Role::Client,
        RoleName::Ingest => Role::Ingest,
    }
}

pub(crate) fn space_kind(kind: WireSpaceKind) -> SpaceKind {
    match kind {
        WireSpaceKind::Personal => SpaceKind::Personal,
        WireSpaceKind::Team => SpaceKind::Team,
        WireSpaceKind::Client => SpaceKind::Client,
        WireSpaceKind::Talk => SpaceKind::Talk,
    }
}

pub(crate) fn member_id(member: &Member) -> String {
    match member {
        Member::Person(person) => person.to_string(),
        Member::Team(team) => team.to_string(),
    }
}

/// A name to show when none is known yet.
pub(crate) fn shown_name(name: &str) -> String {
    if name.is_empty() { "Somebody".to_owned() } else { visible(name) }
}

impl Core {
    /// Rows of the conversation list for stored rows, in the same order.
    pub(crate) fn conversation_rows(
        &mut self,
        stored: Vec<StoredConversation>,
    ) -> Result<Vec<ConversationRow>, ApiError> {
        let mut chips = self.record_chips(&stored.iter().map(|row| row.id).collect::<Vec<_>>())?;
        let spaces =
            stored.iter().flat_map(|row| [Some(row.space), row.last.as_ref().map(|last| last.space)]);
        let around = Surroundings::of(&self.db()?, spaces.flatten())?;
        let now_ms = self.env.now_ms();
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            let rights = self.rights(&row.space)?;
            let me = self.replica()?.person();
            let records = chips.remove(&row.id).unwrap_or_default();
            rows.push(ConversationRow { records, ..conversation_row(&me, row, &around, &rights, now_ms) });
        }
        Ok(rows)
    }

    /// What this person may do in a space.
    pub(crate) fn rights(&mut self, space: &SpaceId) -> Result<Rights, ApiError> {
        let store =
            self.store.as_ref().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        let replica = self.replica.as_mut().ok_or_else(crate::core::not_initialised)?;
        let db = store.read();
        let gone = spaces::get(&db, space)?.is_none_or(|row| row.state == spaces::SpaceState::Gone);
        if gone || !replica.load_space(&db, space).map_err(ApiError::from)? {
            return Ok(Rights::default());
        }
        Ok(rights_in(replica, space))
    }

    /// Messages as the conversation shows them, in the order given.
    pub(crate) fn message_rows(&mut self, stored: Vec<StoredMessage>) -> Result<Vec<MessageRow>, ApiError> {
        // Remarks among colleagues stand in the team's space beside a client's messages.
        let spaces: BTreeSet<SpaceId> = stored.iter().map(|row| row.space).collect();
        let mut all_rights: BTreeMap<SpaceId, Rights> = BTreeMap::new();
        for space in spaces {
            all_rights.insert(space, self.rights(&space)?);
        }
        let db = self.db()?;
        let around = Surroundings::of(&db, stored.iter().map(|row| row.space))?;
        let me = self.replica()?.person();
        let mut names = Names::new(&db, me);
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            let rights = all_rights.get(&row.space).copied().unwrap_or_default();
            let colleague = rights.as_team
                && !around
                    .members(&row.space)
                    .iter()
                    .any(|member| member.member == Member::Person(row.author));
            let reached = match row.mine && row.state == MessageState::Sent {
                true => around.reached(&me, rights.as_team, &row.space, &row.device, row.dseq),
                false => Vec::new(),
            };
            let receipts = self.receipts_of(&db, &row, &reached)?;
            let state = if row.mine { state_of(row.state, &reached) } else { State::Sent };
            let held = (state == State::Pending).then(|| self.held_in(&row.space)).flatten();
            let marks = marks::shown(&row, &mut names)?;
            let mut row = message_row(row, marks, state, receipts, &rights);
            row.colleague = !row.mine && (row.internal || colleague);
            row.error = row.error.or(held);
            rows.push(row);
        }
        Ok(rows)
    }

    /// Times of the receipts of one own message.
    fn receipts_of(
        &self,
        db: &Read<'_>,
        row: &StoredMessage,
        reached: &[Reached],
    ) -> Result<Vec<Receipt>, ApiError> {
        if reached.is_empty() {
            return Ok(Vec::new());
        }
        let steps = receipts::advances(db, &row.space, &row.device, row.dseq, row.dseq)?;
        let persons: BTreeSet<PersonId> = reached
            .iter()
            .filter_map(|one| match one.member.member {
                Member::Person(person) => Some(person),
                Member::Team(_) => None,
            })
            .collect();
        Ok(reached
            .iter()
            .map(|one| {
                let at = |kind: AdvanceKind| {
                    steps
                        .iter()
                        .filter(|step| {
                            step.kind == kind
                                && match one.member.member {
                                    Member::Person(person) => step.person == person,
                                    Member::Team(_) => !persons.contains(&step.person),
                                }
                        })
                        .map(|step| step.at_ms)
                        .min()
                        .map(rfc3339)
                };
                Receipt {
                    person: member_id(&one.member.member),
                    name: shown_name(&one.member.name),
                    delivered: one.delivered || one.read,
                    read: one.read,
                    delivered_at: at(AdvanceKind::Delivered),
                    read_at: if one.read { at(AdvanceKind::Read) } else { None },
                }
            })
            .collect())
    }

    /// Rows of messages that a transaction touched, by conversation.
    pub(crate) fn message_events(
        &mut self,
        touched: &BTreeMap<DocId, BTreeSet<DocId>>,
    ) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        if self.store.is_none() || self.replica.is_none() {
            return Ok(events);
        }
        for (written, ids) in touched {
            let ids: Vec<DocId> = ids.iter().copied().collect();
            let mut stored = messages::of(&self.db()?, &ids)?;
            stored.sort_by_key(StoredMessage::order);
            let present: BTreeSet<DocId> = stored.iter().map(|row| row.id).collect();
            let conversation = merging::shown_in(&self.db()?, written)?.unwrap_or(*written);
            let remove = ids.iter().filter(|id| !present.contains(id)).map(ToString::to_string).collect();
            let upsert = self.message_rows(stored)?;
            let (previous, revision) = self.next_revision();
            events.push(Event::Messages {
                conversation: conversation.to_string(),
                revision,
                previous,
                upsert,
                remove,
            });
        }
        Ok(events)
    }

    /// Events for everything else that a transaction touched.
    pub(crate) fn events(&mut self, touched: &Touched) -> Result<Vec<Event>, ApiError> {
        let mut events = Vec::new();
        if self.store.is_none() || self.replica.is_none() {
            return Ok(events);
        }
        if !touched.conversations.is_empty() {
            let mut ids: Vec<DocId> = touched.conversations.iter().copied().collect();
            for id in &touched.conversations {
                ids.extend(merging::shown_in(&self.db()?, id)?);
            }
            ids.sort_unstable();
            ids.dedup();
            let stored = conversations::of(&self.db()?, &ids)?;
            let listed: Vec<_> = stored.into_iter().filter(|row| is_listed(row) && is_shown(row)).collect();
            let present: BTreeSet<DocId> = listed.iter().map(|row| row.id).collect();
            let remove = ids.iter().filter(|id| !present.contains(id)).map(ToString::to_string).collect();
            let upsert = self.conversation_rows(listed)?;
            let (previous, revision) = self.next_revision();
            events.push(Event::Conversations { revision, previous, upsert, remove });
        }
        for conversation in &touched.reshaped {
            events.push(Event::Reshaped { conversation: conversation.to_string() });
        }
        for conversation in &touched.drafts {
            events.push(Event::Draft { draft: self.draft_of(conversation)? });
        }
        events.extend(self.record_events(&touched.records)?);
        if touched.outbox {
            events.push(Event::Outbox { waiting: self.waiting()? });
        }
        if !touched.scheduled.is_empty() {
            let conversations = touched.scheduled.iter().map(ToString::to_string).collect();
            events.push(Event::Scheduled { conversations });
        }
        if touched.people {
            events.push(Event::People {});
        }
        if touched.settings {
            events.push(Event::Settings { settings: self.stored_settings()? });
        }
        for conversation in &touched.read {
            events.push(Event::Unnotify { conversation: conversation.to_string() });
        }
        if touched.notices || !touched.arrived.is_empty() || !touched.read.is_empty() {
            let read = touched.notices_read.iter().map(crate::commands::notice_id).collect();
            events.push(Event::Notices { unread: self.notices_unread()?, read });
        }
        events.extend(self.announcements(touched)?);
        Ok(events)
    }

    /// The composer's draft of a conversation.
    pub(crate) fn draft_of(&self, conversation: &DocId) -> Result<Draft, ApiError> {
        let db = self.db()?;
        let replica = self.replica()?;
        let all = drafts::shown_in(&db, conversation)?;
        let current = replica.current_draft(&db, conversation).map_err(ApiError::from)?;
        let shown = current.as_ref().map(|row| row.id);
        let others = all
            .into_iter()
            .filter(|other| Some(other.id) != shown && (!other.text.is_empty() || other.files > 0))
            .collect();
        let others = self.draft_rows(others)?;
        let Some(row) = current else {
            return Ok(Draft {
                id: String::new(),
                conversation: conversation.to_string(),
                text: String::new(),
                revision: String::new(),
                reply_to: None,
                sending: None,
                updated_at: None,
                template: None,
                others,
                files: Vec::new(),
                files_coming: 0,
            });
        };
        let doc = replica.load_draft(&row).map_err(ApiError::from)?;
        let (files, coming) = replica.files_of_draft(&db, &doc).map_err(ApiError::from)?;
        Ok(Draft {
            id: row.id.to_string(),
            conversation: conversation.to_string(),
            text: row.text.clone(),
            revision: doc.revision().to_string(),
            reply_to: self.quote(&db, row.reply_to)?,
            sending: self.sending(&db, &row)?,
            updated_at: Some(rfc3339(row.updated_ms)),
            template: doc.template().map(|id| id.to_string()),
            others,
            files: files.iter().map(|(row, meta)| draft_file(row, meta)).collect(),
            files_coming: u32::try_from(coming).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn draft_rows(&self, stored: Vec<StoredDraft>) -> Result<Vec<DraftRow>, ApiError> {
        let db = self.db()?;
        let ids: Vec<DocId> = stored.iter().map(|row| row.conversation).collect();
        let titles: HashMap<DocId, String> = self.titles(&ids)?;
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            rows.push(DraftRow {
                id: row.id.to_string(),
                conversation: row.conversation.to_string(),
                title: titles.get(&row.conversation).cloned().unwrap_or_default(),
                sending: self.sending(&db, &row)?,
                updated_at: rfc3339(row.updated_ms),
                text: row.text,
                files: row.files,
            });
        }
        Ok(rows)
    }

    /// What lists call these conversations.
    pub(crate) fn titles(&self, ids: &[DocId]) -> Result<HashMap<DocId, String>, ApiError> {
        let db = self.db()?;
        let me = self.replica()?.person();
        // Hits of a search are often of one conversation.
        let ids: BTreeSet<DocId> = ids.iter().copied().collect();
        let stored = conversations::of(&db, &ids.into_iter().collect::<Vec<_>>())?;
        let nameless = stored.iter().filter(|row| row.subject.is_empty() && client_of(row).is_empty());
        let members = members_of(&db, nameless.map(|row| row.space))?;
        let title = |row: &StoredConversation| {
            let members = members.get(&row.space).map_or(&[][..], Vec::as_slice);
            title_of(&me, &row.subject, client_of(row), members)
        };
        Ok(stored.iter().map(|row| (row.id, title(row))).collect())
    }

    fn sending(&self, db: &Read<'_>, row: &StoredDraft) -> Result<Option<Sending>, ApiError> {
        let Some(device) = row.sending_device else { return Ok(None) };
        let here = device == self.replica()?.device();
        Ok(Some(Sending { device: device.to_string(), device_name: device_name(db, &device)?, here }))
    }

    fn quote(&self, db: &Read<'_>, message: Option<DocId>) -> Result<Option<Quote>, ApiError> {
        let Some(id) = message else { return Ok(None) };
        Ok(messages::get(db, &id)?.map(|row| Quote {
            id: id.to_string(),
            author_name: shown_name(&row.author_name),
            preview: homing_model::preview(&row.body, PREVIEW),
        }))
    }

    pub(crate) fn name_of(&self, space: &SpaceId, person: &PersonId) -> Result<String, ApiError> {
        Ok(shown_name(&people::name_in(&self.db()?, space, person)?))
    }
}

/// Whether any list shows it.
pub(crate) fn is_listed(row: &StoredConversation) -> bool {
    !row.hidden && !row.deleted && !row.shown_elsewhere
}

/// A conversation whose document is not here yet is not shown, unless a message of it is.
pub(crate) fn is_shown(row: &StoredConversation) -> bool {
    row.creator.is_some() || row.last.is_some()
}

pub(crate) fn device_name(db: &Read<'_>, device: &DeviceId) -> Result<String, ApiError> {
    let stored = meta::get(db, &format!("{DEVICE_NAME}{device}"))?;
    Ok(stored
        .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
        .map_or_else(|| "A device".to_owned(), |n| visible(&n)))
}

/// What this person may do in a space.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rights {
    pub write: bool,
    pub manage: bool,
    pub member: bool,
    /// Writes as a team.
    pub as_team: bool,
}

pub(crate) fn rights_in(replica: &Replica, space: &SpaceId) -> Rights {
    match replica.writes_as(space) {
        Some((member, role)) => Rights {
            write: role.writes(),
            manage: role.manages(),
            member: true,
            as_team: matches!(member, Member::Team(_)),
        },
        None => Rights::default(),
    }
}

fn participants(me: &PersonId, members: &[MemberRow]) -> Vec<Participant> {
    members
        .iter()
        .map(|row| Participant {
            person: member_id(&row.member),
            name: shown_name(&row.name),
            role: role_name(row.role),
            me: row.member == Member::Person(*me),
            team: matches!(row.member, Member::Team(_)),
        })
        .collect()
}

/// Whose conversation it is, if it is a client's.
fn client_of(row: &StoredConversation) -> &str {
    if row.space_kind == Some(WireSpaceKind::Client) { &row.space_name } else { "" }
}

/// What lists call a conversation: by its subject, else its client, else who is in it.
pub(crate) fn title_of(me: &PersonId, subject: &str, client: &str, members: &[MemberRow]) -> String {
    if let Some(name) = [subject, client].into_iter().find(|name| !name.is_empty()) {
        return visible(name);
    }
    let others: Vec<String> = members
        .iter()
        .filter(|member| member.member != Member::Person(*me))
        .map(|member| shown_name(&member.name))
        .collect();
    if others.is_empty() { "Just you".to_owned() } else { others.join(", ") }
}

fn conversation_row(
    me: &PersonId,
    row: StoredConversation,
    around: &Surroundings,
    rights: &Rights,
    now_ms: u64,
) -> ConversationRow {
    let members = around.members(&row.space);
    let last_state = row.last.as_ref().filter(|last| last.mine).map(|last| {
        let as_team = rights.as_team && last.space == row.space;
        let reached = around.reached(me, as_team, &last.space, &last.device, last.dseq);
        state_of(last.state, &reached)
    });
    let preview = match &row.last {
        Some(last) if last.deleted => "Message deleted".to_owned(),
        Some(last) if row.preview.is_empty() && last.files > 0 => "Sent a file".to_owned(),
        _ => row.preview.clone(),
    };
    ConversationRow {
        id: row.id.to_string(),
        space: row.space.to_string(),
        space_kind: row.space_kind.map_or(SpaceKind::Talk, space_kind),
        subject: visible(&row.subject),
        title: title_of(me, &row.subject, client_of(&row), members),
        participants: participants(me, members),
        unread: row.unread,
        marked_unread: row.marked_unread,
        named: row.mentions > 0,
        preview,
        preview_author: row.last.as_ref().filter(|last| !last.mine).map(|last| shown_name(&last.author_name)),
        last_at: rfc3339(row.last_at_ms),
        last_state,
        archived: row.archived,
        has_draft: row.has_draft,
        draft_preview: row.draft_preview,
        waiting: row.waiting,
        can_write: rights.write,
        can_manage: rights.manage,
        records: Vec::new(),
        order: Cursor { rank: row.rank, id: row.id }.to_string(),
        space_name: match row.space_kind {
            Some(WireSpaceKind::Client | WireSpaceKind::Team) => visible(&row.space_name),
            _ => String::new(),
        },
        preview_internal: row.last.as_ref().is_some_and(|last| last.space != row.space),
        pinned: row.own.pinned,
        keep_files: row.own.keep_files,
        muted_until: (row.own.muted_until_ms > now_ms).then(|| rfc3339(row.own.muted_until_ms)),
        snoozed_until: (row.own.snoozed_until_ms > 0).then(|| rfc3339(row.own.snoozed_until_ms)),
        snoozed: row.away,
        blocked: row.blocked,
        staffed: row.team.is_some(),
        assignee: row.assignee.map(|person| Assignee {
            person: person.to_string(),
            name: shown_name(&row.assignee_name),
            me: person == *me,
        }),
    }
}

fn message_row(
    row: StoredMessage,
    marks: marks::Shown,
    state: State,
    receipts: Vec<Receipt>,
    rights: &Rights,
) -> MessageRow {
    let error = (!row.error.is_empty()).then(|| ApiError::new(Code::RelayRefused, row.error_message.clone()));
    MessageRow {
        order: row.order().to_string(),
        id: row.id.to_string(),
        conversation: row.conversation.to_string(),
        author: row.author.to_string(),
        author_name: shown_name(&row.author_name),
        mine: row.mine,
        at: rfc3339(row.at_ms),
        body: row.body,
        state,
        error,
        receipts,
        attachments: row.attachments.iter().map(attachment).collect(),
        reply_to: row.reply_to.map(|quote| Quote {
            id: quote.id.to_string(),
            author_name: shown_name(&quote.author_name),
            preview: if quote.deleted { "Message deleted".to_owned() } else { quote.preview },
        }),
        unread: row.unread,
        late: row.late,
        deleted: row.deleted,
        internal: row.internal,
        colleague: false,
        blocked: row.blocked && !row.mine,
        can_delete: !row.deleted && rights.write && (row.mine || rights.manage),
        can_edit: !row.deleted && rights.write && row.mine,
        edited_at: marks.edited_at,
        reactions: marks.reactions,
        mentions: marks.mentions,
        mentions_me: row.marks.mentions_me,
        previews: marks.previews,
        forwarded: marks.extras.forwarded,
        template: marks.template,
        about: marks.extras.about.map(|id| id.to_string()),
        replies: row.replies,
        changing: marks.changing,
        undo_until: marks.undo_until,
    }
}

#[allow(clippy::cast_precision_loss, reason = "files are far below 2^53 bytes")]
pub(crate) fn attachment(row: &homing_store::attachments::AttachmentRow) -> Attachment {
    Attachment {
        id: row.id.to_string(),
        name: visible(&row.name),
        mime: row.mime.clone(),
        size: row.size as f64,
        state: state_of_file(row.state),
        progress: row.progress,
        here: here(row.state, row.path.as_deref()),
        width: row.width,
        height: row.height,
        thumbnail: row.thumbnail.as_deref().and_then(crate::files::thumbnail_url),
        voice: row.voice.as_ref().map(|(ms, peaks)| voice_shown(*ms, peaks)),
        pinned: row.pinned,
    }
}

#[allow(clippy::cast_precision_loss, reason = "recordings last hours, not millennia")]
fn voice_shown(duration_ms: u64, peaks: &[u8]) -> VoiceShown {
    VoiceShown { duration_ms: duration_ms as f64, peaks: peaks.to_vec() }
}

/// A file of a draft.
fn draft_file(row: &DraftFileRow, meta: &AttachmentMeta) -> Attachment {
    Attachment {
        id: row.id.to_string(),
        name: visible(&meta.name),
        mime: meta.mime.clone(),
        size: meta.size as f64,
        state: state_of_file(row.state),
        progress: row.progress,
        here: here(row.state, row.path.as_deref()),
        width: meta.width,
        height: meta.height,
        thumbnail: meta.thumbnail.as_ref().and_then(|bytes| crate::files::thumbnail_url(bytes)),
        voice: meta.voice.as_ref().map(|voice| voice_shown(voice.duration_ms, &voice.peaks)),
        pinned: false,
    }
}

fn here(state: FileState, path: Option<&str>) -> bool {
    let whole =
        matches!(state, FileState::Waiting | FileState::Uploading | FileState::Ready | FileState::Stopped);
    whole && path.is_some()
}

fn state_of_file(state: FileState) -> AttachmentState {
    match state {
        FileState::Waiting => AttachmentState::Waiting,
        FileState::Uploading => AttachmentState::Uploading,
        FileState::Remote => AttachmentState::Remote,
        FileState::Downloading => AttachmentState::Downloading,
        FileState::Ready => AttachmentState::Ready,
        FileState::Failed => AttachmentState::Failed,
        FileState::Stopped => AttachmentState::Stopped,
        FileState::Gone => AttachmentState::Gone,
    }
}
