//! What people do on their devices, typed: each is a call as a window or a script makes it.

use anyhow::{Context, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use homing_engine::api::{
    ApiError, Backup, Call, Comment, CommentDraft, Commented, ConversationArchive, ConversationDetail,
    ConversationNew, ConversationPage, ConversationRef, ConversationRow, Conversations, DeviceRow, Doctor,
    DoctorReport, Done, Draft, DraftChoose, DraftRow, DraftSend, DraftSet, Filter, History, Init, Invitation,
    Invite, InviteTo, ItemRef, Join, Joined, LinkAccept, LinkApprove, LinkState, MemberRef, MemberRow,
    MessageEdit, MessagePage, MessageRow, Messages, NewConversation, Nothing, OutboxItems, OutboxMove,
    OutboxResult, OutboxRow, PersonRow, React, RelaySet, ScheduledQuery, ScheduledRow, ScheduledTime, Search,
    SearchPage, Send, Sent, Shown, Status,
};
use serde::de::DeserializeOwned;

use crate::world::{DeviceId, RELAY, World};

/// Rows asked for at once; the engine's own limit.
const PAGE: u32 = 200;
/// Steps in which two devices that are being linked get to show their digits.
const LINK_STEPS: usize = 20_000;

impl World {
    /// Makes a call and reads its answer.
    pub fn ask<T: DeserializeOwned>(&mut self, device: DeviceId, call: Call) -> Result<T> {
        Ok(serde_json::from_str(self.call(device, call)?.get())?)
    }

    /// The error a call is answered with.
    pub fn refusal(&mut self, device: DeviceId, call: Call) -> Result<ApiError> {
        match self.try_call(device, call)? {
            Ok(answer) => bail!("the call was done: {answer}"),
            Err(error) => Ok(error),
        }
    }

    /// A new person on this device, at this world's relay.
    pub fn init(&mut self, device: DeviceId, name: &str) -> Result<Status> {
        let device_name = Some(format!("{name} {device}"));
        let args = Init { name: name.to_owned(), relay: None, device_name };
        self.ask::<Status>(device, Call::Init(args))?;
        self.ask(device, Call::RelaySet(RelaySet { address: RELAY.to_owned() }))
    }

    /// A new person on this device, without a relay.
    pub fn init_local(&mut self, device: DeviceId, name: &str) -> Result<Status> {
        let args = Init { name: name.to_owned(), relay: None, device_name: Some(format!("{name} {device}")) };
        self.ask(device, Call::Init(args))
    }

    /// Opens an invitation; its link.
    pub fn invite(&mut self, device: DeviceId, to: InviteTo) -> Result<String> {
        Ok(self.ask::<Invitation>(device, Call::Invite(Invite { to }))?.link)
    }

    /// Comes in by a link, as a new person if `name` is given.
    pub fn join(&mut self, device: DeviceId, link: &str, name: Option<&str>) -> Result<Joined> {
        self.ask(device, Call::Join(Join { link: link.to_owned(), name: name.map(str::to_owned) }))
    }

    /// Links a new device to the person of `old`; both people at the screens compare the digits.
    pub fn link_device(&mut self, old: DeviceId, new: DeviceId) -> Result<()> {
        let offer: LinkState = self.ask(old, Call::LinkOffer(Nothing {}))?;
        let code = offer.code.context("an offer has a code")?;
        let accept =
            LinkAccept { code, device_name: Some(format!("device {new}")), relay: Some(RELAY.to_owned()) };
        let waiting = self.begin_call(new, Call::LinkAccept(accept))?;
        let mut shown: Option<String> = None;
        for _ in 0..LINK_STEPS {
            if let Some(answer) = self.answer(new, waiting)? {
                let state: LinkState = serde_json::from_str(answer.map_err(|e| anyhow!("{e:?}"))?.get())?;
                shown = state.digits;
                break;
            }
            self.step()?;
        }
        let there = shown.context("the new device shows no digits")?;
        let here = loop {
            let state: Option<LinkState> = self.ask(old, Call::LinkShow(Nothing {}))?;
            match state.and_then(|state| state.digits) {
                Some(digits) => break digits,
                None => self.step()?,
            };
        };
        if here != there {
            bail!("the digits differ: {here} and {there}");
        }
        self.ask::<LinkState>(old, Call::LinkApprove(LinkApprove { digits: there }))?;
        for _ in 0..LINK_STEPS {
            if self.status(new)?.person.is_some() {
                return Ok(());
            }
            self.step()?;
        }
        bail!("the new device never became one of the person's")
    }

    /// The profile at a glance.
    pub fn status(&mut self, device: DeviceId) -> Result<Status> {
        self.ask(device, Call::Status(Nothing {}))
    }

    /// Begins a conversation with people by name or id.
    pub fn conversation(&mut self, device: DeviceId, subject: &str, with: &[&str]) -> Result<String> {
        let with = with.iter().map(|name| (*name).to_owned()).collect();
        let args = ConversationNew {
            subject: Some(subject.to_owned()),
            with,
            message: None,
            attachments: Vec::new(),
            about: Vec::new(),
        };
        Ok(self.ask::<NewConversation>(device, Call::ConversationNew(args))?.id)
    }

    /// All conversations, archived ones too.
    pub fn conversations(&mut self, device: DeviceId) -> Result<Vec<ConversationRow>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let args = Conversations { filter: Filter::All, after, limit: PAGE };
            let page: ConversationPage = self.ask(device, Call::Conversations(args))?;
            all.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// One conversation.
    pub fn conversation_detail(
        &mut self,
        device: DeviceId,
        conversation: &str,
    ) -> Result<ConversationDetail> {
        self.ask(device, Call::Conversation(reference(conversation)))
    }

    /// Puts a conversation away, or takes it out again.
    pub fn archive(
        &mut self,
        device: DeviceId,
        conversation: &str,
        archived: bool,
    ) -> Result<ConversationRow> {
        let args = ConversationArchive { conversation: conversation.to_owned(), archived };
        self.ask(device, Call::ConversationArchive(args))
    }

    /// Reads everything in a conversation.
    pub fn read(&mut self, device: DeviceId, conversation: &str) -> Result<ConversationRow> {
        self.ask(device, Call::ConversationRead(reference(conversation)))
    }

    /// Messages that were on the screen.
    pub fn shown(&mut self, device: DeviceId, conversation: &str, messages: &[String]) -> Result<()> {
        let args = Shown { conversation: conversation.to_owned(), messages: messages.to_vec() };
        self.ask::<Done>(device, Call::Shown(args)).map(drop)
    }

    /// Sends a text; the message's id.
    pub fn send(&mut self, device: DeviceId, conversation: &str, text: &str) -> Result<String> {
        Ok(self.ask::<Sent>(device, send_call(conversation, text))?.id)
    }

    /// All messages of a conversation, oldest first.
    pub fn messages(&mut self, device: DeviceId, conversation: &str) -> Result<Vec<MessageRow>> {
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let args = Messages {
                conversation: conversation.to_owned(),
                before,
                after: None,
                around: None,
                unread: false,
                limit: PAGE,
            };
            let page: MessagePage = self.ask(device, Call::Messages(args))?;
            all.splice(0..0, page.rows);
            match page.older {
                Some(older) => before = Some(older),
                None => return Ok(all),
            }
        }
    }

    /// Bodies of a conversation's messages, oldest first.
    pub fn bodies(&mut self, device: DeviceId, conversation: &str) -> Result<Vec<String>> {
        Ok(self.messages(device, conversation)?.into_iter().map(|row| row.body).collect())
    }

    /// Gives an own message other words.
    pub fn edit(&mut self, device: DeviceId, message: &str, text: &str) -> Result<()> {
        let args = MessageEdit { message: message.to_owned(), text: text.to_owned() };
        self.ask::<Done>(device, Call::MessageEdit(args)).map(drop)
    }

    /// Reacts to a message, or takes it back.
    pub fn react(&mut self, device: DeviceId, message: &str, emoji: &str, on: bool) -> Result<()> {
        let args = React { message: message.to_owned(), emoji: emoji.to_owned(), on };
        self.ask::<Done>(device, Call::React(args)).map(drop)
    }

    /// All words a message had, oldest first.
    pub fn wordings(&mut self, device: DeviceId, message: &str) -> Result<Vec<String>> {
        let history: History = self.ask(device, Call::MessageHistory(ItemRef { id: message.to_owned() }))?;
        Ok(history.wordings.into_iter().map(|wording| wording.body).collect())
    }

    /// Deletes a message for everyone.
    pub fn delete_message(&mut self, device: DeviceId, message: &str) -> Result<()> {
        self.ask::<Done>(device, Call::MessageDelete(ItemRef { id: message.to_owned() })).map(drop)
    }

    /// The composer's draft.
    pub fn draft(&mut self, device: DeviceId, conversation: &str) -> Result<Draft> {
        self.ask(device, Call::DraftShow(reference(conversation)))
    }

    /// Types: replaces what `base` showed.
    pub fn draft_set(
        &mut self,
        device: DeviceId,
        conversation: &str,
        text: &str,
        base: &str,
    ) -> Result<Draft> {
        self.type_into(device, conversation, None, (text, base))
    }

    /// Types into one of a conversation's drafts; an empty name begins one.
    pub fn type_into(
        &mut self,
        device: DeviceId,
        conversation: &str,
        draft: Option<&str>,
        (text, base): (&str, &str),
    ) -> Result<Draft> {
        let args = DraftSet {
            conversation: conversation.to_owned(),
            text: text.to_owned(),
            draft: draft.map(str::to_owned),
            base: Some(base.to_owned()),
            reply_to: None,
            template: None,
        };
        self.ask(device, Call::DraftSet(args))
    }

    /// Sends the draft as it stands on this device.
    pub fn draft_send(&mut self, device: DeviceId, conversation: &str) -> Result<Sent> {
        self.send_as_it_stands(device, conversation, None)
    }

    /// Sends the draft as it stands on this device at a time.
    pub fn draft_send_at(&mut self, device: DeviceId, conversation: &str, at_ms: u64) -> Result<Sent> {
        let at = rfc3339(at_ms)?;
        self.send_as_it_stands(device, conversation, Some(at))
    }

    fn send_as_it_stands(
        &mut self,
        device: DeviceId,
        conversation: &str,
        at: Option<String>,
    ) -> Result<Sent> {
        let draft = self.draft(device, conversation)?;
        let args = DraftSend {
            conversation: conversation.to_owned(),
            text: draft.text,
            draft: None,
            base: Some(draft.revision),
            attachments: Vec::new(),
            at,
            previews: Vec::new(),
        };
        self.ask(device, Call::DraftSend(args))
    }

    /// Types an answer to a message.
    pub fn answer_in_draft(
        &mut self,
        device: DeviceId,
        conversation: &str,
        message: &str,
        text: &str,
    ) -> Result<Draft> {
        let args = DraftSet {
            conversation: conversation.to_owned(),
            text: text.to_owned(),
            draft: None,
            base: None,
            reply_to: Some(message.to_owned()),
            template: None,
        };
        self.ask(device, Call::DraftSet(args))
    }

    /// Sends a draft as a screen does that showed `seen`.
    pub fn send_draft(
        &mut self,
        device: DeviceId,
        conversation: &str,
        seen: &Draft,
        text: &str,
    ) -> Result<Sent> {
        let args = DraftSend {
            conversation: conversation.to_owned(),
            text: text.to_owned(),
            draft: Some(seen.id.clone()),
            base: Some(seen.revision.clone()),
            attachments: Vec::new(),
            at: None,
            previews: Vec::new(),
        };
        self.ask(device, Call::DraftSend(args))
    }

    /// Makes another draft the composer's; none of them if it names none.
    pub fn choose_draft(
        &mut self,
        device: DeviceId,
        conversation: &str,
        draft: Option<&str>,
    ) -> Result<Draft> {
        let (conversation, draft) = (conversation.to_owned(), draft.map(str::to_owned));
        self.ask(device, Call::DraftChoose(DraftChoose { conversation, draft }))
    }

    /// Throws a draft away.
    pub fn discard_draft(&mut self, device: DeviceId, draft: &str) -> Result<()> {
        self.ask::<Done>(device, Call::DraftDiscard(ItemRef { id: draft.to_owned() })).map(drop)
    }

    /// What is typed of a comment beside a conversation.
    pub fn comment_draft(&mut self, device: DeviceId, conversation: &str) -> Result<Draft> {
        let args = CommentDraft { conversation: conversation.to_owned(), ..CommentDraft::default() };
        self.ask(device, Call::CommentDraft(args))
    }

    /// Types a comment as a screen does that showed `seen`; none: it showed nothing.
    pub fn type_comment(
        &mut self,
        device: DeviceId,
        conversation: &str,
        seen: Option<&Draft>,
        text: &str,
    ) -> Result<Draft> {
        let args = CommentDraft {
            conversation: conversation.to_owned(),
            text: Some(text.to_owned()),
            draft: Some(seen.map(|draft| draft.id.clone()).unwrap_or_default()),
            base: seen.map(|draft| draft.revision.clone()),
        };
        self.ask(device, Call::CommentDraft(args))
    }

    /// Writes what is typed of a comment, as a screen does that showed `seen`.
    pub fn write_comment(
        &mut self,
        device: DeviceId,
        conversation: &str,
        seen: &Draft,
        text: &str,
    ) -> Result<Commented> {
        let args = Comment {
            conversation: conversation.to_owned(),
            text: text.to_owned(),
            draft: Some(seen.id.clone()),
            base: Some(seen.revision.clone()),
            ..Comment::default()
        };
        self.ask(device, Call::Comment(args))
    }

    /// All drafts of the person.
    pub fn drafts(&mut self, device: DeviceId) -> Result<Vec<DraftRow>> {
        self.ask(device, Call::Drafts(Nothing {}))
    }

    /// Sends a text at a time, Unix ms; the id of the message it becomes.
    pub fn send_at(
        &mut self,
        device: DeviceId,
        conversation: &str,
        text: &str,
        at_ms: u64,
    ) -> Result<String> {
        Ok(self.ask::<Sent>(device, send_at_call(conversation, text, at_ms)?)?.id)
    }

    /// What is sent at its time.
    pub fn scheduled(&mut self, device: DeviceId) -> Result<Vec<ScheduledRow>> {
        self.ask(device, Call::Scheduled(ScheduledQuery::default()))
    }

    /// Takes a scheduled message back.
    pub fn unschedule(&mut self, device: DeviceId, message: &str) -> Result<()> {
        self.ask::<Done>(device, Call::ScheduledCancel(ItemRef { id: message.to_owned() })).map(drop)
    }

    /// Chooses another time, or confirms the same one.
    pub fn reschedule(&mut self, device: DeviceId, message: &str, at_ms: u64) -> Result<ScheduledRow> {
        let args = ScheduledTime { id: message.to_owned(), at: rfc3339(at_ms)? };
        self.ask(device, Call::ScheduledTime(args))
    }

    /// What has not reached the relay.
    pub fn outbox(&mut self, device: DeviceId) -> Result<Vec<OutboxRow>> {
        self.ask(device, Call::Outbox(Nothing {}))
    }

    /// Puts a waiting message before another one, or behind all.
    pub fn outbox_move(&mut self, device: DeviceId, id: &str, before: Option<&str>) -> Result<()> {
        let (id, before) = (id.to_owned(), before.map(str::to_owned));
        self.ask::<Done>(device, Call::OutboxMove(OutboxMove { id, before })).map(drop)
    }

    /// Takes waiting changes back.
    pub fn take_back(&mut self, device: DeviceId, ids: &[String]) -> Result<Vec<OutboxResult>> {
        self.ask(device, Call::OutboxTakeBack(OutboxItems { ids: ids.to_vec() }))
    }

    /// Undoes that.
    pub fn put_back(&mut self, device: DeviceId, ids: &[String]) -> Result<Vec<OutboxResult>> {
        self.ask(device, Call::OutboxPutBack(OutboxItems { ids: ids.to_vec() }))
    }

    /// Everybody this person knows.
    pub fn people(&mut self, device: DeviceId) -> Result<Vec<PersonRow>> {
        self.ask(device, Call::People(Nothing {}))
    }

    /// Who can read a conversation.
    pub fn members(&mut self, device: DeviceId, conversation: &str) -> Result<Vec<MemberRow>> {
        self.ask(device, Call::Members(reference(conversation)))
    }

    /// Takes a member out of a conversation's space.
    pub fn remove_member(
        &mut self,
        device: DeviceId,
        conversation: &str,
        member: &str,
    ) -> Result<Vec<MemberRow>> {
        let args = MemberRef { conversation: conversation.to_owned(), member: member.to_owned() };
        self.ask(device, Call::MemberRemove(args))
    }

    /// The person's devices.
    pub fn devices(&mut self, device: DeviceId) -> Result<Vec<DeviceRow>> {
        self.ask(device, Call::Devices(Nothing {}))
    }

    /// Shuts another device of the person out.
    pub fn revoke_device(&mut self, device: DeviceId, other: &str) -> Result<Vec<DeviceRow>> {
        self.ask(device, Call::DeviceRevoke(ItemRef { id: other.to_owned() }))
    }

    /// Checks the database.
    pub fn doctor(&mut self, device: DeviceId) -> Result<DoctorReport> {
        self.ask(device, Call::Doctor(Doctor { repair: false }))
    }

    /// Searches everywhere.
    pub fn search(&mut self, device: DeviceId, query: &str) -> Result<SearchPage> {
        let args = Search { query: query.to_owned(), limit: 100, ..Search::default() };
        self.ask(device, Call::Search(args))
    }

    /// Writes a backup under a passphrase.
    pub fn backup(&mut self, device: DeviceId, file: &std::path::Path, passphrase: &str) -> Result<()> {
        let file = file.to_str().context("a path in UTF-8")?.to_owned();
        let args = Backup { file, passphrase: Some(passphrase.to_owned()) };
        self.call(device, Call::Backup(args)).map(drop)
    }
}

/// Names a conversation.
pub fn reference(conversation: &str) -> ConversationRef {
    ConversationRef { conversation: conversation.to_owned() }
}

/// The call that sends a text at a time, Unix ms.
pub fn send_at_call(conversation: &str, text: &str, at_ms: u64) -> Result<Call> {
    Ok(Call::Send(Send {
        conversation: conversation.to_owned(),
        text: text.to_owned(),
        at: Some(rfc3339(at_ms)?),
        ..Send::default()
    }))
}

/// A time as people write it.
pub fn rfc3339(at_ms: u64) -> Result<String> {
    let time = DateTime::<Utc>::from_timestamp_millis(i64::try_from(at_ms)?).context("a time")?;
    Ok(time.to_rfc3339())
}

/// The call that sends a text.
pub fn send_call(conversation: &str, text: &str) -> Call {
    Call::Send(Send {
        conversation: conversation.to_owned(),
        text: text.to_owned(),
        attachments: Vec::new(),
        ..Send::default()
    })
}
