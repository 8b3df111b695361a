import type { Completion } from "../../bindings/Completion";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { SearchChip } from "../../bindings/SearchChip";
import type { SearchKey } from "../../bindings/SearchKey";
import type { SnippetPart } from "../../bindings/SnippetPart";
import type { Handlers } from "./handlers";
import type { FakeBackend } from "./index";

type SearchCall = "search" | "search_complete" | "recent_searches";

const KEYS: SearchKey[] = ["from", "in", "client", "record", "has", "is", "before", "after", "on"];
const FILTER = /(?:^|\s)((from|in|client|record|has|is|before|after|on):("[^"]*"|\S+))/gu;
const WORDS: Partial<Record<SearchKey, string[]>> = { has: ["file", "image", "link"], is: ["unread", "mine"], before: ["today", "yesterday"] };

function chips(fake: FakeBackend, query: string): SearchChip[] {
  return [...query.matchAll(FILTER)].map(([, text = "", key = "from", value = ""]) => {
    const wanted = value.replace(/"/gu, "").toLocaleLowerCase();
    const person = fake.world.people.find((one) => one.name.toLocaleLowerCase().startsWith(wanted));
    const label = key === "from" ? (wanted === "me" ? (fake.world.status.name ?? "") : person?.name) : wanted;
    return { key: key as SearchKey, text, label: label ?? wanted, unknown: label === undefined };
  });
}

function marked(text: string, words: string[]): SnippetPart[] {
  const at = text.toLocaleLowerCase().indexOf(words[0] ?? "");
  if (at < 0 || words.length === 0) return [{ text, hit: false }];
  const end = at + (words[0]?.length ?? 0);
  const parts = [
    { text: text.slice(Math.max(0, at - 40), at), hit: false },
    { text: text.slice(at, end), hit: true },
    { text: text.slice(end, end + 80), hit: false },
  ];
  return parts.filter((part) => part.text !== "");
}

export const search: Pick<Handlers, SearchCall> = {
  search: (fake, args) => {
    const found = chips(fake, args.query);
    const words = args.query.replace(FILTER, " ").toLocaleLowerCase().split(/\s+/u).filter(Boolean);
    const holds = (text: string): boolean => words.every((word) => text.toLocaleLowerCase().includes(word));
    const from = found.find((chip) => chip.key === "from");
    const file = found.some((chip) => chip.key === "has" && chip.label === "file");
    const unread = found.some((chip) => chip.key === "is" && chip.label === "unread");
    const asked = (words.length > 0 || found.length > 0) && !found.some((chip) => chip.unknown);
    const hits = [...fake.world.messages.entries()]
      .filter(([id]) => asked && (!args.conversation || id === args.conversation))
      .flatMap(([id, rows]) => rows.map((one) => ({ id, one })))
      .filter(({ one }) => holds(one.body) && (!from || one.author_name === from.label) && (!file || one.attachments.length > 0) && (!unread || one.unread))
      .sort((a, b) => (args.order === "best" ? a.one.body.length - b.one.body.length : a.one.at < b.one.at ? 1 : -1))
      .slice(0, args.limit)
      .map(({ id, one }) => {
        const row = fake.world.rows.get(id);
        return { conversation: id, title: row?.title ?? "", message: one.id, author_name: one.author_name, at: one.at, snippet: marked(one.body, words), file: null, archived: row?.archived ?? false };
      });
    const names = words.length > 0 && found.length === 0 && !args.conversation;
    const rows = names ? [...fake.world.rows.values()] : [];
    const others = (row: ConversationRow): string[] => row.participants.filter((one) => !one.me).map((one) => one.name);
    const meant = (name: string): boolean => words.some((word) => name.toLocaleLowerCase().includes(word));
    const titled = rows.filter((row) => holds(row.title)).map((row) => ({ row, people: new Array<string>() }));
    const peopled = rows.filter((row) => !holds(row.title) && holds([row.title, ...others(row)].join(" "))).map((row) => ({ row, people: others(row).filter(meant) }));
    const conversations = [...titled, ...peopled].slice(0, 5);
    const people = names ? fake.world.people.filter((one) => !one.me && holds(one.name)).slice(0, 5) : [];
    return {
      hits,
      next: null,
      chips: found,
      conversations: conversations.map(({ row, people: found }) => ({ id: row.id, title: marked(row.title, words), people: found, last_at: row.last_at, archived: row.archived })),
      people: people.map((one) => ({ id: one.id, name: marked(one.name, words) })),
      records: names ? [...fake.world.records.values()].filter(({ row }) => row.kind === "property" && holds(row.title)).map(({ row }) => ({ id: row.id, title: marked(row.title, words) })) : [],
    };
  },
  search_complete: (fake, args) => {
    const start = args.query.lastIndexOf(" ") + 1;
    const [before, word] = [args.query.slice(0, start), args.query.slice(start)];
    const [name = "", value] = word.split(":");
    if (value === undefined) {
      const keys = KEYS.filter((key) => word !== "" && key.startsWith(word));
      return keys.map((key): Completion => ({ query: `${before}${key}:`, text: `${key}:`, key: null }));
    }
    const key = KEYS.find((one) => one === name);
    if (!key) return [];
    const values = key === "from" ? ["me", ...fake.world.people.filter((one) => !one.me).map((one) => one.name)] : (WORDS[key] ?? []);
    return values
      .filter((one) => one.toLocaleLowerCase().startsWith(value.toLocaleLowerCase()))
      .map((one): Completion => {
        const text = one.includes(" ") ? `${key}:"${one}"` : `${key}:${one}`;
        return { query: `${before}${text} `, text, key };
      });
  },
  recent_searches: (fake, args) => {
    const { keep } = args;
    let recent = args.clear ? [] : fake.world.searches.filter((query) => query !== args.forget);
    if (keep) recent = [keep, ...recent.filter((query) => !keep.startsWith(query))].slice(0, 10);
    return (fake.world.searches = recent);
  },
};
