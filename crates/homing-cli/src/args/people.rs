//! People, how they come in, and the devices of one person.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    Owner,
    Admin,
    Member,
    Reader,
    Client,
}
