//! The profile itself: its settings, its recovery, its demo.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Recovery {
    /// Show the words: write them on paper
    Show,
    /// Prove that you wrote them down
    Confirm {
        /// All 24 words (`-`: from stdin)
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Become a new device of the person these words belong to
    Use {
        /// All 24 words (`-`: from stdin)
        #[arg(required = true)]
        words: Vec<String>,
        /// Address of the relay
        #[arg(long, value_name = "URL")]
        relay: String,
        /// What to call this device
        #[arg(long, value_name = "NAME")]
        device_name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// All settings, or one
    Get { key: Option<Key> },
    /// Change a setting
    #[command(
        after_help = "A passphrase is read from stdin with `config set passphrase -`; an empty one takes the \
        passphrase away.\nlink_previews counts for what is written in the window, which shows a preview before it is sent; \
        messages sent from here go without.\nswitches take true or false; theme takes system, light or dark; video_call takes the \
        https address of a service, with {room} where a room's name goes; translate_at takes the address of a \
        translation service on this computer or in its network, translate_to a language such as de."
    )]
    Set {
        key: Key,
        /// The new value (`-`: from stdin)
        value: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Key {
    Name,
    Relay,
    Passphrase,
    Theme,
    Notifications,
    NotificationContent,
    ReadReceipts,
    EnterSends,
    Zoom,
    CloseToTray,
    LockAfterMinutes,
    CompactList,
    UndoSendSeconds,
    Presence,
    LinkPreviews,
    CleanPhotos,
    VideoCall,
    TranslateAt,
    TranslateTo,
}

#[derive(Debug, Subcommand)]
pub enum Demo {
    /// Make the demo beside this profile unless there is one, and print its folder for --profile
    Start {
        /// Make it anew: what was done in it is gone
        #[arg(long)]
        fresh: bool,
    },
    /// Delete the demo beside this profile
    Remove,
}
