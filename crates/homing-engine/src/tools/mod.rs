//! Tools beside the daily work: backup and restore, finding and mending damage, load data, the demo.

mod backup;
mod backup_file;
mod demo;
mod demo_files;
mod demo_records;
mod doctor;
mod paint;
mod people;
mod picture;
mod restore;
mod seed;
mod voice;
mod words;

pub(crate) use demo::is_demo;
