import { asCallError, type CallError, type EngineEvent } from "../backend";
import type { Attachment } from "../bindings/Attachment";
import type { MessagePage } from "../bindings/MessagePage";
import type { MessageRow } from "../bindings/MessageRow";
import type { App } from "./app.svelte";

type Diff = Extract<EngineEvent, { event: "messages" }>;

/** A file and the message it came with, if it came with one. */
export interface Shared {
  file: Attachment;
  message: MessageRow | null;
}

/** Files as they were shared, oldest first. What somebody who is blocked sent is not among them. */
export function sharedIn(rows: MessageRow[]): Shared[] {
  return rows.flatMap((message) => (message.deleted || message.blocked ? [] : message.attachments.map((file) => ({ file, message }))));
}

/** The messages of one conversation that have files: a window over them that follows what the engine says. Made within
 * a component. */
export class SharedFiles {
  rows = $state.raw<MessageRow[]>([]);
  older = $state<string | null>(null);
  newer = $state<string | null>(null);
  loaded = $state(false);
  error = $state.raw<CallError | null>(null);
  #conversation = "";
  #asked = 0;

  constructor(
    private readonly app: App,
    private readonly page: number,
  ) {
    $effect(() => app.onMessages((event) => this.#apply(event)));
  }

  /** Shows the newest, or those around a message. */
  async open(conversation: string, around: string | null = null): Promise<void> {
    this.#conversation = conversation;
    await this.#fetch(around ? { around } : {}, (page) => {
      [this.rows, this.older, this.newer] = [page.rows, page.older, page.newer];
      this.loaded = true;
    });
  }

  async more(side: "older" | "newer"): Promise<void> {
    const from = this[side];
    if (!from) return;
    await this.#fetch(side === "older" ? { before: from } : { after: from }, (page) => {
      this.rows = side === "older" ? [...page.rows, ...this.rows] : [...this.rows, ...page.rows];
      this[side] = page[side];
    });
  }

  async #fetch(cursor: { around?: string; before?: string; after?: string }, take: (page: MessagePage) => void): Promise<void> {
    const mine = (this.#asked += 1);
    try {
      const page = await this.app.call("conversation_files", { conversation: this.#conversation, limit: this.page, ...cursor });
      if (mine !== this.#asked) return;
      take(page);
      this.error = null;
    } catch (thrown) {
      if (mine === this.#asked) this.error = asCallError(thrown);
    }
  }

  #apply(event: Diff): void {
    if (event.conversation !== this.#conversation || !this.loaded) return;
    const changed = new Set([...event.remove, ...event.upsert.map((row) => row.id)]);
    const known = new Set(this.rows.map((row) => row.id));
    const first = this.rows[0]?.order ?? "";
    const last = this.rows.at(-1)?.order ?? "";
    const seen = (row: MessageRow): boolean => known.has(row.id) || ((this.older === null || row.order > first) && (this.newer === null || row.order < last));
    const come = event.upsert.filter((row) => row.attachments.length > 0 && seen(row));
    if (come.length === 0 && !this.rows.some((row) => changed.has(row.id))) return;
    this.rows = [...this.rows.filter((row) => !changed.has(row.id)), ...come].sort((a, b) => (a.order < b.order ? -1 : 1));
  }
}
