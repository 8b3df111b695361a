//! Records: what people keep and talk about.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use data_encoding::BASE64;
use homing_engine::api::{
    Call, ClientRow, FileSource, InterestSet, Nothing, RecordDelete, RecordDetail, RecordFiles, RecordNew,
    RecordPage, RecordPublish, RecordRef, RecordRow, RecordSet, RecordSettle, RecordSort, RecordValue,
    Records,
};

use crate::world::{DeviceId, World};

/// One field with a text.
pub fn text(key: &str, value: &str) -> (String, Option<RecordValue>) {
    (key.to_owned(), Some(RecordValue::Text(value.to_owned())))
}

/// A photo, as a screen gives it.
pub fn photo_file(name: &str, bytes: &[u8]) -> FileSource {
    FileSource::Bytes {
        name: name.into(),
        mime: "image/jpeg".into(),
        base64: BASE64.encode(bytes),
        voice: None,
    }
}

impl World {
    /// Begins a property.
    pub fn property(
        &mut self,
        device: DeviceId,
        fields: &[(String, Option<RecordValue>)],
    ) -> Result<RecordRow> {
        let fields: BTreeMap<_, _> = fields.iter().cloned().collect();
        self.ask(device, Call::RecordNew(RecordNew { kind: "property".into(), fields, files: Vec::new() }))
    }

    /// Writes fields of a record.
    pub fn set_fields(
        &mut self,
        device: DeviceId,
        record: &str,
        fields: &[(String, Option<RecordValue>)],
    ) -> Result<RecordRow> {
        let fields = fields.iter().cloned().collect();
        self.ask(device, Call::RecordSet(RecordSet { record: record.to_owned(), fields }))
    }

    /// Chooses a value of a field that was edited apart.
    pub fn settle_field(
        &mut self,
        device: DeviceId,
        record: &str,
        field: &str,
        change: &str,
        all: bool,
    ) -> Result<RecordDetail> {
        let args = RecordSettle { record: record.into(), field: field.into(), change: change.into(), all };
        self.ask(device, Call::RecordSettle(args))
    }

    /// A record with everything about it.
    pub fn record(&mut self, device: DeviceId, record: &str) -> Result<RecordDetail> {
        self.ask(device, Call::Record(RecordRef { record: record.to_owned() }))
    }

    /// All records of a kind.
    pub fn records(&mut self, device: DeviceId, kind: &str) -> Result<Vec<RecordRow>> {
        let args = Records {
            kind: kind.to_owned(),
            query: String::new(),
            status: None,
            level: None,
            about: None,
            client: None,
            deleted: false,
            sort: RecordSort::Title,
            after: None,
            limit: 500,
        };
        Ok(self.ask::<RecordPage>(device, Call::Records(args))?.rows)
    }

    /// Shares a record with a client, or takes it back.
    pub fn publish(
        &mut self,
        device: DeviceId,
        record: &str,
        client: &str,
        on: bool,
    ) -> Result<RecordDetail> {
        let args = RecordPublish { record: record.to_owned(), clients: vec![client.to_owned()], on };
        self.ask(device, Call::RecordPublish(args))
    }

    /// Deletes a record, or takes that back.
    pub fn delete_record(&mut self, device: DeviceId, record: &str, deleted: bool) -> Result<RecordRow> {
        self.ask(device, Call::RecordDelete(RecordDelete { record: record.to_owned(), deleted }))
    }

    /// Notes an interest.
    pub fn interest(
        &mut self,
        device: DeviceId,
        property: &str,
        client: Option<&str>,
        level: &str,
    ) -> Result<RecordRow> {
        let args = InterestSet {
            property: property.to_owned(),
            client: client.map(str::to_owned),
            level: Some(level.to_owned()),
            status: None,
            notes: None,
        };
        self.ask(device, Call::InterestSet(args))
    }

    /// Adds a photo to a property.
    pub fn add_photo(
        &mut self,
        device: DeviceId,
        record: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<RecordDetail> {
        let add = vec![photo_file(name, bytes)];
        let args = RecordFiles { record: record.to_owned(), field: "photos".into(), add, keep: None };
        self.ask(device, Call::RecordFiles(args))
    }

    /// The clients this person works for.
    pub fn clients(&mut self, device: DeviceId) -> Result<Vec<ClientRow>> {
        self.ask(device, Call::Clients(Nothing {}))
    }

    /// The photos of a record, as a screen gets them.
    pub fn photos(&mut self, device: DeviceId, record: &str) -> Result<Vec<homing_engine::api::Attachment>> {
        let detail = self.record(device, record)?;
        let field = detail.fields.into_iter().find(|field| field.key == "photos").context("no photos")?;
        Ok(field.values.into_iter().next().and_then(|version| version.value).map_or_else(Vec::new, |value| {
            match value {
                RecordValue::Files(files) => files,
                _ => Vec::new(),
            }
        }))
    }
}
