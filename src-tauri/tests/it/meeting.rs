//! Two people at three windows, where most stories begin: Ada on her laptop and her desktop, and Ben, whom she invited.

use crate::driver::{App, Desk};
use crate::programs::Relay;
use crate::steps::{
    close_dialog, conversation_id, first_start, invite, join, link, row, tid, to_inbox, wait_connected,
};

/// What each window's environment has besides.
pub type Env<'a> = &'a [(&'a str, &'a str)];

pub struct Meeting {
    pub relay: Relay,
    pub laptop: App,
    pub desktop: App,
    pub ben: App,
    /// The conversation of the two.
    pub talk: String,
}

impl Meeting {
    pub async fn on(desk: &Desk) -> Self {
        Self::with(desk, [&[], &[], &[]]).await
    }

    /// All three show their lists, and are connected.
    pub async fn with(desk: &Desk, env: [Env<'_>; 3]) -> Self {
        let relay = Relay::start(&desk.folder("relay"));
        let (laptop, desktop, ben) =
            tokio::join!(desk.app("laptop", env[0]), desk.app("desktop", env[1]), desk.app("ben", env[2]));
        first_start(&laptop, "Ada Berger").await;
        let invitation = invite(&laptop, &relay, "person", None).await;
        join(&ben, &invitation, "Ben Okafor").await;
        link(&laptop, &desktop).await;
        for window in [&laptop, &desktop] {
            close_dialog(window).await;
        }
        for window in [&laptop, &desktop, &ben] {
            to_inbox(window).await;
        }
        let talk = conversation_id(&laptop, "Ben Okafor").await;
        for window in [&desktop, &ben] {
            window.wait_for(&row(&talk)).await;
        }
        Self { relay, laptop, desktop, ben, talk }
    }

    pub fn windows(&self) -> [&App; 3] {
        [&self.laptop, &self.desktop, &self.ben]
    }

    /// The relay is gone, and all three have seen it.
    pub async fn relay_down(&mut self) {
        self.relay.stop();
        for window in self.windows() {
            window.wait_for(&tid("banner")).await;
        }
    }

    /// It is back, and all three are connected.
    pub async fn relay_up(&mut self) {
        self.relay.start_again();
        for window in self.windows() {
            wait_connected(window).await;
        }
    }

    pub async fn end(self) {
        for window in [self.laptop, self.desktop, self.ben] {
            window.close().await;
        }
    }
}
