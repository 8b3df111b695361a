//! What can be typed. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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

#[derive(Debug, Subcommand)]
pub enum Invitation {
    /// Open invitations you can see
    List,
    /// Make an invitation worthless
    Cancel { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Request {
    /// Who asks to join
    List,
    /// Let them in
    Approve { request: String },
    /// Turn them down
    Decline { request: String },
}

#[derive(Debug, Subcommand)]
pub enum People {
    /// Call somebody otherwise, on your devices only; without NAME, as they call themselves
    Rename { person: String, name: Option<String> },
    /// Don't hear somebody any more: nothing of theirs is announced
    Block { person: String },
    /// Hear them again
    Unblock { person: String },
    /// Block somebody and put the conversation away
    Spam {
        person: String,
        conversation: String,
        /// Keep what they wrote there in this file
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Colleague {
    /// Take somebody who left out of your team: they get nothing of its clients from now on
    Remove { person: String },
}

#[derive(Debug, Subcommand)]
pub enum Link {
    /// On the device you have: show a code, then compare six digits
    #[command(
        after_help = "Prints the code, waits for the other device, prints the digits and reads \"yes\" from \
        stdin.\nFrom another terminal, or for a window that shows the digits: homing link offer --approve DIGITS"
    )]
    Offer {
        /// Approve the linking that is under way, if its digits are these
        #[arg(long, value_name = "DIGITS")]
        approve: Option<String>,
    },
    /// On the new device: enter the code
    Accept {
        /// The code (`-`: from stdin)
        code: String,
        /// Address of the relay, if the code does not bring it
        #[arg(long, value_name = "URL")]
        relay: Option<String>,
        /// What to call this device
        #[arg(long, value_name = "NAME")]
        device_name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Device {
    /// All your devices
    List,
    /// Shut a lost or sold device out: it gets nothing from now on
    Revoke { device: String },
    /// Call a device something else
    Rename { device: String, name: String },
}

#[derive(Debug, Subcommand)]
pub enum Member {
    /// Who can read it
    List { conversation: String },
    /// Let somebody in; they will see the whole history
    Add {
        conversation: String,
        person: String,
        #[arg(long)]
        role: Option<Role>,
    },
    /// Shut somebody out; they get nothing from now on
    Remove { conversation: String, member: String },
    /// Give somebody another role
    Role { conversation: String, member: String, role: Role },
}

#[derive(Debug, clap::Args)]
pub struct Search {
    /// Words; the last letters of the last word may be missing from three letters on
    #[arg(default_value = "", required_unless_present_any = ["from", "client", "has", "unread", "mine", "before", "after", "on"])]
    pub query: String,
    /// In this conversation only
    #[arg(long, value_name = "CONVERSATION")]
    pub r#in: Option<String>,
    /// By this person; a beginning of the name is enough
    #[arg(long, value_name = "PERSON")]
    pub from: Option<String>,
    /// In conversations with this client
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// In conversations about this property
    #[arg(long, value_name = "NAME")]
    pub record: Option<String>,
    /// With a file, image, video, audio, document or link; may be given several times
    #[arg(long, value_name = "WHAT")]
    pub has: Vec<String>,
    /// Unread ones only
    #[arg(long)]
    pub unread: bool,
    /// Your own only
    #[arg(long)]
    pub mine: bool,
    /// Before this day
    #[arg(long, value_name = "DAY")]
    pub before: Option<String>,
    /// From this day on
    #[arg(long, value_name = "DAY")]
    pub after: Option<String>,
    /// On this day, or in this month or year
    #[arg(long, value_name = "DAY")]
    pub on: Option<String>,
    /// The best are looked for among the newest 500
    #[arg(long, default_value = "newest")]
    pub order: SearchOrder,
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchOrder {
    Newest,
    Best,
}

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

#[derive(Debug, Subcommand)]
pub enum Conversation {
    /// Begin a conversation
    New {
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
        /// With whom; may be given several times. One client: in that client's space
        #[arg(long, value_name = "PERSON", required = true)]
        with: Vec<String>,
        /// Its first message (`-`: from stdin)
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        /// A file to send with the first message; may be given several times
        #[arg(long, value_name = "FILE", requires = "message")]
        attach: Vec<PathBuf>,
        /// The property it is about; may be given several times
        #[arg(long, value_name = "RECORD")]
        about: Vec<String>,
    },
    /// Conversations, the last active first
    List {
        #[arg(long, default_value = "active")]
        filter: Filter,
        /// At most so many
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// One conversation
    Show { conversation: String },
    /// Put it away; a new message brings it back, unless it is muted
    Archive { conversation: String },
    /// Take it back from the archive
    Unarchive { conversation: String },
    /// Mark everything in it read
    Read { conversation: String },
    /// Mark it unread
    Unread { conversation: String },
    /// Keep them at the top
    Pin {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Let them go where they belong
    Unpin {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Announce nothing of them; without a time, until you take it back
    Mute {
        #[arg(required = true)]
        conversation: Vec<String>,
        #[command(flatten)]
        until: Until,
    },
    /// Announce them again
    Unmute {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Put them out of sight for a time; a new message brings them back sooner
    Snooze {
        #[arg(required = true)]
        conversation: Vec<String>,
        #[command(flatten)]
        until: Until,
    },
    /// Bring them back now
    Unsnooze {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Say who of your team looks after a client's conversation; without PERSON, nobody
    Assign { conversation: String, person: Option<String> },
    /// Let it go on in another conversation with the same people
    Merge { conversation: String, into: String },
    /// Let it go its own way again (its id, not its name)
    Unmerge { conversation: String },
    /// Write a remark beside a client's conversation that only your team sees
    Comment {
        conversation: String,
        /// The remark (`-`: from stdin)
        text: String,
        /// A colleague to name in it; may be given several times
        #[arg(long, value_name = "PERSON")]
        mention: Vec<String>,
    },
    /// Give it another subject
    Rename { conversation: String, subject: String },
    /// Say that it is about a property
    Link { conversation: String, record: String },
    /// Take that back
    Unlink { conversation: String, record: String },
    /// Delete it on your devices
    Delete {
        conversation: String,
        /// For all its members
        #[arg(long)]
        everyone: bool,
    },
}

/// The fields of a property. An empty text empties a field.
#[derive(Debug, Args)]
pub struct PropertyFields {
    /// An amount and its currency, such as "420000 EUR"
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub place: Option<String>,
    /// draft, available, reserved, sold, rented, off_market
    #[arg(long)]
    pub status: Option<String>,
    /// What clients read about it (`-`: from stdin)
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// What no client ever sees
    #[arg(long, value_name = "TEXT")]
    pub internal_notes: Option<String>,
    /// A photo to add; may be given several times
    #[arg(long, value_name = "FILE")]
    pub photo: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Property {
    /// Keep a property, in your team's space
    New {
        #[arg(long, value_name = "TEXT")]
        title: String,
        #[command(flatten)]
        fields: PropertyFields,
    },
    /// Properties, those changed last first
    List {
        /// Words of title, place or status
        #[arg(long, value_name = "TEXT", default_value = "")]
        query: String,
        #[arg(long)]
        status: Option<String>,
        /// Deleted ones
        #[arg(long)]
        deleted: bool,
        /// As CSV
        #[arg(long)]
        csv: bool,
    },
    /// One property, with its fields, conflicts, whom it is shared with, and its conversations
    Show { property: String },
    /// Change fields
    Set {
        property: String,
        #[arg(long, value_name = "TEXT")]
        title: Option<String>,
        #[command(flatten)]
        fields: PropertyFields,
    },
    /// Choose a value of a field that was edited apart (see `show`)
    Settle { property: String, field: String, change: String },
    /// What clients would see of it
    Preview { property: String },
    /// Share it with clients, without what is internal
    Publish {
        property: String,
        /// May be given several times
        #[arg(long, value_name = "CLIENT", required = true)]
        to: Vec<String>,
    },
    /// Take it back from clients
    Withdraw {
        property: String,
        /// May be given several times
        #[arg(long, value_name = "CLIENT", required = true)]
        from: Vec<String>,
    },
    /// Ask about a property that was shared with you
    Ask {
        property: String,
        /// The message (`-`: from stdin)
        text: String,
    },
    /// Delete it; clients lose it too
    Delete { property: String },
    /// Take a deletion back
    Restore { property: String },
}

#[derive(Debug, Subcommand)]
pub enum Interest {
    /// Note how much a client is interested in a property; there is one interest for both
    Set {
        property: String,
        /// Whose, if you have several clients
        #[arg(long)]
        client: Option<String>,
        /// low, medium, high, very_high
        #[arg(long)]
        level: Option<String>,
        /// interested, viewing_scheduled, offer_made, negotiating, purchased, not_interested
        #[arg(long)]
        status: Option<String>,
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Interests, the strongest last
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long)]
        property: Option<String>,
        #[arg(long)]
        level: Option<String>,
        #[arg(long)]
        status: Option<String>,
        /// As CSV
        #[arg(long)]
        csv: bool,
    },
    /// Remove an interest; noting it again brings it back
    Remove {
        property: String,
        #[arg(long)]
        client: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Message {
    /// Delete a message of yours for everybody
    Delete { id: String },
    /// Give a message of yours other words; the former ones stay readable as its history
    Edit {
        id: String,
        /// The new words (`-`: from stdin)
        text: String,
    },
    /// All words a message had, oldest first
    History { id: String },
    /// React to a message
    React {
        id: String,
        /// One emoji, such as 👍
        emoji: String,
        /// Take it back
        #[arg(long)]
        remove: bool,
    },
    /// A message and everything that answers it, oldest first
    Thread { id: String },
    /// Send messages anew into other conversations, with their files; who wrote them is not said
    Forward {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Where to; may be given several times
        #[arg(long, value_name = "CONVERSATION", required = true)]
        to: Vec<String>,
        /// Said before them
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Draft {
    /// Put this text into the conversation's draft
    Set {
        conversation: String,
        /// The text (`-`: from stdin)
        text: String,
        /// The message it answers
        #[arg(long, value_name = "ID")]
        reply_to: Option<String>,
        /// Into this one of its drafts, not the current one
        #[arg(long, value_name = "ID", conflicts_with = "new")]
        draft: Option<String>,
        /// Begin another draft beside those that are there
        #[arg(long)]
        new: bool,
    },
    /// The conversation's draft, and others begun apart
    Show { conversation: String },
    /// Make another of the conversation's drafts the current one; without ID, put all of them aside
    Use { conversation: String, id: Option<String> },
    /// Send the conversation's draft as it is
    Send {
        conversation: String,
        /// A file to send with it; may be given several times
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
    },
    /// Two drafts beside each other: what both say, and where they differ
    Compare { left: String, right: String },
    /// Throw a draft away
    Discard { id: String },
    /// All drafts
    List,
}

#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// What waits, what is sent at its time, and what stands in its way
    List,
    /// Don't send these; the text of a message is a draft again
    Cancel {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Take a message back into the conversation's draft
    Edit { id: String },
    /// Try refused ones again
    Retry {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Send a planned message at another time; the same one confirms it after its conversation's members changed
    Time {
        id: String,
        /// Such as 2026-11-22T08:00:00+01:00
        #[arg(value_name = "TIME")]
        at: String,
    },
    /// Send a planned message now
    Send { id: String },
    /// Put a message elsewhere among those of its conversation that wait: behind all of them, if nothing else is said
    Move {
        id: String,
        /// Before this one
        #[arg(long, value_name = "ID")]
        before: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Variables in a quick reply: {{client.first_name}} {{client.name}} {{me.first_name}} {{me.name}}\n\
    {{team.name}} {{property.title}} {{property.address}} {{today}} {{reservation.check_in}} {{reservation.check_out}}"
)]
pub enum Quick {
    /// Those that are offered, the most used first
    List {
        /// Only with these words
        query: Option<String>,
        /// Only of one category (`greeting`, `check_in`, ...)
        #[arg(long)]
        category: Option<String>,
        /// Only those for this conversation: for everywhere, and for the properties it is about
        #[arg(long, value_name = "CONVERSATION")]
        r#in: Option<String>,
        /// Those that are not offered too
        #[arg(long)]
        all: bool,
    },
    /// Write a new one
    Add {
        title: String,
        /// Its words (`-`: from stdin)
        body: String,
        #[arg(long)]
        category: Option<String>,
        /// Only where this property is talked about
        #[arg(long, value_name = "TITLE or ID")]
        property: Option<String>,
        /// Not offered yet
        #[arg(long)]
        inactive: bool,
    },
    /// Change one: what is not named stays as it was
    Edit {
        /// Its id or title
        id: String,
        #[arg(long)]
        title: Option<String>,
        /// Its words (`-`: from stdin)
        #[arg(long)]
        body: Option<String>,
        #[arg(long)]
        category: Option<String>,
        /// Only where this property is talked about; empty: everywhere
        #[arg(long, value_name = "TITLE or ID")]
        property: Option<String>,
        /// Offer it
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Don't offer it any more
        #[arg(long)]
        inactive: bool,
    },
    /// Remove one
    Remove {
        id: String,
        /// Take it back
        #[arg(long)]
        undo: bool,
    },
    /// Put its words, filled in, into a conversation's draft
    Use { id: String, conversation: String },
    /// Take a table (CSV with the columns title, body, category, active, property); all of it or nothing
    Import {
        file: PathBuf,
        /// What happens to those whose title is there already
        #[arg(long, value_enum, default_value = "skip")]
        duplicates: Duplicates,
        /// Only say what would happen
        #[arg(long)]
        check: bool,
    },
    /// Write all of them as a table (CSV), into a file or to the screen
    Export { file: Option<PathBuf> },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Duplicates {
    Skip,
    Replace,
    Both,
}

impl From<Duplicates> for homing_engine::api::QuickDuplicates {
    fn from(which: Duplicates) -> Self {
        match which {
            Duplicates::Skip => Self::Skip,
            Duplicates::Replace => Self::Replace,
            Duplicates::Both => Self::Both,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Attachment {
    /// Save a file of a message (see `messages`); fetches it first if it is not here yet
    Save { id: String, path: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Files {
    /// Files of a conversation, newest first
    List {
        conversation: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Bring files here from the relay
    Fetch {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Save a file; fetches it first if it is not here yet
    Save { id: String, path: PathBuf },
    /// Keep files on this device however little room there is
    Pin {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Let them go when their room is needed
    Unpin {
        #[arg(required = true)]
        id: Vec<String>,
    },
    /// Keep all files of conversations on all your devices, those that come included
    Keep {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Let them go when their room is needed
    Unkeep {
        #[arg(required = true)]
        conversation: Vec<String>,
    },
    /// Take files off this device: these, or all that can be fetched again and nothing keeps
    Free { id: Vec<String> },
    /// What files take on this device, and by which rules; options change those
    Room {
        /// Which files come by themselves
        #[arg(long, value_enum)]
        downloads: Option<Download>,
        /// The largest file that comes by itself with `--downloads up_to`, in MB
        #[arg(long, value_name = "MB")]
        up_to: Option<u32>,
        /// Room for files in MB; 0: as much as there is
        #[arg(long, value_name = "MB")]
        room: Option<u32>,
    },
}

/// Which files come by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Download {
    Always,
    OnDemand,
    UpTo,
}

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
        passphrase away.\nswitches take true or false; theme takes system, light or dark."
    )]
    Set {
        key: Key,
        /// The new value (`-`: from stdin)
        value: String,
    },
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    Owner,
    Admin,
    Member,
    Reader,
    Client,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Filter {
    All,
    Active,
    Unread,
    Archived,
    /// Somebody named you in them
    Mentions,
    /// What comes back first, first
    Snoozed,
    Drafts,
    /// Assigned to you
    Mine,
    /// Of clients, assigned to nobody
    Unassigned,
    /// With people you don't hear
    Blocked,
}

/// How long something lasts.
#[derive(Debug, clap::Args)]
pub struct Until {
    /// Until this time (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "for")]
    pub until: Option<String>,
    /// For so long: 30m, 8h, 2d
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub r#for: Option<std::time::Duration>,
}

fn length(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "give a time such as 30m, 8h or 2d".to_owned();
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text.get(..text.len() - 1).and_then(|count| count.parse().ok()).ok_or_else(wrong)?;
    let seconds = count.checked_mul(unit).filter(|seconds| (1..=3_650 * 86_400).contains(seconds));
    seconds.map(std::time::Duration::from_secs).ok_or_else(wrong)
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
