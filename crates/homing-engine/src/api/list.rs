//! The one list of calls.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ApiError;
use super::args::*;
use super::cache::*;
use super::choices::*;
use super::conversation_files::*;
use super::message::*;
use super::notices::*;
use super::overview::*;
use super::pick::*;
use super::quick::*;
use super::record::*;
use super::rows::*;
use super::scheduled::*;
use super::search::*;
use super::translate::*;
use super::writing::*;
use crate::core::Core;
use crate::reply::{RawReply, Reply};

/// What a call takes and answers.
#[derive(TS)]
#[ts(export_to = "calls.ts")]
#[allow(missing_docs)]
pub struct CallType<Args, Answer> {
    pub args: Args,
    pub answer: Answer,
}

macro_rules! calls {
    (
        now { $($now_variant:ident $now:ident ($now_args:ty) -> $now_answer:ty;)* }
        later { $($later_variant:ident $later:ident ($later_args:ty) -> $later_answer:ty;)* }
    ) => {
        /// A call with its arguments, as it travels over IPC and the profile's local socket.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "call", content = "args", rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum Call { $($now_variant($now_args),)* $($later_variant($later_args),)* }

        impl Call {
            /// Runs the call. Those under `later` keep the reply until the relay has answered, or a
            /// file was read.
            pub(crate) fn run(self, core: &mut Core, reply: RawReply) {
                match self {
                    $(Call::$now_variant(args) => {
                        let answer: Result<$now_answer, ApiError> = core.$now(args);
                        core.settle(reply.typed(), answer);
                    })*
                    $(Call::$later_variant(args) => {
                        let reply: Reply<$later_answer> = reply.typed();
                        core.$later(args, reply);
                    })*
                }
            }
        }

        /// All calls by name, for the interface: exported with everything it mentions, it is the TypeScript side
        /// of this list.
        #[derive(TS)]
        #[ts(export_to = "calls.ts")]
        #[allow(missing_docs)]
        pub struct Calls { $(pub $now: CallType<$now_args, $now_answer>,)* $(pub $later: CallType<$later_args, $later_answer>,)* }
    };
}

calls! {
    now {
        Status status(Nothing) -> Status;
        Init init(Init) -> Status;
        Unlock unlock(Passphrase) -> Status;
        Lock lock(Nothing) -> Status;
        PassphraseSet passphrase_set(PassphraseSet) -> Status;
        ProfileRename profile_rename(ProfileName) -> Status;

        Conversations conversations(Conversations) -> ConversationPage;
        Conversation conversation(ConversationRef) -> ConversationDetail;
        ConversationArchive conversation_archive(ConversationArchive) -> ConversationRow;
        ConversationRead conversation_read(ConversationRef) -> ConversationRow;
        ConversationUnread conversation_unread(ConversationRef) -> ConversationRow;
        ConversationRename conversation_rename(ConversationRename) -> ConversationRow;
        ConversationLeave conversation_leave(ConversationRef) -> Done;
        ConversationDelete conversation_delete(ConversationDelete) -> Done;
        ConversationRestore conversation_restore(ConversationRestore) -> Vec<ConversationRow>;
        ConversationsChange conversations_change(ConversationsChange) -> ConversationsChanged;
        ConversationMerge conversation_merge(ConversationMerge) -> ConversationRow;
        ConversationMarks conversation_marks(ConversationMarks) -> Vec<ConversationMark>;
        ConversationGroups conversation_groups(ConversationGroups) -> GroupedConversations;
        ConversationsById conversations_by_id(ConversationsById) -> Vec<ConversationRow>;
        Comment comment(Comment) -> Commented;
        CommentDraft comment_draft(CommentDraft) -> Draft;
        CommentChoose comment_choose(DraftChoose) -> Draft;

        Messages messages(Messages) -> MessagePage;
        MessageDelete message_delete(ItemRef) -> Done;
        MessageEdit message_edit(MessageEdit) -> Done;
        MessageHistory message_history(ItemRef) -> History;
        React react(React) -> Done;
        Thread thread(ItemRef) -> ThreadPage;
        Mentionable mentionable(ConversationRef) -> Vec<Named>;
        Shown shown(Shown) -> Done;
        Focus focus(Focus) -> Done;
        Typing typing(ConversationRef) -> Done;
        Replying replying(ConversationRef) -> Done;

        DraftShow draft_show(ConversationRef) -> Draft;
        DraftSet draft_set(DraftSet) -> Draft;
        DraftChoose draft_choose(DraftChoose) -> Draft;
        DraftCompare draft_compare(DraftCompare) -> Comparison;
        DraftDetach draft_detach(DraftDetach) -> Draft;
        DraftDiscard draft_discard(ItemRef) -> Done;
        Drafts drafts(Nothing) -> Vec<DraftRow>;
        Unsaved unsaved(Nothing) -> Vec<Unsaved>;
        UnsavedSet unsaved_set(Unsaved) -> Done;

        Outbox outbox(Nothing) -> Vec<OutboxRow>;
        OutboxCancel outbox_cancel(ItemRef) -> Done;
        OutboxEdit outbox_edit(ItemRef) -> Draft;
        OutboxRetry outbox_retry(ItemRef) -> Done;
        OutboxMove outbox_move(OutboxMove) -> Done;
        OutboxTakeBack outbox_take_back(OutboxItems) -> Vec<OutboxResult>;
        OutboxPutBack outbox_put_back(OutboxItems) -> Vec<OutboxResult>;

        Scheduled scheduled(ScheduledQuery) -> Vec<ScheduledRow>;
        ScheduledTime scheduled_time(ScheduledTime) -> ScheduledRow;
        ScheduledSend scheduled_send(ItemRef) -> Sent;
        ScheduledEdit scheduled_edit(ItemRef) -> Draft;
        ScheduledCancel scheduled_cancel(ItemRef) -> Done;
        QuickReplies quick_replies(QuickReplies) -> Vec<QuickReply>;
        QuickReplySet quick_reply_set(QuickReplySet) -> QuickReply;
        QuickReplyRemove quick_reply_remove(QuickReplyRemove) -> Done;
        QuickFill quick_fill(QuickFill) -> QuickText;
        QuickImport quick_import(QuickImport) -> QuickImported;
        QuickExport quick_export(QuickExport) -> QuickTable;

        ConversationFiles conversation_files(ConversationFiles) -> MessagePage;
        Attachment attachment(ItemRef) -> FilePlace;
        AttachmentFetch attachment_fetch(ItemRef) -> Attachment;
        AttachmentStop attachment_stop(ItemRef) -> Attachment;
        AttachmentWant attachment_want(ItemRef) -> Attachment;
        FilePin file_pin(FilePin) -> Attachment;
        FileDrop file_drop(ItemRef) -> Attachment;
        FileRoom file_room(Nothing) -> FileRoom;
        FileRulesSet file_rules_set(FileRulesSet) -> FileRoom;
        FilesFree files_free(Nothing) -> FileRoom;

        Records records(Records) -> RecordPage;
        RecordColumns record_columns(RecordColumns) -> Vec<RecordColumn>;
        Record record(RecordRef) -> RecordDetail;
        RecordSet record_set(RecordSet) -> RecordRow;
        RecordSettle record_settle(RecordSettle) -> RecordDetail;
        RecordDelete record_delete(RecordDelete) -> RecordRow;
        RecordPreview record_preview(RecordRef) -> RecordPreview;
        RecordLink record_link(RecordLink) -> ConversationRow;
        RecordAsk record_ask(RecordAsk) -> Sent;
        InterestSet interest_set(InterestSet) -> RecordRow;
        Clients clients(Nothing) -> Vec<ClientRow>;

        People people(Nothing) -> Vec<PersonRow>;
        PeopleById people_by_id(PeopleById) -> Vec<PersonRow>;
        PersonSet person_set(PersonSet) -> Vec<PersonRow>;
        SpamReport spam_report(SpamReport) -> SpamReported;
        Safety safety(PersonRef) -> Safety;
        SafetyVerify safety_verify(SafetyVerify) -> Safety;
        ColleagueRemove colleague_remove(PersonRef) -> Vec<PersonRow>;
        Members members(ConversationRef) -> Vec<MemberRow>;
        MemberAdd member_add(MemberAdd) -> Vec<MemberRow>;
        MemberRemove member_remove(MemberRef) -> Vec<MemberRow>;
        MemberRole member_role(MemberRole) -> Vec<MemberRow>;

        Invitations invitations(Nothing) -> Vec<InvitationRow>;
        JoinPreview join_preview(LinkText) -> JoinPreview;
        Requests requests(Nothing) -> Vec<RequestRow>;
        Approve approve(ItemRef) -> Done;
        Decline decline(ItemRef) -> Done;

        LinkOffer link_offer(Nothing) -> LinkState;
        LinkShow link_show(Nothing) -> Option<LinkState>;
        LinkCancel link_cancel(Nothing) -> Done;
        Devices devices(Nothing) -> Vec<DeviceRow>;
        DeviceRename device_rename(DeviceRename) -> Vec<DeviceRow>;

        Notices notices(Notices) -> NoticePage;
        NoticesRead notices_read(NoticesRead) -> Done;
        NotifySettings notify_settings(Nothing) -> NotifySettings;
        NotifySet notify_set(NotifySet) -> NotifySettings;
        AnnounceState announce_state(ConversationRef) -> AnnounceState;
        AnnounceSet announce_set(ConversationAnnounce) -> AnnounceState;

        Pick pick(Pick) -> Picked;
        Search search(Search) -> SearchPage;
        SearchComplete search_complete(SearchComplete) -> Vec<Completion>;
        RecentSearches recent_searches(RecentSearches) -> Vec<String>;
        Settings settings(Nothing) -> Settings;
        SettingsSet settings_set(SettingsSet) -> Settings;

        RecoveryShow recovery_show(Nothing) -> RecoveryWords;
        RecoveryConfirm recovery_confirm(RecoveryConfirm) -> Status;
        Backup backup(Backup) -> BackupReport;
        Doctor doctor(Doctor) -> DoctorReport;
        Seed seed(Seed) -> SeedReport;
        DemoStart demo_start(DemoStart) -> Status;
        DemoRemove demo_remove(Nothing) -> Status;
    }
    later {
        Forward forward(Forward) -> Vec<Sent>;
        ConversationNew conversation_new(ConversationNew) -> NewConversation;
        Send send(Send) -> Sent;
        DraftSend draft_send(DraftSend) -> Sent;
        RecordNew record_new(RecordNew) -> RecordRow;
        RecordFiles record_files(RecordFiles) -> RecordDetail;
        RecordPublish record_publish(RecordPublish) -> RecordDetail;
        LinkPreview link_preview(LinkToPreview) -> LinkPreviewed;
        Translate translate(Translate) -> Translation;
        DraftAttach draft_attach(DraftAttach) -> Draft;
        QuickAttach quick_attach(QuickAttach) -> Draft;
        AttachmentRead attachment_read(ItemRef) -> FileData;
        AttachmentSave attachment_save(FileSave) -> Done;

        RelaySet relay_set(RelaySet) -> Status;
        Invite invite(Invite) -> Invitation;
        InvitationCancel invitation_cancel(ItemRef) -> Done;
        Join join(Join) -> Joined;
        LinkAccept link_accept(LinkAccept) -> LinkState;
        LinkApprove link_approve(LinkApprove) -> LinkState;
        DeviceRevoke device_revoke(ItemRef) -> Vec<DeviceRow>;
        RecoveryUse recovery_use(RecoveryUse) -> Status;
        Restore restore(Restore) -> Status;
        Sync sync(Nothing) -> SyncReport;
    }
}

impl Call {
    /// Whether it has a meaning in a profile that belongs to nobody yet. To any other, nothing would look like "none".
    pub(crate) const fn before_identity(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::Init(_)
                | Self::Unlock(_)
                | Self::Lock(_)
                | Self::PassphraseSet(_)
                | Self::Settings(_)
                | Self::SettingsSet(_)
                | Self::Focus(_)
                | Self::JoinPreview(_)
                | Self::Join(_)
                | Self::LinkAccept(_)
                | Self::LinkShow(_)
                | Self::LinkCancel(_)
                | Self::RecoveryUse(_)
                | Self::Restore(_)
                | Self::Doctor(_)
                | Self::DemoStart(_)
                | Self::DemoRemove(_)
        )
    }
}
