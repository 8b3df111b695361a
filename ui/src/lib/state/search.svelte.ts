import { asCallError, type Backend, type CallError } from "../backend";
import type { SearchHit } from "../bindings/SearchHit";

const PAGE = 40;
const WAIT_MS = 80;

/** A search as it is typed: only the last question's answer is shown. */
export class SearchState {
  query = $state("");
  hits = $state.raw<SearchHit[]>([]);
  next = $state<string | null>(null);
  searched = $state(false);
  error = $state<CallError | null>(null);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly conversation: string | null,
  ) {}

  input(query: string): void {
    this.query = query;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), WAIT_MS);
  }

  async run(): Promise<void> {
    const turn = (this.#turn += 1);
    const query = this.query.trim();
    if (query === "") {
      this.hits = [];
      this.next = null;
      this.searched = false;
      this.error = null;
      return;
    }
    await this.#ask(turn, query, null);
  }

  async more(): Promise<void> {
    if (this.next) await this.#ask(this.#turn, this.query.trim(), this.next);
  }

  async #ask(turn: number, query: string, before: string | null): Promise<void> {
    try {
      const page = await this.backend.call("search", { query, conversation: this.conversation, before, limit: PAGE });
      if (turn !== this.#turn) return;
      this.hits = before ? [...this.hits, ...page.hits] : page.hits;
      this.next = page.next;
      this.searched = true;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCallError(thrown);
    }
  }
}
