import type { ConversationChange } from "../../bindings/ConversationChange";
import type { ConversationRow } from "../../bindings/ConversationRow";
import type { Draft } from "../../bindings/Draft";
import type { Filter } from "../../bindings/Filter";
import type { OneChange } from "../../bindings/OneChange";
import { CallError } from "../index";
import type { FakeBackend } from "./index";
import { listed, type Handlers } from "./handlers";
import { draft, message } from "./world";

type ChoiceCall = "conversations_change" | "conversation_merge" | "comment" | "comment_draft" | "comment_choose" | "replying" | "person_set" | "spam_report";

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

function typed(fake: FakeBackend, id: string): Draft {
  return fake.world.comments.get(id) ?? draft(id, { comment: true });
}

function choose(fake: FakeBackend, id: string, chosen: string | null): Draft {
  const held = typed(fake, id);
  if (chosen === held.id) return held;
  const found = held.others.find((other) => other.id === chosen);
  const others = held.others.filter((other) => other.id !== chosen);
  if (held.text !== "") others.unshift(listed(fake, held));
  const shown = draft(id, { ...found, comment: true, files: [], others });
  fake.world.comments.set(id, shown);
  return shown;
}

export function discardComment(fake: FakeBackend, id: string): void {
  for (const held of fake.world.comments.values()) {
    const others = held.others.filter((other) => other.id !== id);
    if (held.id !== id && others.length === held.others.length) continue;
    const left = held.id === id ? draft(held.conversation, { comment: true, others }) : { ...held, others };
    fake.world.comments.set(held.conversation, left);
    fake.emit({ event: "comment_draft", draft: left });
  }
}

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
    fake.world.comments.set(args.conversation, draft(args.conversation, { comment: true, others: typed(fake, args.conversation).others }));
    fake.putMessage(written);
    return { id: written.id, conversation: args.conversation, state: "sent" };
  },
  comment_draft: (fake, args) => {
    const id = args.conversation;
    if (args.text === null) return typed(fake, id);
    const held = args.draft === "" && typed(fake, id).text !== "" ? choose(fake, id, null) : typed(fake, id);
    comments += 1;
    const saved = { ...held, id: held.id || `dr-comment-${comments}`, text: args.text, revision: String(comments), updated_at: new Date().toISOString() };
    fake.world.comments.set(id, saved);
    return saved;
  },
  comment_choose: (fake, args) => choose(fake, args.conversation, args.draft),
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
