//! What can be typed: one module for each group of commands. The doc comments are the help texts.

mod files;
mod messages;
mod notices;
mod people;
mod profile;
mod quick;
mod records;
mod search;
mod talk;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use files::{Attachment, Download, Files};
pub use messages::{Draft, Message, Outbox};
pub use notices::{Announce, Notification, Switch};
pub use people::{Colleague, Device, Invitation, Link, Member, People, Request, Role};
pub use profile::{Config, Demo, Key, Recovery};
pub use quick::Quick;
pub use records::{Interest, Property, PropertyFields};
pub use search::{Search, SearchOrder};
pub use talk::{Conversation, Filter, Until};

const EXAMPLES: &str = "\
TEXT may be `-`: it is then read from stdin. CONVERSATION and PERSON take an id, a beginning of it of at least six
characters, or an exact name. Files are paths on this computer.

With --json, answers are one JSON object per line on stdout, with ids as strings and times in RFC 3339 (UTC);
errors are {\"error\":{\"code\",\"message\"}} on stderr. Exit codes: 0 done, 1 failed, 2 not a command.

Commands that only read or write here never wait for the network: what they change is safe on this device and
waits in the outbox until an open window or `homing sync` sends it.

Examples:
  homing init --name 'Ada Berger' --relay https://relay.example.org
  homing invite --client 'Ben Okafor'
  homing conversation new --with 'Ben Okafor' --subject 'Kitchen' --message 'Good morning!'
  echo 'The offer is attached.' | homing send Kitchen - --attach offer.pdf
  homing messages Kitchen --unread
  homing sync
  homing --profile /srv/homing-bot --json sync --watch";

/// Talk with clients and colleagues, and keep what you talk about; with or without a network.
#[derive(Debug, Parser)]
#[command(name = "homing", version, after_help = EXAMPLES, propagate_version = true)]
pub struct Cli {
    /// Folder of the profile; else HOMING_PROFILE, else this user's default profile
    #[arg(long, global = true, value_name = "DIR")]
    pub profile: Option<PathBuf>,

    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// File whose first line is the profile's passphrase; else HOMING_PASSPHRASE, else it is asked for
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin: a person with this name, on this device
    Init {
        /// Your name, as others see it
        #[arg(long)]
        name: String,
        /// Address of the relay; can be set later with `config set relay`
        #[arg(long, value_name = "URL")]
        relay: Option<String>,
        /// What to call this device
        #[arg(long, value_name = "NAME")]
        device_name: Option<String>,
    },
    /// The profile at a glance
    Status,
    /// Send what waits, fetch what is new; ends when both are done
    Sync {
        /// Stay connected and print what happens, until stopped
        #[arg(long)]
        watch: bool,
    },
    /// Unlock the profile of a running window with its passphrase
    Unlock,
    /// Lock the profile of a running window
    Lock,

    /// Make an invitation link; it is good for 72 hours and for one person
    #[command(after_help = "Without an option, the link connects two people: a conversation of their own.\n\
        Client and talk links join at once, also while you are offline; team links wait for `approve`.")]
    Invite {
        /// For a client of your team, by the name you call them
        #[arg(long, value_name = "NAME", conflicts_with_all = ["team", "talk"])]
        client: Option<String>,
        /// For a colleague: they will see all clients of the team
        #[arg(long, conflicts_with = "talk")]
        team: bool,
        /// Into a conversation of several people; they will see its whole history
        #[arg(long, value_name = "CONVERSATION")]
        talk: Option<String>,
        /// Role of the colleague
        #[arg(long, requires = "team")]
        role: Option<Role>,
    },
    /// Open invitations
    #[command(subcommand)]
    Invitation(Invitation),
    /// Accept an invitation
    Join {
        /// homing://join/... (`-`: from stdin)
        link: String,
        /// Your name, if this profile has none yet
        #[arg(long)]
        name: Option<String>,
        /// Only say what the link would do
        #[arg(long, conflicts_with = "name")]
        preview: bool,
    },
    /// People who ask to join
    #[command(subcommand)]
    Request(Request),
    /// Let somebody in who asked to join (see `request list`)
    Approve { request: String },
    /// Everybody you share a conversation or team with
    People {
        #[command(subcommand)]
        command: Option<People>,
    },
    /// The people of your team
    #[command(subcommand)]
    Colleague(Colleague),
    /// The safety number of a person: compare it with theirs to know that nobody is in between
    Safety {
        person: String,
        /// You compared it, and it is the same
        #[arg(long, conflicts_with = "not_verified")]
        verified: bool,
        /// Take that back
        #[arg(long)]
        not_verified: bool,
    },

    /// Link another device of yours
    #[command(subcommand)]
    Link(Link),
    /// Your devices
    #[command(subcommand)]
    Device(Device),
    /// Who can read a conversation
    #[command(subcommand)]
    Member(Member),
    /// Leave a conversation for good
    Leave { conversation: String },

    /// Conversations
    #[command(subcommand)]
    Conversation(Conversation),
    /// Properties: what you sell, let or work on
    #[command(subcommand)]
    Property(Property),
    /// Interests of clients in properties
    #[command(subcommand)]
    Interest(Interest),
    /// Send a message
    Send {
        conversation: String,
        /// The message (`-`: from stdin)
        text: String,
        /// A file to send with it; may be given several times
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
        /// The message it answers
        #[arg(long, value_name = "ID")]
        reply_to: Option<String>,
        /// The record it is about
        #[arg(long, value_name = "ID")]
        about: Option<String>,
        /// When the relay sends it, also while this device is off (2026-11-22T08:00:00+01:00)
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Messages of a conversation, oldest first
    Messages {
        conversation: String,
        /// Those after this message
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// At most so many; without --after, the newest
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Unread ones only
        #[arg(long)]
        unread: bool,
    },
    /// Single messages
    #[command(subcommand)]
    Message(Message),
    /// Drafts: they follow you to your other devices
    #[command(subcommand)]
    Draft(Draft),
    /// What waits to be sent
    #[command(subcommand)]
    Outbox(Outbox),
    /// Words that are written once and sent often
    #[command(subcommand)]
    Quick(Quick),
    /// Files of messages
    #[command(subcommand)]
    Attachment(Attachment),
    /// Files of a conversation, and what files take on this device
    #[command(subcommand)]
    Files(Files),
    /// What you are told of: mentions, requests, unread conversations; read here, read on all your devices
    #[command(subcommand)]
    Notification(Notification),
    /// Search all messages on this device, and the names of their files
    ///
    /// The query may hold the filters as words too: from:ben has:file before:2026-11-01 in:"Villa Rosa". Days are
    /// YYYY-MM-DD, YYYY-MM, YYYY, today, yesterday, or how long ago: 3d, 2w, 6m, 1y.
    Search(Search),

    /// Save everything into one encrypted file
    Backup {
        file: PathBuf,
        /// File whose first line protects the backup (`-`: stdin); without it, your recovery words do
        #[arg(long, value_name = "FILE")]
        backup_passphrase_file: Option<PathBuf>,
    },
    /// Begin a profile from a backup; it becomes a new device of yours
    Restore {
        file: PathBuf,
        /// File whose first line protects the backup (`-`: stdin)
        #[arg(long, value_name = "FILE", conflicts_with = "words_file")]
        backup_passphrase_file: Option<PathBuf>,
        /// File whose first line is your recovery words (`-`: stdin)
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
    /// Check the stored data; exit code 1 if something is damaged
    Doctor {
        /// Mend what can be mended
        #[arg(long)]
        repair: bool,
    },
    /// The 24 recovery words: they bring everything back when all devices are lost
    #[command(subcommand)]
    Recovery(Recovery),
    /// Settings of this profile
    #[command(subcommand)]
    Config(Config),

    /// Fill the profile with messages, for load tests
    Seed {
        #[arg(long, value_name = "N")]
        messages: u32,
        #[arg(long, value_name = "M")]
        conversations: u32,
        #[arg(long, value_name = "S", default_value_t = 1)]
        random_seed: u32,
    },
    /// A small agency to try things out, in a profile of its own that never talks to a relay
    #[command(subcommand)]
    Demo(Demo),
}

impl Command {
    /// True for what can only be done with the relay's help; the rest never waits for the network.
    pub fn needs_relay(&self) -> bool {
        matches!(
            self,
            Self::Sync { .. }
                | Self::Invite { .. }
                | Self::Invitation(Invitation::Cancel { .. })
                | Self::Join { preview: false, .. }
                | Self::Link(_)
                | Self::Device(Device::Revoke { .. })
                | Self::Restore { .. }
                | Self::Attachment(_)
                | Self::Files(Files::Fetch { .. } | Files::Save { .. })
                | Self::Recovery(Recovery::Use { .. })
                | Self::Config(Config::Set { key: Key::Relay, .. })
        )
    }

    /// True for what goes on until it is stopped.
    pub fn watches(&self) -> bool {
        matches!(self, Self::Sync { watch: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_of_all_commands_may_stand_anywhere() {
        let cli = Cli::parse_from([
            "homing",
            "send",
            "Kitchen",
            "-",
            "--json",
            "--profile",
            "/p",
            "--attach",
            "a.pdf",
        ]);
        assert!(cli.json && cli.profile.is_some());
        assert!(!cli.command.needs_relay());
    }

    #[test]
    fn the_help_says_what_there_is() {
        insta::assert_snapshot!(Cli::command().render_long_help());
    }
}
