//! What a person is told of.

use homing_engine::api::{
    self, AnnounceState, ApiError, Call, ConversationAnnounce, ConversationRef, KindChannels, NoticeKind,
    NoticePage, Notices, NoticesRead, NotifySet, NotifySettings,
};

use super::{NOTHING, Run};
use crate::args::{self, Notification, Switch};
use crate::shapes;

const PAGE: u32 = 100;

impl Run<'_> {
    pub async fn notification(&self, command: Notification) -> Result<(), ApiError> {
        match command {
            Notification::List { unread, limit } => self.notices(unread, limit).await,
            Notification::Read { id, all } => {
                self.done(Call::NoticesRead(NoticesRead { ids: id, all })).await
            }
            Notification::Settings => {
                self.show::<NotifySettings, shapes::Notify>(Call::NotifySettings(NOTHING)).await
            }
            Notification::Set { kind, in_app, desktop, sound } => {
                let held = self.notify_settings().await?;
                let wanted = kind.replace('-', "_");
                let Some(known) = NoticeKind::ALL.iter().find(|kind| kind.name() == wanted) else {
                    let names: Vec<&str> = NoticeKind::ALL.iter().map(|kind| kind.name()).collect();
                    let message = format!("There is no such kind. It is one of: {}.", names.join(", "));
                    return Err(ApiError::new(api::Code::InvalidArgument, message));
                };
                let before = held.kinds.iter().find(|one| one.kind == *known).cloned();
                let by_default = known.by_default();
                let before = before.unwrap_or(KindChannels {
                    kind: *known,
                    in_app: by_default.in_app,
                    desktop: by_default.desktop,
                    sound: by_default.sound,
                });
                let kind = KindChannels {
                    kind: *known,
                    in_app: in_app.map_or(before.in_app, on),
                    desktop: desktop.map_or(before.desktop, on),
                    sound: sound.map_or(before.sound, on),
                };
                let set = NotifySet { kind: Some(kind), quiet: None };
                self.show::<NotifySettings, shapes::Notify>(Call::NotifySet(set)).await
            }
            Notification::Quiet { state, from, to, days, mentions } => {
                let mut quiet = self.notify_settings().await?.quiet;
                quiet.on = on(state);
                quiet.from = from.unwrap_or(quiet.from);
                quiet.to = to.unwrap_or(quiet.to);
                quiet.days = days.unwrap_or(quiet.days);
                quiet.mentions = mentions.map_or(quiet.mentions, on);
                let set = NotifySet { kind: None, quiet: Some(quiet) };
                self.show::<NotifySettings, shapes::Notify>(Call::NotifySet(set)).await
            }
            Notification::Conversation { conversation, announce } => {
                let call = match announce {
                    None => Call::AnnounceState(ConversationRef { conversation }),
                    Some(announce) => {
                        let announce = match announce {
                            args::Announce::All => api::Announce::All,
                            args::Announce::Mentions => api::Announce::Mentions,
                            args::Announce::None => api::Announce::None,
                        };
                        Call::AnnounceSet(ConversationAnnounce { conversation, announce })
                    }
                };
                self.show::<AnnounceState, shapes::Announced>(call).await
            }
        }
    }

    async fn notify_settings(&self) -> Result<NotifySettings, ApiError> {
        self.call(Call::NotifySettings(NOTHING)).await
    }

    async fn notices(&self, unread: bool, limit: u32) -> Result<(), ApiError> {
        let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut after = None;
        while left > 0 {
            let args = Notices { after, unread, limit: limit.min(PAGE) };
            let page: NoticePage = self.call(Call::Notices(args)).await?;
            for row in page.rows.into_iter().take(left) {
                left -= 1;
                self.out.print(&shapes::Notice::from(row));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }
}

fn on(state: Switch) -> bool {
    state == Switch::On
}
