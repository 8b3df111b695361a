//! Properties and interests.

use std::collections::BTreeMap;

use homing_engine::api::{
    self, Amount, ApiError, Call, Code, InterestSet, RecordAsk, RecordDelete, RecordFiles, RecordNew,
    RecordPage, RecordPublish, RecordRef, RecordRow, RecordSet, RecordSettle, RecordSort, RecordValue,
    Records,
};

use super::{Run, attachments, text_or_stdin};
use crate::args::{self, PropertyFields};
use crate::shapes;

/// Rows asked for at once.
const PAGE: u32 = 500;

type Fields = BTreeMap<String, Option<RecordValue>>;

impl Run<'_> {
    pub async fn property(&self, command: args::Property) -> Result<(), ApiError> {
        use args::Property as P;
        let row = |call| self.show::<RecordRow, shapes::Record>(call);
        let detail = |call| self.show::<api::RecordDetail, shapes::RecordDetail>(call);
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
            P::Settle { property, field, change } => {
                let args = RecordSettle { record: property, field, change, all: false };
                detail(Call::RecordSettle(args)).await
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
            let args = RecordFiles { record: record.clone(), field: "photos".into(), add, keep: None };
            let _: api::RecordDetail = self.call(Call::RecordFiles(args)).await?;
        }
        self.show::<RecordRow, shapes::Record>(Call::RecordSet(RecordSet { record, fields })).await
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
            I::Remove { property, client } => {
                let wanted =
                    Records { about: Some(property), client, ..records_of("interest", RecordSort::Newest) };
                let page: RecordPage = self.call(Call::Records(wanted)).await?;
                let [one] = page.rows.as_slice() else {
                    let (code, message) = match page.rows.is_empty() {
                        true => (Code::NotFound, "Nobody noted an interest there."),
                        false => {
                            (Code::AmbiguousName, "Several clients are interested. Say which with --client.")
                        }
                    };
                    return Err(ApiError::new(code, message));
                };
                let call = Call::RecordDelete(RecordDelete { record: one.id.clone(), deleted: true });
                self.show::<RecordRow, shapes::Record>(call).await
            }
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
