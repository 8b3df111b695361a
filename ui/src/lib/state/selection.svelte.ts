import type { ConversationRow } from "../bindings/ConversationRow";

/** Which conversations of the list are chosen, to do something with all of them at once. */
export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** Where a range begins. */
  #anchor: string | null = null;

  constructor(private readonly shown: () => ConversationRow[]) {}

  /** Chosen conversations that are still in the list, in its order. */
  get rows(): ConversationRow[] {
    return this.shown().filter((row) => this.ids.has(row.id));
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  toggle(id: string): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.ids = ids;
    this.#anchor = id;
  }

  /** Everything from where the range began (`from`, if it begins now) up to here. */
  extend(to: string, from: string | null): void {
    const rows = this.shown();
    const place = (id: string | null): number => rows.findIndex((row) => row.id === id);
    if (place(this.#anchor) < 0) this.#anchor = place(from) < 0 ? to : from;
    const [a, b] = [place(this.#anchor), place(to)];
    const range = rows.slice(Math.min(a, b), Math.max(a, b) + 1);
    this.ids = new Set(range.map((row) => row.id));
  }

  all(): void {
    this.ids = new Set(this.shown().map((row) => row.id));
  }

  clear(): void {
    this.ids = new Set();
    this.#anchor = null;
  }
}
