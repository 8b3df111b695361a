import type { QuickReply } from "../bindings/QuickReply";
import { listKey } from "../choose";
import { letterDay } from "../format";
import { rank } from "../fuzzy";
import { folded } from "../help";
import { slashAt, type Slash } from "../quick";
import { t } from "../text";
import type { App } from "./app.svelte";
import type { DraftEditor } from "./draft.svelte";

const SHOWN = 8;

/** What a category is called; a later version's by its name. */
export function categoryName(name: string): string {
  return t.quick.category[name] ?? name;
}

/** Those with all of these words in what they are called or say. */
export function saying(query: string, all: QuickReply[]): QuickReply[] {
  const words = folded(query).split(/\s+/u).filter(Boolean);
  return all.filter((one) => {
    const text = folded(`${one.title} ${one.body}`);
    return words.every((word) => text.includes(word));
  });
}

/** The quick replies that `/` offers in a message field. */
export class QuickPicker {
  /** Where the `/` stands, while it asks. */
  slash = $state.raw<Slash | null>(null);
  chosen = $state(0);
  category = $state<string | null>(null);
  #all = $state.raw<QuickReply[]>([]);
  #asked = -1;

  constructor(
    private readonly app: App,
    private readonly editor: DraftEditor,
  ) {}

  /** Whether there is none at all that could be offered here. */
  get none(): boolean {
    return this.#all.length === 0;
  }

  get categories(): string[] {
    return [...new Set(this.#all.map((one) => one.category))];
  }

  get hits(): QuickReply[] {
    if (!this.slash) return [];
    const all = this.#all.filter((one) => this.category === null || one.category === this.category);
    const { query } = this.slash;
    const called = rank(query, all, (one) => `${one.title} ${categoryName(one.category)}`);
    return [...called, ...saying(query, all).filter((one) => !called.includes(one))].slice(0, SHOWN);
  }

  get open(): boolean {
    return this.slash !== null && (this.#all.length > 0 || (this.#asked >= 0 && this.slash.query === ""));
  }

  /** The text or the caret changed. */
  look(text: string, caret: number): void {
    const slash = slashAt(text, caret);
    if (slash?.query !== this.slash?.query) this.chosen = 0;
    if (slash && !this.slash) {
      this.category = null;
      void this.#load();
    }
    this.slash = slash;
  }

  close(): void {
    this.slash = null;
  }

  /** Whether the press was for the list. */
  keydown(event: KeyboardEvent): QuickReply | boolean {
    if (!this.open) return false;
    const { hits } = this;
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      this.#step(event.key === "ArrowRight" ? 1 : -1);
      return true;
    }
    const what = listKey(event, this.chosen, hits.length);
    if (what === null) return false;
    if (what === "take") return hits[this.chosen] ?? false;
    if (what === "close") this.close();
    else this.chosen = what;
    return true;
  }

  /** The words of a quick reply, filled in for this conversation; null if they can't be had. */
  async words(one: QuickReply): Promise<string | null> {
    const args = { id: one.id, conversation: this.editor.conversation, today: letterDay(new Date()) };
    return (await this.app.attempt("quick_fill", args))?.text ?? null;
  }

  #step(by: 1 | -1): void {
    const all = [null, ...this.categories];
    this.category = all[(all.indexOf(this.category) + by + all.length) % all.length] ?? null;
    this.chosen = 0;
  }

  async #load(): Promise<void> {
    if (this.#asked === this.app.quickRevision) return;
    const revision = this.app.quickRevision;
    const all = await this.app.attempt("quick_replies", { conversation: this.editor.conversation, inactive: false });
    if (!all) return;
    this.#all = all;
    this.#asked = revision;
  }
}
