//! Choosing by name while it is typed: names that begin so first, then conversations with people who are called so, then
//! names that have the letters in their order.

use std::collections::BTreeSet;

use homing_store::search::{self, Words};
use homing_store::{members, spaces};
use homing_wire::{DocId, Member, SpaceId, SpaceKind};

use super::records::subject;
use crate::api::{ApiError, Choice, Pick, PickFrom, Picked};
use crate::core::Core;
use crate::text::visible;

const SHOWN: usize = 100;
/// Properties whose letters are looked at, if too few have the words.
const LOOSE: u32 = 2_000;

impl Core {
    pub(crate) fn pick(&mut self, args: Pick) -> Result<Picked, ApiError> {
        let limit = (args.limit as usize).clamp(1, SHOWN);
        // One more than is shown tells whether there are more.
        let mut choices = match args.from {
            PickFrom::People => self.pick_people(&args.query, limit + 1)?,
            PickFrom::Properties => self.pick_properties(&args.query, limit + 1)?,
            from => self.pick_talks(from, &args.query, limit + 1)?,
        };
        let more = choices.len() > limit;
        choices.truncate(limit);
        Ok(Picked { choices, more })
    }

    fn pick_talks(&mut self, from: PickFrom, query: &str, limit: usize) -> Result<Vec<Choice>, ApiError> {
        let among = match from {
            PickFrom::Talks => Some(self.managed()?),
            _ => None,
        };
        self.title_all()?;
        let said = search::said(query);
        // Rights are asked for one conversation after the other: nobody looks at all of them.
        let mut talks = std::mem::take(&mut self.titles);
        let mut choices = Vec::new();
        let done = (|| -> Result<(), ApiError> {
            let mut known: BTreeSet<DocId> = BTreeSet::new();
            for pass in [Fit::Words, Fit::People, Fit::Letters] {
                for talk in fitting(&mut talks, pass, query, &said) {
                    if choices.len() == limit {
                        return Ok(());
                    }
                    if among.as_ref().is_some_and(|spaces| !spaces.contains(&talk.space))
                        || !known.insert(talk.id)
                        || !self.may_pick(from, &talk.space)?
                    {
                        continue;
                    }
                    choices.push(Choice {
                        id: talk.id.to_string(),
                        title: talk.title.clone(),
                        people: if pass == Fit::People { talk.meant(&said) } else { Vec::new() },
                    });
                }
                if query.trim().is_empty() {
                    return Ok(());
                }
            }
            Ok(())
        })();
        self.titles = talks;
        done.map(|()| choices)
    }

    fn may_pick(&mut self, from: PickFrom, space: &SpaceId) -> Result<bool, ApiError> {
        Ok(match from {
            PickFrom::Writable => self.rights(space)?.write,
            PickFrom::Talks => {
                let talk = spaces::get(&self.db()?, space)?.is_some_and(|row| row.kind == SpaceKind::Talk);
                talk && self.rights(space)?.manage
            }
            _ => true,
        })
    }

    /// Spaces in which this person decides who is in them.
    fn managed(&self) -> Result<BTreeSet<SpaceId>, ApiError> {
        let me = Member::Person(self.replica()?.person());
        let mine = members::spaces_of(&self.db()?, &me)?;
        Ok(mine.into_iter().filter(|(_, role)| role.manages()).map(|(space, _)| space).collect())
    }

    fn pick_people(&mut self, query: &str, limit: usize) -> Result<Vec<Choice>, ApiError> {
        let me = self.replica()?.person();
        let said = search::said(query);
        let all = self.known_people()?;
        let mut choices = Vec::new();
        let mut known = BTreeSet::new();
        for pass in [Fit::Words, Fit::Letters] {
            for row in all.iter().filter(|row| row.person != me && pass.fits(query, &said, row.shown())) {
                if choices.len() < limit && known.insert(row.person) {
                    choices.push(named(&row.person, visible(row.shown())));
                }
            }
        }
        Ok(choices)
    }

    fn pick_properties(&self, query: &str, limit: usize) -> Result<Vec<Choice>, ApiError> {
        let mut rows = self.properties(query, u32::try_from(limit).unwrap_or(u32::MAX))?;
        if rows.len() < limit && !query.trim().is_empty() {
            let known: BTreeSet<DocId> = rows.iter().map(|row| row.id).collect();
            let loose = self.properties("", LOOSE)?.into_iter();
            rows.extend(loose.filter(|row| !known.contains(&row.id) && search::loosely(query, &row.title)));
            rows.truncate(limit);
        }
        Ok(rows.iter().map(|row| named(&subject(row), visible(&row.title))).collect())
    }
}

fn named(id: &impl ToString, title: String) -> Choice {
    Choice { id: id.to_string(), title, people: Vec::new() }
}

/// How a name fits what was typed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Words,
    /// Some of the words are in names of people who are in it.
    People,
    Letters,
}

impl Fit {
    /// Whether something fits by its own name.
    fn fits(self, query: &str, said: &Words, name: &str) -> bool {
        match self {
            _ if said.is_empty() => query.trim().is_empty(),
            Self::Words => said.name(name),
            Self::Letters => search::loosely(query, name),
            Self::People => false,
        }
    }
}

fn fitting<'t>(
    titles: &'t mut super::Titles,
    fit: Fit,
    query: &'t str,
    said: &'t Words,
) -> Box<dyn Iterator<Item = &'t super::titles::Titled> + 't> {
    match fit {
        Fit::Words if !said.is_empty() => Box::new(titles.like(said)),
        Fit::People => Box::new(titles.with(said)),
        _ => Box::new(titles.newest().filter(move |talk| fit.fits(query, said, &talk.title))),
    }
}
