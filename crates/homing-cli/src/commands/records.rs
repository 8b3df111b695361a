//! Properties and interests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use homing_engine::api::{
    self, Amount, ApiError, Call, Code, InterestSet, RecordAsk, RecordDelete, RecordDetail, RecordFiles,
    RecordNew, RecordPage, RecordPublish, RecordRef, RecordRow, RecordSet, RecordSettle, RecordSort,
    RecordValue, Records,
};

use super::{Run, attachments, text_or_stdin};
use crate::args::{self, PropertyFields};
use crate::shapes;

/// Rows asked for at once.
const PAGE: u32 = 500;

/// The field of a property that holds its photos.
const PHOTOS: &str = "photos";

type Fields = BTreeMap<String, Option<RecordValue>>;

impl Run<'_> {
    pub async fn property(&self, command: args::Property) -> Result<(), ApiError> {
        use args::Property as P;
        let row = |call| self.show::<RecordRow, shapes::Record>(call);
        let detail = |call| self.show::<RecordDetail, shapes::RecordDetail>(call);
        match command {
            P::New { title, fields } => {
                let files = attachments(&fields.photo)?;
                let fields = property_fields(Some(title), fields)?;
                row(Call::RecordNew(RecordNew { kind: "property".into(), fields, files })).await
            }
            P::List { query, status, deleted, csv } => {
                let wanted = Records { query, status, deleted, ..records_of("property", RecordSort::Newest) };
                let columns = ["title", "place", "price", "status", "description"];
                self.record_list(wanted, csv, &columns).await
            }
            P::Show { property } => detail(Call::Record(RecordRef { record: property })).await,
            P::Set { property, title, fields } => self.property_set(property, title, fields).await,
            P::Photos { property, add, remove, first } => {
                self.property_photos(property, &add, &remove, &first).await
            }
            P::Settle { property, field, change, all } => {
                let change = match change {
                    Some(change) => change,
                    None => self.any_change(&property, &field).await?,
                };
                detail(Call::RecordSettle(RecordSettle { record: property, field, change, all })).await
            }
            P::Preview { property } => {
                let call = Call::RecordPreview(RecordRef { record: property });
                self.show::<api::RecordPreview, shapes::RecordPreview>(call).await
            }
            P::Publish { property, to } => {
                detail(Call::RecordPublish(RecordPublish { record: property, clients: to, on: true })).await
            }
            P::Withdraw { property, from } => {
                detail(Call::RecordPublish(RecordPublish { record: property, clients: from, on: false }))
                    .await
            }
            P::Ask { property, text } => {
                let text = text_or_stdin(&text)?;
                let call = Call::RecordAsk(RecordAsk { record: property, text });
                self.show::<api::Sent, shapes::Ask>(call).await
            }
            P::Delete { property } => {
                row(Call::RecordDelete(RecordDelete { record: property, deleted: true })).await
            }
            P::Restore { property } => {
                row(Call::RecordDelete(RecordDelete { record: property, deleted: false })).await
            }
        }
    }

    async fn property_set(
        &self,
        record: String,
        title: Option<String>,
        fields: PropertyFields,
    ) -> Result<(), ApiError> {
        let add = attachments(&fields.photo)?;
        let fields = property_fields(title, fields)?;
        if !add.is_empty() {
            let args = RecordFiles { record: record.clone(), field: PHOTOS.into(), add, keep: None };
            let _: RecordDetail = self.call(Call::RecordFiles(args)).await?;
        }
        self.show::<RecordRow, shapes::Record>(Call::RecordSet(RecordSet { record, fields })).await
    }

    /// Changes a property's photos if that is wanted, and prints them.
    async fn property_photos(
        &self,
        record: String,
        add: &[PathBuf],
        remove: &[String],
        first: &[String],
    ) -> Result<(), ApiError> {
        let add = attachments(add)?;
        let mut detail: RecordDetail = self.call(Call::Record(RecordRef { record: record.clone() })).await?;
        if !(add.is_empty() && remove.is_empty() && first.is_empty()) {
            let mut there = photos(detail);
            let mut taken = |wanted: &String| {
                let at = there.iter().position(|photo| photo.id == *wanted || photo.name == *wanted);
                let missing = || ApiError::new(Code::NotFound, format!("There is no photo {wanted:?}."));
                at.map(|at| there.remove(at).id).ok_or_else(missing)
            };
            for photo in remove {
                taken(photo)?;
            }
            let mut keep = first.iter().map(&mut taken).collect::<Result<Vec<_>, _>>()?;
            keep.extend(there.into_iter().map(|photo| photo.id));
            let args = RecordFiles { record, field: PHOTOS.into(), add, keep: Some(keep) };
            detail = self.call(Call::RecordFiles(args)).await?;
        }
        for photo in photos(detail) {
            self.out.print(&shapes::File::from(photo));
        }
        Ok(())
    }

    /// One of the values of a field, where all of them are meant.
    async fn any_change(&self, record: &str, field: &str) -> Result<String, ApiError> {
        let detail: RecordDetail = self.call(Call::Record(RecordRef { record: record.to_owned() })).await?;
        let field = detail.fields.into_iter().find(|one| one.key == field);
        let first = field.and_then(|field| field.values.into_iter().next());
        first
            .map(|value| value.change)
            .ok_or_else(|| ApiError::new(Code::NotFound, "This field says nothing yet."))
    }

    pub async fn interest(&self, command: args::Interest) -> Result<(), ApiError> {
        use args::Interest as I;
        match command {
            I::Set { property, client, level, status, notes } => {
                let notes = notes.as_deref().map(text_or_stdin).transpose()?;
                let call = Call::InterestSet(InterestSet { property, client, level, status, notes });
                self.show::<RecordRow, shapes::Record>(call).await
            }
            I::List { client, property, level, status, csv } => {
                let wanted = Records {
                    client,
                    about: property,
                    level,
                    status,
                    ..records_of("interest", RecordSort::Number)
                };
                self.record_list(wanted, csv, &["title", "level", "status", "notes"]).await
            }
            I::Show { property, client } => {
                let record = self.interest_meant(property, client, false).await?;
                self.show::<RecordDetail, shapes::RecordDetail>(Call::Record(RecordRef { record })).await
            }
            I::Settle { property, field, change, client } => {
                let record = self.interest_meant(property, client, false).await?;
                let call = Call::RecordSettle(RecordSettle { record, field, change, all: false });
                self.show::<RecordDetail, shapes::RecordDetail>(call).await
            }
            I::Remove { property, client } => self.interest_delete(property, client, true).await,
            I::Restore { property, client } => self.interest_delete(property, client, false).await,
        }
    }

    async fn interest_delete(
        &self,
        property: String,
        client: Option<String>,
        deleted: bool,
    ) -> Result<(), ApiError> {
        let record = self.interest_meant(property, client, !deleted).await?;
        let call = Call::RecordDelete(RecordDelete { record, deleted });
        self.show::<RecordRow, shapes::Record>(call).await
    }

    /// The one interest of a client in a property: those that are there, or those that were removed.
    async fn interest_meant(
        &self,
        property: String,
        client: Option<String>,
        deleted: bool,
    ) -> Result<String, ApiError> {
        let all = records_of("interest", RecordSort::Newest);
        let wanted = Records { about: Some(property), client, deleted, ..all };
        let mut page: RecordPage = self.call(Call::Records(wanted)).await?;
        match (page.rows.pop(), page.rows.is_empty()) {
            (Some(one), true) => Ok(one.id),
            (None, _) => Err(ApiError::new(Code::NotFound, "There is no such interest in it.")),
            _ => Err(ApiError::new(
                Code::AmbiguousName,
                "Several clients are interested. Say which with --client.",
            )),
        }
    }

    async fn record_list(&self, mut wanted: Records, csv: bool, columns: &[&str]) -> Result<(), ApiError> {
        if csv {
            let heading = ["id", "client", "updated_at"].iter().chain(columns).map(|name| (*name).to_owned());
            self.out.table(&shapes::Csv(heading.collect()));
        }
        loop {
            let page: RecordPage = self.call(Call::Records(wanted.clone())).await?;
            for row in page.rows {
                match csv {
                    true => self.out.table(&line(&row, columns)),
                    false => self.out.print(&shapes::Record::from(row)),
                }
            }
            wanted.after = page.next;
            if wanted.after.is_none() {
                return Ok(());
            }
        }
    }
}

fn photos(detail: RecordDetail) -> Vec<api::Attachment> {
    let field = detail.fields.into_iter().find(|field| field.key == PHOTOS);
    match field.and_then(|field| field.values.into_iter().next()?.value) {
        Some(RecordValue::Files(files)) => files,
        _ => Vec::new(),
    }
}

fn line(row: &RecordRow, columns: &[&str]) -> shapes::Csv {
    let client = if row.kind == "interest" { row.space_name.clone() } else { String::new() };
    let mut cells = vec![row.id.clone(), client, row.updated_at.clone()];
    cells.extend(columns.iter().map(|column| match *column {
        "title" => row.title.clone(),
        key => row.fields.get(key).map(shapes::readable).unwrap_or_default(),
    }));
    shapes::Csv(cells)
}

fn records_of(kind: &str, sort: RecordSort) -> Records {
    Records {
        kind: kind.to_owned(),
        query: String::new(),
        status: None,
        level: None,
        about: None,
        client: None,
        deleted: false,
        sort,
        after: None,
        limit: PAGE,
    }
}

fn property_fields(title: Option<String>, given: PropertyFields) -> Result<Fields, ApiError> {
    let mut fields = Fields::new();
    let mut set = |key: &str, value: Option<Option<RecordValue>>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    let text = |given: Option<String>| -> Result<Option<Option<RecordValue>>, ApiError> {
        let given = given.as_deref().map(text_or_stdin).transpose()?;
        Ok(given.map(|text| (!text.is_empty()).then_some(RecordValue::Text(text))))
    };
    set("title", text(title)?);
    set("place", text(given.place)?);
    set("description", text(given.description)?);
    set("internal_notes", text(given.internal_notes)?);
    set("status", given.status.map(|name| (!name.is_empty()).then_some(RecordValue::Choice(name))));
    set("price", given.price.map(|price| amount(&price)).transpose()?);
    Ok(fields)
}

/// "420000.50 EUR" in the currency's smallest units.
fn amount(text: &str) -> Result<Option<RecordValue>, ApiError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || {
        ApiError::new(
            Code::InvalidArgument,
            "A price is an amount and the three letters of its currency, such as \"420000 EUR\".",
        )
    };
    let (number, currency) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let currency = currency.trim().to_ascii_uppercase();
    let digits = shapes::digits(&currency);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let minor = (number * 10f64.powi(digits.cast_signed())).round();
    if currency.len() != 3 || !minor.is_finite() {
        return Err(wrong());
    }
    Ok(Some(RecordValue::Money(Amount { minor, currency })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_in_the_smallest_units() {
        let minor = |text: &str| match amount(text) {
            Ok(Some(RecordValue::Money(amount))) => Some((amount.minor, amount.currency)),
            _ => None,
        };
        assert_eq!(minor("420000 EUR"), Some((42_000_000.0, "EUR".into())));
        assert_eq!(minor("19.99 usd"), Some((1_999.0, "USD".into())));
        assert_eq!(minor("5000000 JPY"), Some((5_000_000.0, "JPY".into())));
        for bad in ["420000", "EUR", "much EUR", "1 EURO", "inf EUR"] {
            assert!(amount(bad).is_err(), "{bad}");
        }
    }
}
