import type { ConversationChange } from "../bindings/ConversationChange";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { OneChange } from "../bindings/OneChange";
import { t } from "../text";
import type { App } from "./app.svelte";

/** What is asked about conversations before it is done. */
export interface Asking {
  what: "mute" | "snooze" | "assign" | "merge";
  rows: ConversationRow[];
}

/** For ever, as the engine says it. */
const FOREVER = "9999";

export function forever(until: string): boolean {
  return until.startsWith(FOREVER);
}

/** Whether something is muted now: the list is not told when the time is over. */
export function muted(row: ConversationRow, now: number): boolean {
  return row.muted_until !== null && Date.parse(row.muted_until) > now;
}

/** Whether a conversation has come back from its snooze, and nothing was written since. */
export function returned(row: ConversationRow): boolean {
  return !row.snoozed && row.snoozed_until !== null && row.snoozed_until > row.last_at;
}

/** What a person chooses for conversations, one or many: done at once, told in a toast, and taken back with it. */
export class Choices {
  asking = $state.raw<Asking | null>(null);

  constructor(private readonly app: App) {}

  ask(what: Asking["what"], rows: ConversationRow[]): void {
    if (rows.length > 0) this.asking = { what, rows };
  }

  /** Does the same with all of these; one undo for the whole. */
  async run(rows: ConversationRow[], change: ConversationChange, done: (title: string, n: number) => string): Promise<boolean> {
    const changes = rows.map((row) => ({ conversation: row.id, change }));
    const undo = await this.#send(changes);
    if (!undo) return false;
    if (undo.length > 0) {
      this.app.toasts.show(done(rows[0]?.title ?? "", rows.length), {
        action: { label: t.common.undo, run: () => void this.#send(undo) },
      });
    }
    return true;
  }

  async archive(rows: ConversationRow[], on: boolean): Promise<void> {
    const done = await this.run(rows, { archive: { on } }, on ? t.choices.archived : t.choices.unarchived);
    if (done && on) this.#leave(rows);
  }

  read(rows: ConversationRow[]): Promise<boolean> {
    return this.run(rows, { read: {} }, t.choices.read);
  }

  async mark(rows: ConversationRow[]): Promise<void> {
    const done = await this.run(rows, { mark: { on: true } }, t.choices.marked);
    if (done) this.#leave(rows);
  }

  pin(rows: ConversationRow[], on: boolean): Promise<boolean> {
    return this.run(rows, { pin: { on } }, on ? t.choices.pinned : t.choices.unpinned);
  }

  /** All files of these, on all devices of the person. */
  keepFiles(rows: ConversationRow[], on: boolean): Promise<boolean> {
    return this.run(rows, { keep_files: { on } }, on ? t.keep.keptAll : t.keep.unkeptAll);
  }

  mute(rows: ConversationRow[], until: string | null): Promise<boolean> {
    return this.run(rows, { mute: { until } }, until === null ? t.choices.unmuted : t.choices.muted);
  }

  async snooze(rows: ConversationRow[], until: string | null): Promise<void> {
    const done = await this.run(rows, { snooze: { until } }, until === null ? t.choices.unsnoozed : t.choices.snoozed);
    if (done && until !== null) this.#leave(rows);
  }

  assign(rows: ConversationRow[], person: string | null, name: string): Promise<boolean> {
    const told = (title: string, n: number): string => (person === null ? t.choices.unassigned(title, n) : t.choices.assigned(title, n, name));
    return this.run(rows, { assign: { person } }, told);
  }

  async merge(row: ConversationRow, into: { id: string; title: string }): Promise<void> {
    // The list hears of it before the answer comes, and closes what is gone.
    const open = this.app.router.base.id === row.id;
    const changed = await this.app.attempt("conversation_merge", { conversation: row.id, into: into.id });
    if (!changed) return;
    this.app.list.put(changed);
    this.app.toasts.show(t.choices.merged(row.title, into.title), {
      action: { label: t.common.undo, run: () => void this.separate(row.id) },
    });
    if (open) this.app.router.go("conversation", into.id);
  }

  /** Lets a merged conversation go its own way again. */
  async separate(id: string): Promise<void> {
    const row = await this.app.attempt("conversation_merge", { conversation: id, into: null });
    if (row) this.app.list.put(row);
  }

  /** Who put the open conversation out of sight goes on without it. */
  #leave(rows: ConversationRow[]): void {
    const { current } = this.app.router;
    if (rows.some((row) => row.id === current.id)) this.app.router.go("inbox");
  }

  async #send(changes: OneChange[]): Promise<OneChange[] | null> {
    const done = await this.app.attempt("conversations_change", { changes });
    if (!done) return null;
    for (const row of done.rows) {
      this.app.list.put(row);
      if (this.app.thread?.id === row.id) void this.app.thread.refreshDetail();
    }
    return done.undo;
  }
}
