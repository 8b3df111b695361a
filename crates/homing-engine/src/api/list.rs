//! The one list of calls.

use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS};

use super::args::*;
use super::rows::*;
use super::ApiError;

macro_rules! calls {
    ($($(#[$doc:meta])* $variant:ident $name:ident ($args:ty) -> $answer:ty;)*) => {
        /// A call with its arguments, as it travels over IPC and the profile's local socket.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "call", content = "args", rename_all = "snake_case")]
        pub enum Call { $($(#[$doc])* $variant($args),)* }

        impl Call {
            /// Runs the call on `core` and answers JSON.
            pub(crate) fn run(self, core: &mut crate::core::Core) -> Result<serde_json::Value, ApiError> {
                match self { $(Call::$variant(args) => {
                    let answer: $answer = core.$name(args)?;
                    serde_json::to_value(answer).map_err(crate::core::internal)
                })* }
            }
        }

        /// The TypeScript map of all calls: name to arguments and answer.
        pub fn typescript_calls() -> String {
            let config = Config::default();
            let mut out = String::from("export interface Calls {\n");
            $(out.push_str(&format!("  {}: {{ args: {}; answer: {} }};\n", stringify!($name),
                <$args as TS>::name(&config), <$answer as TS>::name(&config)));)*
            out.push_str("}\n");
            out
        }
    };
}

calls! {
    Status status(Nothing) -> Status;
    Init init(Init) -> Status;
    Unlock unlock(Passphrase) -> Status;
    Lock lock(Nothing) -> Status;
    PassphraseSet passphrase_set(PassphraseSet) -> Status;
    ProfileRename profile_rename(ProfileName) -> Status;
    RelaySet relay_set(RelaySet) -> Status;

    Conversations conversations(Conversations) -> ConversationPage;
    Conversation conversation(ConversationRef) -> ConversationDetail;
    ConversationNew conversation_new(ConversationNew) -> NewConversation;
    ConversationArchive conversation_archive(ConversationArchive) -> ConversationRow;
    ConversationRead conversation_read(ConversationRef) -> ConversationRow;
    ConversationUnread conversation_unread(ConversationRef) -> ConversationRow;
    ConversationRename conversation_rename(ConversationRename) -> ConversationRow;
    ConversationLeave conversation_leave(ConversationRef) -> Done;
    ConversationDelete conversation_delete(ConversationDelete) -> Done;

    Messages messages(Messages) -> MessagePage;
    Send send(Send) -> Sent;
    MessageDelete message_delete(ItemRef) -> Done;
    Shown shown(Shown) -> Done;
    Focus focus(Focus) -> Done;
    Typing typing(ConversationRef) -> Done;

    DraftShow draft_show(ConversationRef) -> Draft;
    DraftSet draft_set(DraftSet) -> Draft;
    DraftSend draft_send(DraftSend) -> Sent;
    DraftDiscard draft_discard(ItemRef) -> Done;
    Drafts drafts(Nothing) -> Vec<DraftRow>;

    Outbox outbox(Nothing) -> Vec<OutboxRow>;
    OutboxCancel outbox_cancel(ItemRef) -> Done;
    OutboxEdit outbox_edit(ItemRef) -> Draft;
    OutboxRetry outbox_retry(ItemRef) -> Done;

    AttachmentRead attachment_read(ItemRef) -> FileData;
    AttachmentSave attachment_save(FileSave) -> Done;
    AttachmentFetch attachment_fetch(ItemRef) -> Attachment;

    People people(Nothing) -> Vec<PersonRow>;
    Safety safety(PersonRef) -> Safety;
    SafetyVerify safety_verify(SafetyVerify) -> Safety;
    Members members(ConversationRef) -> Vec<MemberRow>;
    MemberAdd member_add(MemberAdd) -> Vec<MemberRow>;
    MemberRemove member_remove(MemberRef) -> Vec<MemberRow>;
    MemberRole member_role(MemberRole) -> Vec<MemberRow>;

    Invite invite(Invite) -> Invitation;
    Invitations invitations(Nothing) -> Vec<InvitationRow>;
    InvitationCancel invitation_cancel(ItemRef) -> Done;
    JoinPreview join_preview(LinkText) -> JoinPreview;
    Join join(Join) -> Joined;
    Requests requests(Nothing) -> Vec<RequestRow>;
    Approve approve(ItemRef) -> Done;
    Decline decline(ItemRef) -> Done;

    LinkOffer link_offer(Nothing) -> LinkState;
    LinkAccept link_accept(LinkAccept) -> LinkState;
    LinkApprove link_approve(LinkApprove) -> LinkState;
    LinkShow link_show(Nothing) -> Option<LinkState>;
    LinkCancel link_cancel(Nothing) -> Done;
    Devices devices(Nothing) -> Vec<DeviceRow>;
    DeviceRename device_rename(DeviceRename) -> Vec<DeviceRow>;
    DeviceRevoke device_revoke(ItemRef) -> Vec<DeviceRow>;

    Search search(Search) -> SearchPage;
    Settings settings(Nothing) -> Settings;
    SettingsSet settings_set(SettingsSet) -> Settings;

    RecoveryShow recovery_show(Nothing) -> RecoveryWords;
    RecoveryConfirm recovery_confirm(RecoveryConfirm) -> Status;
    RecoveryUse recovery_use(RecoveryUse) -> Status;
    Backup backup(Backup) -> BackupReport;
    Restore restore(Restore) -> Status;
    Doctor doctor(Doctor) -> DoctorReport;
    Sync sync(Nothing) -> SyncReport;
    Seed seed(Seed) -> SeedReport;
    DemoStart demo_start(Nothing) -> Status;
    DemoRemove demo_remove(Nothing) -> Status;
}
