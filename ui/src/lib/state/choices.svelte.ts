import type { ConversationChange } from "../bindings/ConversationChange";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { OneChange } from "../bindings/OneChange";
import type { PersonSet } from "../bindings/PersonSet";
import { visible } from "../hostile";
import { titled } from "../said";
import { t } from "../text";
import type { App } from "./app.svelte";
import type { Chosen } from "./selection.svelte";

/** What is asked about conversations before it is done. */
export interface Asking {
  what: "mute" | "snooze" | "assign" | "merge";
  rows: Chosen[];
}

/** Conversations changed with one call. */
const AT_ONCE = 500;

/** Any number of them, as many at a time as one call takes. */
export function inParts<T>(all: readonly T[], size = AT_ONCE): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));
}

/** For ever, as the engine says it. */
const FOREVER = "9999";

export function forever(until: string): boolean {
  return until.startsWith(FOREVER);
}

/** Whether something is muted now: the list is not told when the time is over. */
export function muted(row: Pick<Chosen, "muted_until">, now: number): boolean {
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

  ask(what: Asking["what"], rows: Chosen[]): void {
    if (rows.length > 0) this.asking = { what, rows };
  }

  /** Does the same with all of these; one undo for the whole. */
  async run(rows: Chosen[], change: ConversationChange, done: (title: string, n: number) => string): Promise<boolean> {
    const { whole, undo } = await this.#send(rows.map((row) => ({ conversation: row.id, change })));
    // What was so before was not done.
    const title = titled(rows.find((row) => row.id === undo[0]?.conversation)?.title ?? "");
    if (undo.length > 0) {
      this.app.toasts.show(done(title, undo.length), {
        action: { label: t.common.undo, run: () => void this.#send(undo) },
      });
    }
    return whole;
  }

  async archive(rows: Chosen[], on: boolean): Promise<void> {
    const done = await this.run(rows, { archive: { on } }, on ? t.choices.archived : t.choices.unarchived);
    if (done && on) this.#leave(rows);
  }

  read(rows: Chosen[]): Promise<boolean> {
    return this.run(rows, { read: {} }, t.choices.read);
  }

  async mark(rows: Chosen[]): Promise<void> {
    const done = await this.run(rows, { mark: { on: true } }, t.choices.marked);
    if (done) this.#leave(rows);
  }

  pin(rows: Chosen[], on: boolean): Promise<boolean> {
    return this.run(rows, { pin: { on } }, on ? t.choices.pinned : t.choices.unpinned);
  }

  /** All files of these, on all devices of the person. */
  keepFiles(rows: Chosen[], on: boolean): Promise<boolean> {
    return this.run(rows, { keep_files: { on } }, on ? t.keep.keptAll : t.keep.unkeptAll);
  }

  mute(rows: Chosen[], until: string | null): Promise<boolean> {
    return this.run(rows, { mute: { until } }, until === null ? t.choices.unmuted : t.choices.muted);
  }

  async snooze(rows: Chosen[], until: string | null): Promise<void> {
    const done = await this.run(rows, { snooze: { until } }, until === null ? t.choices.unsnoozed : t.choices.snoozed);
    if (done && until !== null) this.#leave(rows);
  }

  assign(rows: Chosen[], person: string | null, name: string): Promise<boolean> {
    const told = (title: string, n: number): string => (person === null ? t.choices.unassigned(title, n) : t.choices.assigned(title, n, name));
    return this.run(rows, { assign: { person } }, told);
  }

  async merge(row: Chosen, into: { id: string; title: string }): Promise<void> {
    // The list hears of it before the answer comes, and closes what is gone.
    const open = this.app.router.base.id === row.id;
    const changed = await this.app.attempt("conversation_merge", { conversation: row.id, into: into.id });
    if (!changed) return;
    this.app.list.put(changed);
    this.app.toasts.show(t.choices.merged(titled(row.title), titled(into.title)), {
      action: { label: t.common.undo, run: () => void this.separate(row.id) },
    });
    if (open) this.app.router.go("conversation", into.id);
  }

  /** Gives a conversation another subject; without one it goes by who is in it. */
  async rename(row: Pick<ConversationRow, "id" | "subject">, subject: string, undo = false): Promise<void> {
    if (subject === row.subject) return;
    const changed = await this.app.attempt("conversation_rename", { conversation: row.id, subject });
    if (!changed) return;
    this.app.list.put(changed);
    if (this.app.thread?.id === row.id) await this.app.thread.refreshDetail();
    if (undo) return;
    this.app.toasts.show(t.choices.renamed(visible(changed.title)), {
      action: { label: t.common.undo, run: () => void this.rename(changed, row.subject, true) },
    });
  }

  /** What somebody is called here, or whether they are heard; `back` is how it was. */
  async person(change: PersonSet, back: PersonSet, told: string): Promise<void> {
    await this.app.call("person_set", change);
    this.app.toasts.show(told, { action: { label: t.common.undo, run: () => void this.app.attempt("person_set", back) } });
  }

  block(person: string, name: string, blocked: boolean): Promise<void> {
    const set = (on: boolean): PersonSet => ({ person, blocked: on, name: null });
    return this.person(set(blocked), set(!blocked), blocked ? t.persons.blocked(name) : t.persons.unblocked(name));
  }

  /** Blocks who sent spam and puts it away; `file` keeps what was written. Answers how much was kept. */
  async reportSpam(conversation: string, person: string, file: string | null, told: (kept: number) => string): Promise<void> {
    const done = await this.app.call("spam_report", { conversation, person, file, words: t.persons.evidence });
    const undo = async (): Promise<void> => {
      if (await this.app.attempt("person_set", { person, blocked: false, name: null })) await this.#send(done.undo);
    };
    this.app.toasts.show(told(done.kept), { action: { label: t.common.undo, run: () => void undo() } });
  }

  /** Lets a merged conversation go its own way again. */
  async separate(id: string): Promise<void> {
    const row = await this.app.attempt("conversation_merge", { conversation: id, into: null });
    if (row) this.app.list.put(row);
  }

  /** Who put the open conversation out of sight goes on without it. */
  #leave(rows: Chosen[]): void {
    const { current } = this.app.router;
    if (rows.some((row) => row.id === current.id)) this.app.router.go("inbox");
  }

  /** Many are sent in parts, so that nothing else waits for all of them. What was done is answered with what takes it back. */
  async #send(changes: OneChange[]): Promise<{ whole: boolean; undo: OneChange[] }> {
    let undo: OneChange[] = [];
    for (const part of inParts(changes)) {
      const done = await this.app.attempt("conversations_change", { changes: part });
      if (!done) return { whole: false, undo };
      undo = [...done.undo, ...undo];
      this.app.list.putAll(done.rows);
      if (done.rows.some((row) => row.id === this.app.thread?.id)) void this.app.thread?.refreshDetail();
    }
    return { whole: true, undo };
  }
}
