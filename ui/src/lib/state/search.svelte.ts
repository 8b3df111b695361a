import { asCallError, type Backend, type CallError } from "../backend";
import type { Completion } from "../bindings/Completion";
import type { FoundConversation } from "../bindings/FoundConversation";
import type { FoundPerson } from "../bindings/FoundPerson";
import type { FoundRecord } from "../bindings/FoundRecord";
import type { SearchChip } from "../bindings/SearchChip";
import type { SearchHit } from "../bindings/SearchHit";
import type { SearchOrder } from "../bindings/SearchOrder";
import type { SearchPage } from "../bindings/SearchPage";

const PAGE = 40;
const WAIT_MS = 80;
/** A query that stays so long was meant. */
const MEANT_MS = 3_000;

/** What of a message is marked where it stands. */
export interface Marks {
  conversation: string;
  message: string;
  words: string[];
}

/** The words of a hit as they stand in its message. */
export function marksOf(hit: SearchHit): Marks {
  const words = hit.snippet.filter((part) => part.hit).map((part) => part.text);
  return { conversation: hit.conversation, message: hit.message, words: [...new Set(words)] };
}

/** A search as it is typed: only the last question's answer is shown. */
export class SearchState {
  query = $state("");
  order = $state<SearchOrder>("newest");
  hits = $state.raw<SearchHit[]>([]);
  conversations = $state.raw<FoundConversation[]>([]);
  people = $state.raw<FoundPerson[]>([]);
  records = $state.raw<FoundRecord[]>([]);
  chips = $state.raw<SearchChip[]>([]);
  completions = $state.raw<Completion[]>([]);
  recent = $state.raw<string[]>([]);
  next = $state<string | null>(null);
  searched = $state(false);
  error = $state<CallError | null>(null);
  /** The hit somebody went to last. */
  at = $state<number | null>(null);
  #turn = 0;
  /** The page that was asked for last. */
  #further: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #meant: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly conversation: string | null,
  ) {}

  /** Somebody types: asked when they pause. */
  input(query: string): void {
    this.query = query;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.run();
      void this.#complete(query);
    }, WAIT_MS);
  }

  /** The query is another one at once: a filter was taken away, a completion taken. */
  set(query: string): void {
    this.query = query;
    this.completions = [];
    void this.run();
    // A key that waits for its value offers them.
    if (/:\S*$/u.test(query)) void this.#complete(query);
  }

  reorder(order: SearchOrder): void {
    this.order = order;
    void this.run();
  }

  without(chip: SearchChip): void {
    const at = this.query.indexOf(chip.text);
    if (at >= 0) this.set(`${this.query.slice(0, at)}${this.query.slice(at + chip.text.length)}`.replace(/\s{2,}/gu, " ").trimStart());
  }

  async run(): Promise<void> {
    const turn = (this.#turn += 1);
    this.#further = null;
    this.at = null;
    if (this.#meant) clearTimeout(this.#meant);
    if (this.query.trim() === "") {
      Object.assign(this, { hits: [], conversations: [], people: [], records: [], chips: [], next: null, searched: false, error: null });
      await this.#remember({});
      return;
    }
    // Every letter is asked for as typed: a space behind a word says that it is whole.
    await this.#ask(turn, this.query.trimStart(), null);
    const query = this.query;
    this.#meant = setTimeout(() => void this.keep(query), MEANT_MS);
  }

  async more(): Promise<void> {
    if (!this.next || this.#further === this.next) return;
    this.#further = this.next;
    await this.#ask(this.#turn, this.query.trimStart(), this.next);
  }

  /** Somebody went to a hit, or stayed with the query: it is remembered. */
  async keep(query = this.query): Promise<void> {
    if (query.trim() !== "" && this.hits.length > 0) await this.#remember({ keep: query });
  }

  async forget(query: string | null): Promise<void> {
    await this.#remember(query === null ? { clear: true } : { forget: query });
  }

  async #remember(args: { keep?: string; forget?: string; clear?: boolean }): Promise<void> {
    try {
      this.recent = await this.backend.call("recent_searches", { clear: false, ...args });
    } catch {
      // They are a convenience: without them the search is what it was.
    }
  }

  async #complete(query: string): Promise<void> {
    try {
      const completions = await this.backend.call("search_complete", { query });
      if (query === this.query) this.completions = completions;
    } catch {
      this.completions = [];
    }
  }

  async #ask(turn: number, query: string, before: string | null): Promise<void> {
    try {
      const page = await this.backend.call("search", { query, conversation: this.conversation, order: this.order, before, limit: PAGE });
      if (turn === this.#turn) this.#take(page, before !== null);
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCallError(thrown);
    }
  }

  #take(page: SearchPage, further: boolean): void {
    this.hits = further ? [...this.hits, ...page.hits] : page.hits;
    this.next = page.next;
    if (!further) {
      this.conversations = page.conversations;
      this.people = page.people;
      this.records = page.records;
      this.chips = page.chips;
    }
    this.searched = true;
    this.error = null;
    // A page may hold less than it looked at.
    if (page.hits.length === 0 && page.next) void this.more();
  }
}
