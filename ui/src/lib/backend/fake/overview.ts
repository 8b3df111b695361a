import type { ConversationGroup } from "../../bindings/ConversationGroup";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { Choice } from "../../bindings/Choice";
import type { Filter } from "../../bindings/Filter";
import { score } from "../../fuzzy";
import { shows } from "./choices";
import type { Handlers } from "./handlers";
import type { FakeBackend } from "./index";

type OverviewCall = "conversation_marks" | "conversation_groups" | "conversations_by_id" | "pick";

function listed(fake: FakeBackend, filter: Filter): ConversationRow[] {
  return [...fake.world.rows.values()].filter((one) => shows(filter, one)).sort((a, b) => (a.order < b.order ? 1 : -1));
}

/** A conversation that has some of the words in names of people who are in it. */
function byPeople(choice: Choice, words: string[], row: ConversationRow | undefined): Choice[] {
  const has = (name: string): boolean => words.some((word) => score(word, name) !== null);
  const people = (row?.participants ?? []).filter((one) => !one.me).map((one) => one.name);
  const fits = people.some(has) && score(words.join(" "), [choice.title, ...people].join(" ")) !== null;
  return fits ? [{ ...choice, people: people.filter(has) }] : [];
}

export const overview: Pick<Handlers, OverviewCall> = {
  conversation_marks: (fake, args) =>
    listed(fake, args.filter).map(({ id, title, archived, pinned, snoozed, muted_until, unread, marked_unread, staffed }) => ({ id, title, archived, pinned, snoozed, muted_until, unread, marked_unread, staffed })),
  conversation_groups: (fake, args) => {
    const rows = listed(fake, args.filter);
    const groups = new Map<string, ConversationGroup>();
    const rest: ConversationGroup = { key: "", name: "", conversations: [] };
    for (const row of rows) {
      const records = row.records.filter((chip) => !chip.deleted).map((chip) => ({ key: chip.id, name: chip.title }));
      const client = row.space_kind === "client" ? [{ key: row.space, name: row.space_name }] : [];
      const under = args.by === "record" ? records : client;
      for (const one of under) groups.set(one.key, { ...one, conversations: [...(groups.get(one.key)?.conversations ?? []), row.id] });
      if (under.length === 0) rest.conversations.push(row.id);
    }
    const all = [...groups.values(), ...(rest.conversations.length > 0 ? [rest] : [])];
    const first = new Set(all.flatMap((group) => group.conversations).slice(0, args.limit));
    return { groups: all, rows: rows.filter((row) => first.has(row.id)), revision: fake.revision };
  },
  conversations_by_id: (fake, args) => args.conversations.flatMap((id) => fake.world.rows.get(id) ?? []),
  pick: (fake, args) => {
    const { rows, people, records } = fake.world;
    const newest = [...rows.values()].sort((a, b) => (a.order < b.order ? 1 : -1)).map((row) => ({ row, choice: { id: row.id, title: row.title, people: [] } }));
    const from: Record<typeof args.from, () => Choice[]> = {
      conversations: () => newest.map((one) => one.choice),
      writable: () => newest.filter(({ row }) => row.can_write).map((one) => one.choice),
      talks: () => newest.filter(({ row }) => row.space_kind === "talk" && row.can_manage).map((one) => one.choice),
      people: () => people.filter((one) => !one.me).map((one) => ({ id: one.id, title: one.name, people: [] })),
      properties: () => [...records.values()].filter(({ row }) => row.kind === "property" && !row.deleted).map(({ row }) => ({ id: row.id, title: row.title, people: [] })),
    };
    const all = from[args.from]();
    const named = all.filter((one) => args.query.trim() === "" || score(args.query, one.title) !== null);
    const words = args.query.trim().split(/\s+/u);
    const choices = [...named, ...all.flatMap((one) => (named.includes(one) ? [] : byPeople(one, words, rows.get(one.id))))];
    return { choices: choices.slice(0, args.limit), more: choices.length > args.limit };
  },
};
