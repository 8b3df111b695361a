import type { ConversationMark } from "../bindings/ConversationMark";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { Filter } from "../bindings/Filter";
import { matches, type ConversationList } from "./conversations.svelte";

/** A conversation as far as what is done with many asks of it: its row says more, and may not be here. */
export type Chosen = ConversationMark;

/** Which conversations of the list are chosen, to do something with all of them at once. */
export class Selection {
  #chosen = $state.raw<ReadonlyMap<string, Chosen>>(new Map());
  /** Where a range begins: the key of a line. */
  #anchor: string | null = null;
  #asked = 0;

  constructor(
    private readonly list: ConversationList,
    private readonly ask: (filter: Filter) => Promise<ConversationMark[] | null>,
  ) {}

  get size(): number {
    return this.#chosen.size;
  }

  get rows(): Chosen[] {
    return [...this.#chosen.values()];
  }

  has(id: string): boolean {
    return this.#chosen.has(id);
  }

  toggle(row: Chosen, line: string): void {
    const chosen = new Map(this.#chosen);
    if (!chosen.delete(row.id)) chosen.set(row.id, row);
    this.#set(chosen);
    this.#anchor = line;
  }

  /** Everything from where the range began (`from`, if it begins now) up to here. */
  async extend(to: string, from: string | null): Promise<void> {
    const { lines } = this.list;
    const place = (key: string | null): number => lines.findIndex((line) => line.key === key);
    if (place(this.#anchor) < 0) this.#anchor = place(from) < 0 ? to : from;
    const [a, b] = [place(this.#anchor), place(to)];
    const ids = lines.slice(Math.min(a, b), Math.max(a, b) + 1).flatMap((line) => ("id" in line ? [line.id] : []));
    const mine = (this.#asked += 1);
    await this.list.want(ids);
    if (mine !== this.#asked) return;
    const rows = ids.map((id) => this.list.find(id)).filter((row): row is ConversationRow => row !== undefined);
    this.#set(new Map(rows.map((row) => [row.id, row])));
  }

  /** All of the list, however much of it is here. */
  async all(): Promise<void> {
    const { filter } = this.list;
    const mine = (this.#asked += 1);
    const marks = await this.ask(filter);
    if (!marks || mine !== this.#asked || filter !== this.list.filter) return;
    this.#set(new Map(marks.filter((one) => !this.list.isHidden(one.id)).map((one) => [one.id, one])));
  }

  clear(): void {
    this.#set(new Map());
    this.#anchor = null;
  }

  /** What is chosen follows what happens to it, and goes with what leaves the list. */
  apply(upsert: readonly ConversationRow[], remove: readonly string[]): void {
    if (this.#chosen.size === 0) return;
    const chosen = new Map(this.#chosen);
    for (const id of remove) chosen.delete(id);
    for (const row of upsert) {
      if (!chosen.has(row.id)) continue;
      if (matches(this.list.filter, row)) chosen.set(row.id, row);
      else chosen.delete(row.id);
    }
    this.#chosen = chosen;
  }

  /** Changes were missed: what is left of it is asked for again. */
  async renew(): Promise<void> {
    if (this.#chosen.size === 0) return;
    const mine = (this.#asked += 1);
    const marks = await this.ask(this.list.filter);
    if (marks && mine === this.#asked) this.#set(new Map(marks.filter((one) => this.has(one.id)).map((one) => [one.id, one])));
  }

  #set(chosen: ReadonlyMap<string, Chosen>): void {
    this.#asked += 1;
    this.#chosen = chosen;
  }
}
