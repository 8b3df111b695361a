//! The app as a person meets it: the real binary, in a real window, read and written through its DOM.
//!
//! Only Linux has a WebDriver for the system's webview that needs nothing from the network; on the other
//! systems the hosted workflow builds the app and runs everything below it.
#![cfg(target_os = "linux")]
// The lints know tests by their attribute; here everything is one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod arriving;
mod asides;
mod bulk;
mod calls;
mod choices;
mod colleagues;
mod crash;
mod deleting;
mod demo;
mod desktop;
mod driver;
mod drops;
mod estate;
mod extremes;
mod files;
mod focus;
mod groups;
mod hostile;
mod instances;
mod keep;
mod keeping;
mod lists;
mod main_job;
mod meeting;
mod members;
mod messages;
mod newcomer;
mod notices;
mod opens;
mod pictures;
mod planned;
mod previews;
mod privacy;
mod programs;
mod quick;
mod reading;
mod records;
mod search;
mod spoken;
mod steps;
mod tables;
mod team;
mod translation;
mod unread;
mod voice;
mod writing;
