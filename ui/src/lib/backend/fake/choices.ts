import type { ConversationChange } from "../../bindings/ConversationChange";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { Filter } from "../../bindings/Filter";
import type { OneChange } from "../../bindings/OneChange";
import { CallError } from "../index";
import type { FakeBackend } from "./index";
import type { Handlers } from "./handlers";
import { message } from "./world";

type ChoiceCall = "conversations_change" | "conversation_merge" | "comment" | "comment_draft" | "replying" | "person_set" | "spam_report";

/** Whether a list shows a row, as the engine decides it. */
export function shows(filter: Filter, row: ConversationRow): boolean {
  if (row.blocked) return filter === "blocked";
  const active = !row.archived && !row.snoozed;
  const lists: Record<Filter, boolean> = {
    all: true,
    active,
    unread: active && (row.unread > 0 || row.marked_unread),
    archived: row.archived,
    snoozed: row.snoozed,
    drafts: row.has_draft,
    mine: row.assignee?.me ?? false,
    mentions: row.named,
    unassigned: active && row.staffed && row.assignee === null,
    blocked: false,
  };
  return lists[filter];
}

function held(fake: FakeBackend, id: string): ConversationRow {
  const row = fake.world.rows.get(id);
  if (!row) throw new CallError({ code: "not_found", message: "There is no such conversation." });
  return row;
}

/** What a change makes of a row, and what takes it back. */
function change(fake: FakeBackend, row: ConversationRow, change: ConversationChange): [ConversationRow, ConversationChange] {
  if ("archive" in change) return [{ ...row, archived: change.archive.on }, { archive: { on: row.archived } }];
  if ("pin" in change) return [{ ...row, pinned: change.pin.on }, { pin: { on: row.pinned } }];
  if ("keep_files" in change) return [{ ...row, keep_files: change.keep_files.on }, { keep_files: { on: row.keep_files } }];
  if ("mark" in change) return [{ ...row, marked_unread: change.mark.on }, { mark: { on: row.marked_unread } }];
  if ("mute" in change) {
    const until = change.mute.until === "forever" ? "9999-12-31T23:59:59.999Z" : change.mute.until;
    return [{ ...row, muted_until: until }, { mute: { until: row.muted_until } }];
  }
  if ("snooze" in change) {
    const { until } = change.snooze;
    return [{ ...row, snoozed: until !== null, snoozed_until: until }, { snooze: { until: row.snoozed ? row.snoozed_until : null } }];
  }
  if ("assign" in change) {
    const found = fake.world.people.find((one) => one.id === change.assign.person);
    const assignee = found ? { person: found.id, name: found.name, me: found.me } : null;
    return [{ ...row, assignee }, { assign: { person: row.assignee?.person ?? null } }];
  }
  for (const one of fake.world.messages.get(row.id) ?? []) if (one.unread) fake.putMessage({ ...one, unread: false });
  return [{ ...row, unread: 0, marked_unread: false }, { mark: { on: true } }];
}

let comments = 0;
const typed = new Map<string, string>();

export const choices: Pick<Handlers, ChoiceCall> = {
  conversations_change: (fake, args) => {
    const undo: OneChange[] = [];
    const rows = args.changes.map((one) => {
      const [changed, back] = change(fake, held(fake, one.conversation), one.change);
      undo.unshift({ conversation: one.conversation, change: back });
      return fake.putRow(changed);
    });
    return { rows, undo };
  },
  conversation_merge: (fake, args) => {
    const into = held(fake, args.into ?? args.conversation);
    if (args.into) fake.dropRow(args.conversation);
    return fake.putRow(into);
  },
  comment: (fake, args) => {
    comments += 1;
    const written = message(`m-comment-${comments}`, args.conversation, { author_name: fake.world.status.name ?? "", body: args.text, internal: true });
    typed.delete(args.conversation);
    fake.putMessage(written);
    return { id: written.id, conversation: args.conversation, state: "sent" };
  },
  comment_draft: (_fake, args) => {
    if (args.text !== null) typed.set(args.conversation, args.text);
    return { text: typed.get(args.conversation) ?? "" };
  },
  replying: () => ({ done: true }),
  person_set: (fake, args) => {
    fake.world.people = fake.world.people.map((one) => {
      if (one.id !== args.person) return one;
      const own = one.own_name ?? one.name;
      const called = args.name === null ? one : { ...one, name: args.name || own, own_name: args.name ? own : null };
      return { ...called, blocked: args.blocked ?? one.blocked };
    });
    fake.emit({ event: "people" });
    return fake.world.people;
  },
  spam_report: (fake, args) => {
    const row = held(fake, args.conversation);
    fake.world.people = fake.world.people.map((one) => (one.id === args.person ? { ...one, blocked: true } : one));
    fake.putRow({ ...row, archived: true, blocked: true });
    fake.emit({ event: "people" });
    return { people: fake.world.people, undo: [{ conversation: row.id, change: { archive: { on: row.archived } } }], kept: 1 };
  },
};
