import type { Attachment } from "../../bindings/Attachment";
import type { ScheduledRow } from "../../bindings/ScheduledRow";
import type { Draft } from "../../bindings/Draft";
import type { FakeBackend } from ".";
import { fail, put, setDraft, type Handlers } from "./handlers";

/** Plans a message instead of sending it. */
export function plan(fake: FakeBackend, conversation: string, text: string, at: string, files: Attachment[] = []): { id: string; conversation: string; state: "scheduled" } {
  const id = `planned-${String(fake.world.scheduled.length + 1)}`;
  const title = fake.world.rows.get(conversation)?.title ?? "";
  const row: ScheduledRow = { id, conversation, title, text, reply_to: null, files, at, state: "held", late: false, device_name: null, sent_at: null, error: null };
  set(fake, conversation, [...fake.world.scheduled, row]);
  return { id, conversation, state: "scheduled" };
}

function set(fake: FakeBackend, conversation: string, rows: ScheduledRow[]): void {
  fake.world.scheduled = rows.sort((a, b) => (a.at < b.at ? -1 : 1));
  fake.emit({ event: "scheduled", conversations: [conversation] });
}

function take(fake: FakeBackend, id: string): ScheduledRow {
  const found = fake.world.scheduled.find((row) => row.id === id) ?? fail("not_found", "There is no such message.");
  set(fake, found.conversation, fake.world.scheduled.filter((row) => row.id !== id));
  return found;
}

/** It is a draft again, with its files. */
function back(fake: FakeBackend, row: ScheduledRow): Draft {
  const draft = { ...setDraft(fake, row.conversation, row.text, null, null), files: row.files };
  fake.world.drafts.set(row.conversation, draft);
  return draft;
}

/** Messages with a time in the fake engine. */
export const scheduled: Pick<Handlers, "scheduled" | "scheduled_time" | "scheduled_send" | "scheduled_edit" | "scheduled_cancel"> = {
  scheduled: (fake, args) => fake.world.scheduled.filter((row) => !args.conversation || row.conversation === args.conversation),
  scheduled_time: (fake, args) => {
    const row: ScheduledRow = { ...take(fake, args.id), at: args.at, state: "held" };
    set(fake, row.conversation, [...fake.world.scheduled, row]);
    return row;
  },
  scheduled_send: (fake, args) => {
    const row = take(fake, args.id);
    return put(fake, row.conversation, row.text, [], null, row.files);
  },
  scheduled_edit: (fake, args) => {
    const row = take(fake, args.id);
    return back(fake, row);
  },
  scheduled_cancel: (fake, args) => {
    const row = take(fake, args.id);
    if (row.state !== "sent_late") fake.emit({ event: "draft", draft: back(fake, row) });
    return { done: true };
  },
};
