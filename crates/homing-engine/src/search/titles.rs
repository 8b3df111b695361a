//! What conversations and authors are called, kept between searches: looking it up with every hit was a sixth of a search
//! for a common word. Whoever changes a name says so, and it is asked for again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use homing_store::members::MemberRow;
use homing_store::people::{self, PersonRow};
use homing_store::search::{self, Names, Talk, Words};
use homing_wire::{DocId, Member, PersonId, SpaceId};

use crate::api::ApiError;
use crate::core::Core;
use crate::rows::{members_of, title_of};
use crate::text::visible;
use crate::touched::Touched;

/// Names kept at most; beyond, all are asked for anew.
const AUTHORS: usize = 20_000;

/// A conversation as hits name it.
#[derive(Clone, Debug)]
pub(crate) struct Titled {
    pub id: DocId,
    pub space: SpaceId,
    pub title: String,
    pub client: String,
    /// What everybody else in it is called.
    pub people: Arc<[String]>,
    pub archived: bool,
    pub listed: bool,
    pub last_at_ms: u64,
}

impl Titled {
    /// All names it can be found by.
    fn with_people(&self) -> String {
        let names = std::iter::once(&self.title).chain(self.people.iter());
        names.map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// By whose names it is found.
    pub fn meant(&self, said: &Words) -> Vec<String> {
        self.people.iter().filter(|name| said.any(name)).cloned().collect()
    }
}

#[derive(Default)]
pub(crate) struct Titles {
    talks: HashMap<i64, Titled>,
    numbers: HashMap<DocId, i64>,
    authors: HashMap<(i64, i64), String>,
    /// All conversations are here, but for those that changed.
    complete: bool,
    changed: BTreeSet<DocId>,
    /// The names of all listed conversations with those of who is in them, the last active first, and the number of each; made
    /// when asked for.
    names: Option<(Names, Vec<i64>)>,
    /// Everybody who is known.
    people: Option<Vec<PersonRow>>,
}

impl Titles {
    pub fn touched(&mut self, touched: &Touched) {
        if touched.people {
            *self = Self::default();
        }
        if !self.talks.is_empty() || self.complete {
            self.changed.extend(touched.conversations.iter().copied());
        }
    }

    pub fn talk(&self, n: i64) -> Option<&Titled> {
        self.talks.get(&n)
    }

    pub fn author(&self, author: i64, space: i64) -> &str {
        self.authors.get(&(author, space)).map_or("", String::as_str)
    }

    pub fn all(&self) -> impl Iterator<Item = &Titled> {
        self.talks.values()
    }

    fn of(&self, id: &DocId) -> Option<&Titled> {
        self.talks.get(self.numbers.get(id)?)
    }

    /// Makes the names of all listed conversations, if they are not there.
    fn name_all(&mut self) {
        if self.names.is_some() {
            return;
        }
        let mut listed: Vec<_> = self.talks.iter().filter(|(_, talk)| talk.listed).collect();
        listed.sort_unstable_by_key(|(_, talk)| std::cmp::Reverse((talk.last_at_ms, talk.id)));
        let mut names = Names::default();
        for (_, talk) in &listed {
            names.push(&talk.with_people());
        }
        self.names = Some((names, listed.into_iter().map(|(n, _)| *n).collect()));
    }

    /// Listed conversations, the last active first.
    pub fn newest(&mut self) -> impl Iterator<Item = &Titled> {
        self.name_all();
        let numbers = self.names.as_ref().map_or(&[][..], |(_, numbers)| numbers);
        numbers.iter().filter_map(|n| self.talks.get(n))
    }

    /// Listed conversations whose names fit, the last active first.
    pub fn like<'t>(&'t mut self, said: &'t Words) -> impl Iterator<Item = &'t Titled> {
        self.likely(said).filter(|talk| said.name(&talk.title))
    }

    /// Listed conversations that fit by their names and those of who is in them, the last active first.
    pub fn with<'t>(&'t mut self, said: &'t Words) -> impl Iterator<Item = &'t Titled> {
        self.likely(said).filter(|talk| said.name(&talk.with_people()))
    }

    fn likely<'t>(&'t mut self, said: &'t Words) -> impl Iterator<Item = &'t Titled> {
        self.name_all();
        let talks = &self.talks;
        let (names, numbers) = self.names.get_or_insert_default();
        names.likely(said).filter_map(|place| talks.get(numbers.get(place)?))
    }

    fn drop_changed(&mut self) -> Vec<DocId> {
        let changed: Vec<DocId> = std::mem::take(&mut self.changed).into_iter().collect();
        if !changed.is_empty() {
            self.names = None;
        }
        for id in &changed {
            if let Some(n) = self.numbers.remove(id) {
                self.talks.remove(&n);
            }
        }
        changed
    }
}

impl Core {
    /// Makes sure that what hits are called is known.
    pub(crate) fn title_hits(&mut self, hits: &[search::Hit]) -> Result<(), ApiError> {
        let mut titles = std::mem::take(&mut self.titles);
        let done = self.title_hits_into(&mut titles, hits);
        self.titles = titles;
        done
    }

    fn title_hits_into(&self, titles: &mut Titles, hits: &[search::Hit]) -> Result<(), ApiError> {
        let changed = titles.drop_changed();
        let db = self.db()?;
        let mut wanted: BTreeSet<i64> = hits.iter().map(|hit| hit.talk).collect();
        wanted.retain(|n| !titles.talks.contains_key(n));
        if !wanted.is_empty() {
            let wanted: Vec<i64> = wanted.into_iter().collect();
            self.keep_talks(titles, search::talks(&db, Some(&wanted))?)?;
        }
        if titles.complete {
            titles.changed.extend(changed.into_iter().filter(|id| !titles.numbers.contains_key(id)));
        }
        if titles.authors.len() > AUTHORS {
            titles.authors.clear();
        }
        for hit in hits {
            if let std::collections::hash_map::Entry::Vacant(free) =
                titles.authors.entry((hit.author, hit.space))
            {
                free.insert(visible(&search::author_name(&db, hit.author, hit.space)?));
            }
        }
        Ok(())
    }

    /// Everybody who is known, as they stand in the list of people.
    pub(crate) fn known_people(&mut self) -> Result<&[PersonRow], ApiError> {
        if self.titles.people.is_none() {
            let all = people::list(&self.db()?)?;
            self.titles.people = Some(all);
        }
        Ok(self.titles.people.as_deref().unwrap_or_default())
    }

    /// Makes sure that all conversations are known by name.
    pub(crate) fn title_all(&mut self) -> Result<(), ApiError> {
        let mut titles = std::mem::take(&mut self.titles);
        let done = self.title_all_into(&mut titles);
        self.titles = titles;
        done
    }

    /// What these conversations are called; the titles of all are kept from then on.
    pub(crate) fn titles_by_id(
        &mut self,
        ids: impl Iterator<Item = DocId>,
    ) -> Result<HashMap<DocId, String>, ApiError> {
        self.title_all()?;
        Ok(ids.filter_map(|id| Some((id, self.titles.of(&id)?.title.clone()))).collect())
    }

    fn title_all_into(&self, titles: &mut Titles) -> Result<(), ApiError> {
        let db = self.db()?;
        let changed = titles.drop_changed();
        if !titles.complete {
            self.keep_talks(titles, search::talks(&db, None)?)?;
            titles.complete = true;
        } else if !changed.is_empty() {
            self.keep_talks(titles, search::talks_of(&db, &changed)?)?;
        }
        Ok(())
    }

    fn keep_talks(&self, titles: &mut Titles, talks: Vec<Talk>) -> Result<(), ApiError> {
        let me = self.replica()?.person();
        let members = members_of(&self.db()?, talks.iter().map(|talk| talk.space))?;
        titles.names = None;
        // Many conversations have the same members.
        let mut people: HashMap<SpaceId, Arc<[String]>> = HashMap::new();
        for talk in talks {
            let of_space = members.get(&talk.space).map_or(&[][..], Vec::as_slice);
            let people = people.entry(talk.space).or_insert_with(|| others(&me, &talk.client, of_space));
            let titled = Titled {
                id: talk.id,
                space: talk.space,
                title: title_of(&me, &talk.subject, &talk.client, of_space),
                client: talk.client,
                people: Arc::clone(people),
                archived: talk.archived,
                listed: talk.listed && talk.known,
                last_at_ms: talk.last_at_ms,
            };
            titles.numbers.insert(talk.id, talk.n);
            titles.talks.insert(talk.n, titled);
        }
        Ok(())
    }
}

/// What everybody else in a space is called. A client's space goes by the client to its staff and by the team to the client:
/// who looks for a colleague does not mean all clients.
fn others(me: &PersonId, client: &str, members: &[MemberRow]) -> Arc<[String]> {
    let named = members.iter().filter(|row| match row.member {
        Member::Person(person) => person != *me && !row.name.is_empty(),
        Member::Team(_) => client.is_empty() && !row.name.is_empty(),
    });
    let mut names: Vec<String> = named.map(|row| visible(&row.name)).collect();
    let client = visible(client);
    if !client.is_empty() && !names.contains(&client) {
        names.push(client);
    }
    names.sort_unstable();
    names.into()
}
