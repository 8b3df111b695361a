//! What one is told of.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Notification {
    /// Notifications, newest first
    List {
        /// Unread ones only
        #[arg(long)]
        unread: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Mark notifications as read
    Read {
        /// Their ids
        #[arg(required_unless_present = "all")]
        id: Vec<String>,
        /// All of them, and all messages
        #[arg(long)]
        all: bool,
    },
    /// What you want to be told of, and when it is quiet
    Settings,
    /// Say where one kind may tell you of itself
    Set {
        /// As `notification settings` lists it
        kind: String,
        /// In the window and at the bell
        #[arg(long, value_name = "on|off")]
        in_app: Option<Switch>,
        /// On the desktop
        #[arg(long, value_name = "on|off")]
        desktop: Option<Switch>,
        /// With a sound
        #[arg(long, value_name = "on|off")]
        sound: Option<Switch>,
    },
    /// Hours in which nothing shows or sounds but the bell and the numbers; times are each device's own
    Quiet {
        state: Switch,
        #[arg(long, value_name = "HH:MM")]
        from: Option<String>,
        #[arg(long, value_name = "HH:MM")]
        to: Option<String>,
        /// The days on which the quiet begins, 1 (Monday) to 7 (Sunday)
        #[arg(long, value_name = "DAYS", value_delimiter = ',')]
        days: Option<Vec<u8>>,
        /// Whether mentions come through
        #[arg(long, value_name = "on|off")]
        mentions: Option<Switch>,
    },
    /// What of a conversation is announced; without ANNOUNCE, says it
    Conversation { conversation: String, announce: Option<Announce> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Announce {
    /// What the settings say
    All,
    /// Only messages that name you
    Mentions,
    /// Nothing
    None,
}
