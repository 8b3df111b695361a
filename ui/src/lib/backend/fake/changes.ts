import { fail, type Handlers } from "./handlers";
import type { FakeBackend } from "./index";
import type { MessageRow } from "../../bindings/MessageRow";
import { ME, message } from "./world";

/** What is done with messages that are there: other words, reactions, answers, forwarding. */

const former = new WeakMap<FakeBackend, Map<string, { body: string; since: string; current: boolean }[]>>();

function find(fake: FakeBackend, id: string): MessageRow {
  for (const rows of fake.world.messages.values()) {
    const found = rows.find((one) => one.id === id);
    if (found) return found;
  }
  return fail("not_found", "There is no such message here.");
}

function wordings(fake: FakeBackend): Map<string, { body: string; since: string; current: boolean }[]> {
  let map = former.get(fake);
  if (!map) former.set(fake, (map = new Map()));
  return map;
}

type Changes = Pick<Handlers, "message_edit" | "message_history" | "react" | "thread" | "forward" | "mentionable" | "translate">;

export const changes: Changes = {
  message_edit: (fake, args) => {
    const row = find(fake, args.message);
    const all = wordings(fake);
    all.set(row.id, [...(all.get(row.id) ?? []), { body: row.body, since: row.edited_at ?? row.at, current: false }]);
    fake.putMessage({ ...row, body: args.text, edited_at: new Date().toISOString() });
    return { done: true };
  },
  message_history: (fake, args) => {
    const row = find(fake, args.id);
    const current = { body: row.body, since: row.edited_at ?? row.at, current: true };
    return { message: row.id, author: row.author, author_name: row.author_name, wordings: [...(wordings(fake).get(row.id) ?? []), current] };
  },
  // A made language: the words in capital letters.
  translate: (fake, args) => {
    if (fake.world.settings.translate_at === "") return fail("translation_off", "No translation service is named.");
    return { text: find(fake, args.message).body.toUpperCase(), to: args.to ?? "en", from: null };
  },
  react: (fake, args) => {
    const row = find(fake, args.message);
    const me = { person: ME, name: fake.world.status.name ?? "", me: true };
    const reactions = row.reactions
      .map((one) => (one.emoji === args.emoji ? { ...one, mine: false, people: one.people.filter((who) => !who.me) } : one))
      .filter((one) => one.people.length > 0);
    if (args.on) {
      const there = reactions.find((one) => one.emoji === args.emoji);
      if (there) [there.mine, there.people] = [true, [...there.people, me]];
      else reactions.push({ emoji: args.emoji, mine: true, people: [me] });
    }
    fake.putMessage({ ...row, reactions });
    return { done: true };
  },
  thread: (fake, args) => {
    let root = find(fake, args.id);
    while (root.reply_to) root = find(fake, root.reply_to.id);
    const all = fake.world.messages.get(root.conversation) ?? [];
    const ids = new Set([root.id]);
    for (const row of all) if (row.reply_to && ids.has(row.reply_to.id)) ids.add(row.id);
    return { root: root.id, rows: all.filter((row) => ids.has(row.id)), revision: fake.revision };
  },
  forward: (fake, args) =>
    args.to.flatMap((conversation) =>
      args.messages.map((id) => {
        const { body, attachments } = find(fake, id);
        const copy = message(`${id}-${conversation}-${crypto.randomUUID()}`, conversation, { body, attachments, forwarded: true, state: "pending" });
        fake.putMessage(copy);
        return { id: copy.id, conversation, state: copy.state };
      }),
    ),
  mentionable: (fake, args) =>
    (fake.world.rows.get(args.conversation)?.participants ?? [])
      .filter((one) => !one.team)
      .map((one) => ({ person: one.person, name: one.name, me: one.me })),
};
