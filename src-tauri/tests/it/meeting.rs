//! Three windows, where most stories begin: Ada on her laptop and her desktop, and Ben, whom she invited; or Ada, her
//! colleague and their client.

use crate::driver::{App, Desk};
use crate::programs::{Relay, Terminal};
use crate::steps::{
    ask_to_join, begin, close_dialog, conversation_id, first_start, introduce, invitation, invite, join,
    link, row, tid, to_inbox, wait_connected,
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

    pub async fn with(desk: &Desk, env: [Env<'_>; 3]) -> Self {
        Self::at(desk, Relay::start(&desk.folder("relay")), env).await
    }

    /// All three show their lists, and are connected.
    pub async fn at(desk: &Desk, relay: Relay, env: [Env<'_>; 3]) -> Self {
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
        stop(&mut self.relay, [&self.laptop, &self.desktop, &self.ben]).await;
    }

    /// It is back, and all three are connected.
    pub async fn relay_up(&mut self) {
        start_again(&mut self.relay, [&self.laptop, &self.desktop, &self.ben]).await;
    }

    pub async fn end(self) {
        for window in [self.laptop, self.desktop, self.ben] {
            window.close().await;
        }
    }
}

/// Ada, her colleague Cem and their client Ben, each in a window.
pub struct Office {
    pub relay: Relay,
    pub ada: App,
    pub cem: App,
    pub ben: App,
    /// The conversation of the three.
    pub talk: String,
}

impl Office {
    pub async fn on(desk: &Desk) -> Self {
        let relay = Relay::start(&desk.folder("relay"));
        let ada = desk.app("ada", &[]).await;
        first_start(&ada, "Ada Berger").await;
        ada.click(&tid("welcome-invite")).await;
        ada.fill(&tid("relay-address"), &relay.address).await;
        ada.click(&tid("relay-connect")).await;
        let client = invitation(&ada, "client", Some("Ben Okafor")).await;
        ada.click("dialog .actions .aside").await;
        let colleague = invitation(&ada, "team", None).await;
        close_dialog(&ada).await;
        let ben = desk.app("ben", &[]).await;
        join(&ben, &client, "Ben Okafor").await;
        let cem = desk.app("cem", &[]).await;
        ask_to_join(&cem, &colleague, "Cem Aydin").await;
        ada.click("[data-nav=people]").await;
        ada.click(&tid("request-approve")).await;
        cem.wait_gone(&tid("dialog")).await;
        to_inbox(&ada).await;
        let talk = begin(&ada, "The villa", &["Ben Okafor"], "Welcome").await;
        for window in [&cem, &ben] {
            to_inbox(window).await;
            window.wait_for(&row(&talk)).await;
        }
        assert_eq!(conversation_id(&cem, "The villa").await, talk);
        Self { relay, ada, cem, ben, talk }
    }

    pub fn windows(&self) -> [&App; 3] {
        [&self.ada, &self.cem, &self.ben]
    }

    pub async fn relay_down(&mut self) {
        stop(&mut self.relay, [&self.ada, &self.cem, &self.ben]).await;
    }

    pub async fn relay_up(&mut self) {
        start_again(&mut self.relay, [&self.ada, &self.cem, &self.ben]).await;
    }
}

/// The relay is gone, and these have seen it.
pub async fn stop(relay: &mut Relay, windows: [&App; 3]) {
    relay.stop();
    for window in windows {
        window.wait_for(&tid("banner")).await;
    }
}

/// It is back, and these are connected.
pub async fn start_again(relay: &mut Relay, windows: [&App; 3]) {
    relay.start_again();
    for window in windows {
        wait_connected(window).await;
    }
}

/// Ada in a window, and Ben, whom she invited, on the command line.
pub struct Acquaintance {
    pub relay: Relay,
    pub ada: App,
    pub ben: Terminal,
    /// The conversation of the two.
    pub talk: String,
}

impl Acquaintance {
    pub async fn on(desk: &Desk) -> Self {
        let relay = Relay::start(&desk.folder("relay"));
        let ben = Terminal::new(&desk.folder("ben"), 0);
        let ada = desk.app("ada", &[]).await;
        introduce(&ada, &relay, &ben, "Ben Okafor").await;
        to_inbox(&ada).await;
        let talk = conversation_id(&ada, "Ben Okafor").await;
        Self { relay, ada, ben, talk }
    }
}
