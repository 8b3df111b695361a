//! Invitations, people, members and devices.

use homing_engine::api::{
    self, ApiError, Call, ConversationRef, DeviceRename, Invite, InviteTo, ItemRef, Join, LinkText,
    MemberAdd, MemberRef, MemberRole, PersonRef, RoleName, SafetyVerify,
};

use super::{NOTHING, Run, text_or_stdin};
use crate::args::{self, Role};
use crate::shapes;

impl Run<'_> {
    pub async fn invite(
        &self,
        client: Option<String>,
        team: bool,
        talk: Option<String>,
        role: Option<Role>,
    ) -> Result<(), ApiError> {
        let to = match (client, talk) {
            (Some(name), _) => InviteTo::Client { name },
            (None, Some(conversation)) => InviteTo::Talk { conversation },
            (None, None) if team => InviteTo::Team { role: role.map(role_name) },
            (None, None) => InviteTo::Person,
        };
        self.show::<api::Invitation, shapes::Invited>(Call::Invite(Invite { to })).await
    }

    pub async fn invitation(&self, command: args::Invitation) -> Result<(), ApiError> {
        match command {
            args::Invitation::List => {
                self.list::<api::InvitationRow, shapes::Invitation>(Call::Invitations(NOTHING)).await
            }
            args::Invitation::Cancel { id } => self.item(Call::InvitationCancel, id).await,
        }
    }

    pub async fn join(&self, link: &str, name: Option<String>, preview: bool) -> Result<(), ApiError> {
        let link = text_or_stdin(link)?;
        if preview {
            let call = Call::JoinPreview(LinkText { link });
            return self.show::<api::JoinPreview, shapes::Preview>(call).await;
        }
        self.show::<api::Joined, shapes::Joined>(Call::Join(Join { link, name })).await
    }

    pub async fn request(&self, command: args::Request) -> Result<(), ApiError> {
        match command {
            args::Request::List => {
                self.list::<api::RequestRow, shapes::Request>(Call::Requests(NOTHING)).await
            }
            args::Request::Approve { request } => self.item(Call::Approve, request).await,
            args::Request::Decline { request } => self.item(Call::Decline, request).await,
        }
    }

    pub async fn colleague(&self, command: args::Colleague) -> Result<(), ApiError> {
        let args::Colleague::Remove { person } = command;
        self.list::<api::PersonRow, shapes::Person>(Call::ColleagueRemove(PersonRef { person })).await
    }

    pub async fn safety(&self, person: String, verified: bool, not_verified: bool) -> Result<(), ApiError> {
        let call = if verified || not_verified {
            Call::SafetyVerify(SafetyVerify { person, verified })
        } else {
            Call::Safety(PersonRef { person })
        };
        self.show::<api::Safety, shapes::Safety>(call).await
    }

    pub async fn member(&self, command: args::Member) -> Result<(), ApiError> {
        let call = match command {
            args::Member::List { conversation } => Call::Members(ConversationRef { conversation }),
            args::Member::Add { conversation, person, role } => {
                Call::MemberAdd(MemberAdd { conversation, person, role: role.map(role_name) })
            }
            args::Member::Remove { conversation, member } => {
                Call::MemberRemove(MemberRef { conversation, member })
            }
            args::Member::Role { conversation, member, role } => {
                Call::MemberRole(MemberRole { conversation, member, role: role_name(role) })
            }
        };
        self.list::<api::MemberRow, shapes::Member>(call).await
    }

    pub async fn device(&self, command: args::Device) -> Result<(), ApiError> {
        let call = match command {
            args::Device::List => Call::Devices(NOTHING),
            args::Device::Revoke { device } => Call::DeviceRevoke(ItemRef { id: device }),
            args::Device::Rename { device, name } => Call::DeviceRename(DeviceRename { device, name }),
        };
        self.list::<api::DeviceRow, shapes::Device>(call).await
    }
}

fn role_name(role: Role) -> RoleName {
    match role {
        Role::Owner => RoleName::Owner,
        Role::Admin => RoleName::Admin,
        Role::Member => RoleName::Member,
        Role::Reader => RoleName::Reader,
        Role::Client => RoleName::Client,
    }
}
