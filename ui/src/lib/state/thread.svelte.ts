import { tick } from "svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import { asCallError, type Backend, type CallError, type EngineEvent } from "../backend";
import type { ConversationDetail } from "../bindings/ConversationDetail";
import type { MessagePage } from "../bindings/MessagePage";
import type { MessageRow } from "../bindings/MessageRow";
import type { Translated } from "../translate";
import type { Anchor } from "./place.svelte";

type Diff = Extract<EngineEvent, { event: "messages" }>;

const PAGE = 100;

function byOrder(a: MessageRow, b: MessageRow): number {
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

/** One conversation's messages: a window over its history, kept current by row diffs. */
export class Thread {
  /** What is asked about it: other words above it, or whether to go or to delete it. */
  question = $state<"rename" | "leave" | "delete" | null>(null);
  detail = $state.raw<ConversationDetail | null>(null);
  rows = $state.raw<MessageRow[]>([]);
  older = $state<string | null>(null);
  newer = $state<string | null>(null);
  loading = $state(false);
  loaded = $state(false);
  error = $state<CallError | null>(null);
  /** The first message that was unread when the conversation was opened; the divider stands before it. */
  divider = $state<string | null>(null);
  /** A message to bring into view. */
  target = $state<{ id: string; flash: boolean; stay?: boolean } | null>(null);
  /** True for the render in which rows were put in front: the list then holds its place from the end. */
  prepended = $state(false);
  /** Messages that are chosen to do something with all of them. */
  readonly selected = new SvelteSet<string>();
  /** What was made of messages by a translation service: here only, and gone with the conversation. */
  readonly translations = new SvelteMap<string, Translated>();
  /** The message whose answers are shown beside. */
  answers = $state<string | null>(null);
  typing = $state<{ person: string; name: string; until: number } | null>(null);
  /** A colleague who answers the same client. */
  replying = $state<{ person: string; name: string; until: number } | null>(null);
  /** What a colleague answered while something is being written here; and whether somebody is asked about it. */
  meanwhile = $state.raw<MessageRow | null>(null);
  asking = $state(false);
  /** What is written is a remark for the team. */
  commenting = $state(false);
  /** Where the reader is while the conversation is open; null at its end. */
  anchor = $state.raw<Anchor | null>(null);
  #revision = 0;
  #generation = 0;
  /** What the first load is to bring into view. */
  #goal: string | null = null;
  /** Changes heard while a page was on its way: the page may be older than they are. */
  #heard: Diff[] = [];
  #reported = new Set<string>();

  constructor(
    private readonly backend: Backend,
    readonly id: string,
  ) {}

  /** Who else is here: a client who was invited finds what was written before they came. */
  get company(): "others" | "expected" | "nobody" {
    const row = this.detail?.row;
    if (!row || row.participants.length > 1) return "others";
    return row.space_kind === "client" ? "expected" : "nobody";
  }

  get atEnd(): boolean {
    return this.newer === null;
  }

  /** Loads what a person who opens the conversation wants to see: the target, the first unread, or the end. */
  async open(target: string | null): Promise<void> {
    const generation = (this.#generation += 1);
    this.#goal = target;
    this.loading = true;
    this.error = null;
    try {
      const [detail, newest] = await Promise.all([
        this.backend.call("conversation", { conversation: this.id }),
        target ? null : this.backend.call("messages", { conversation: this.id, limit: PAGE, unread: false }),
      ]);
      if (generation !== this.#generation) return;
      this.detail = detail;
      const goal = target ?? detail.first_unread;
      let page = newest;
      if (goal && !page?.rows.some((row) => row.id === goal)) {
        page = await this.backend.call("messages", {
          conversation: this.id,
          limit: PAGE,
          unread: false,
          around: goal,
        });
        if (generation !== this.#generation) return;
      }
      if (page) {
        this.#replace(page);
        this.#catchUp(page);
      }
      this.divider = detail.first_unread;
      this.target = goal ? { id: goal, flash: target !== null } : null;
      this.loaded = true;
    } catch (thrown) {
      if (generation === this.#generation) this.error = asCallError(thrown);
    } finally {
      if (generation === this.#generation) this.loading = false;
    }
  }

  /** Shown again from the cache: instant, with the divider where it belongs now. */
  async revisit(target: string | null): Promise<void> {
    if (!this.loaded || this.error) return this.open(target);
    const first = this.rows.find((row) => row.unread)?.id ?? null;
    this.anchor = null;
    this.divider = first;
    if (target) await this.reveal(target);
    else if (first) this.target = { id: first, flash: false };
    void this.refreshDetail();
  }

  async refreshDetail(): Promise<void> {
    try {
      this.detail = await this.backend.call("conversation", { conversation: this.id });
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  /** Brings a message into view, and the focus to it; `stay`: that goes on where it is. */
  async reveal(message: string, stay = false): Promise<void> {
    if (!this.loaded) return this.open(message);
    if (this.rows.some((row) => row.id === message)) {
      this.target = { id: message, flash: true, stay };
      return;
    }
    await this.#fetch({ around: message }, (page) => {
      this.#replace(page);
      this.target = { id: message, flash: true, stay };
    });
  }

  async latest(): Promise<void> {
    if (!this.loaded) return;
    await this.#fetch({}, (page) => this.#replace(page));
  }

  /** `tell` is called before rows come in front of those that are shown, and once they are drawn. */
  async loadOlder(tell?: () => void): Promise<void> {
    if (!this.older || this.loading) return;
    await this.#fetch({ before: this.older }, (page) => {
      tell?.();
      this.prepended = true;
      this.rows = merge(this.rows, page.rows);
      this.older = page.older;
      void tick().then(tell);
    });
  }

  async loadNewer(): Promise<void> {
    if (!this.newer || this.loading) return;
    await this.#fetch({ after: this.newer }, (page) => {
      this.prepended = false;
      this.rows = merge(this.rows, page.rows);
      this.newer = page.newer;
    });
  }

  /** A change from the engine. Gaps between changes are noticed where all of them pass. */
  apply(diff: Diff, watched = true): void {
    if (this.loading) this.#heard.push(diff);
    if (!this.loaded || diff.revision <= this.#revision) return;
    const caughtUp = !this.rows.some((row) => row.unread);
    const { typing } = this;
    if (typing && diff.upsert.some((row) => row.author === typing.person && !this.rows.some((known) => known.id === row.id))) this.typing = null;
    const answer = diff.upsert.findLast((row) => row.colleague && !row.internal && !row.deleted && !this.rows.some((known) => known.id === row.id));
    if (answer) {
      this.meanwhile = answer;
      this.replying = null;
    }
    this.#merge(diff);
    // Nobody is looking: the divider stands where they will go on reading.
    if (caughtUp && !watched) this.divider = this.rows.find((row) => row.unread)?.id ?? this.divider;
  }

  /** Changes were missed: the page that is shown is asked for again. */
  async reload(): Promise<void> {
    if (!this.loaded) return this.open(this.#goal);
    const middle = this.rows[Math.floor(this.rows.length / 2)]?.id;
    const take = (page: MessagePage): void => this.#replace(page);
    await this.#fetch(this.atEnd || !middle ? {} : { around: middle }, take);
    if (this.error?.code === "not_found") {
      this.error = null;
      await this.#fetch({}, take);
    }
  }

  /** Tells the engine what was on a focused screen, each message once. */
  shown(ids: string[]): void {
    const fresh = ids.filter((id) => !this.#reported.has(id));
    if (fresh.length === 0) return;
    for (const id of fresh) this.#reported.add(id);
    this.backend.call("shown", { conversation: this.id, messages: fresh }).catch(() => {
      for (const id of fresh) this.#reported.delete(id);
    });
  }

  toggle(message: string): void {
    if (!this.selected.delete(message)) this.selected.add(message);
  }

  deselect(): void {
    this.selected.clear();
  }

  /** Marked unread by hand: looking at it counts anew only after it was left. */
  forgetShown(): void {
    this.#reported.clear();
  }

  #replace(page: MessagePage): void {
    this.prepended = false;
    this.rows = [...page.rows].sort(byOrder);
    this.older = page.older;
    this.newer = page.newer;
    this.#revision = page.revision;
  }

  #merge(diff: Diff): void {
    this.#revision = diff.revision;
    this.prepended = false;
    for (const id of diff.remove) this.selected.delete(id);
    const changed = new Set([...diff.remove, ...diff.upsert.map((row) => row.id)]);
    const first = this.rows[0];
    const last = this.rows.at(-1);
    const known = new Set(this.rows.map((row) => row.id));
    const kept = this.rows.filter((row) => !changed.has(row.id));
    for (const row of diff.upsert) {
      const before = this.older !== null && first !== undefined && byOrder(row, first) < 0;
      const after = this.newer !== null && last !== undefined && byOrder(row, last) > 0;
      if (known.has(row.id) || !(before || after)) kept.push(row);
    }
    this.rows = kept.sort(byOrder);
  }

  #catchUp(page: MessagePage): void {
    const heard = this.#heard.filter((diff) => diff.revision > page.revision);
    this.#heard = [];
    // The page's rows are still in front when changes of other rows come with them.
    const { prepended } = this;
    for (const diff of heard) this.#merge(diff);
    this.prepended = prepended;
  }

  /** What replaces the rows makes every page that is on its way void: it continues what is shown no more. */
  async #fetch(
    cursor: { before?: string; after?: string; around?: string },
    take: (page: MessagePage) => void,
  ): Promise<void> {
    const continues = cursor.before !== undefined || cursor.after !== undefined;
    const generation = continues ? this.#generation : (this.#generation += 1);
    this.loading = true;
    try {
      const page = await this.backend.call("messages", {
        conversation: this.id,
        limit: PAGE,
        unread: false,
        ...cursor,
      });
      if (generation !== this.#generation) return;
      take(page);
      this.#catchUp(page);
    } catch (thrown) {
      if (generation === this.#generation) this.error = asCallError(thrown);
    } finally {
      if (generation === this.#generation) this.loading = false;
    }
  }
}

/** A page as a rule lies before or behind what is here; what came meanwhile may be in both. */
function merge(rows: MessageRow[], page: MessageRow[]): MessageRow[] {
  const fresh = [...page].sort(byOrder);
  const before = (a: MessageRow | undefined, b: MessageRow | undefined): boolean => !a || !b || byOrder(a, b) < 0;
  if (before(fresh.at(-1), rows[0])) return [...fresh, ...rows];
  if (before(rows.at(-1), fresh[0])) return [...rows, ...fresh];
  const all = new Map([...rows, ...fresh].map((row) => [row.id, row]));
  return [...all.values()].sort(byOrder);
}
