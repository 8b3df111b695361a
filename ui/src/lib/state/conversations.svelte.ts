import { asCallError, type Backend, type CallError, type EngineEvent } from "../backend";
import type { ConversationPage } from "../bindings/ConversationPage";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { Filter } from "../bindings/Filter";
import { lines, type Grouping, type Line } from "./groups";

type Diff = Extract<EngineEvent, { event: "conversations" }>;

const PAGE = 100;

export function matches(filter: Filter, row: ConversationRow): boolean {
  if (row.blocked) return filter === "blocked";
  const active = !row.archived && !row.snoozed;
  switch (filter) {
    case "all":
      return true;
    case "active":
      return active;
    case "unread":
      return active && (row.unread > 0 || row.marked_unread);
    case "archived":
      return row.archived;
    case "mentions":
      return row.named;
    case "snoozed":
      return row.snoozed;
    case "drafts":
      return row.has_draft;
    case "mine":
      return row.assignee?.me ?? false;
    case "unassigned":
      return active && row.staffed && row.assignee === null;
    case "blocked":
      return false;
  }
}

/** As the engine sorts: what comes back first, first; else the last in order. */
function sorted(filter: Filter): (a: ConversationRow, b: ConversationRow) => number {
  const key = (row: ConversationRow): string => (filter === "snoozed" ? (row.snoozed_until ?? "") : row.order);
  const first = filter === "snoozed" ? -1 : 1;
  return (a, b) => (key(a) < key(b) ? first : key(a) > key(b) ? -first : 0);
}

/** A list's filter and groups, remembered on this computer. */
const KEY = "homing.list";
const FILTERS: readonly Filter[] = ["all", "active", "unread", "archived", "mentions", "snoozed", "drafts", "mine", "unassigned", "blocked"];

const GROUPS: readonly Grouping[] = ["none", "client", "record"];

function remembered(): { filter: Filter; group: Grouping } {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as { filter?: Filter; group?: Grouping };
    const filter = FILTERS.find((one) => one === kept.filter) ?? "active";
    return { filter, group: GROUPS.find((one) => one === kept.group) ?? "none" };
  } catch {
    return { filter: "active", group: "none" };
  }
}

/** The conversation list: pages from the engine, kept current by row diffs. */
export class ConversationList {
  filter = $state<Filter>(remembered().filter);
  group = $state<Grouping>(remembered().group);
  rows = $state.raw<ConversationRow[]>([]);
  next = $state<string | null>(null);
  loading = $state(false);
  loaded = $state(false);
  error = $state<CallError | null>(null);
  #staffed = $derived(this.rows.some((row) => row.staffed));
  /** Made once for each change: every row on the screen asks, and there may be ten thousand. */
  #lines = $derived(lines(this.rows, this.group));
  #byId = $derived(new Map(this.rows.map((row) => [row.id, row])));
  #revision = 0;
  #generation = 0;
  /** Changes heard while a page was on its way: the page may be older than they are. */
  #heard: Diff[] = [];
  #hidden = new Set<string>();
  /** The open conversation stays where it is, although reading it takes it out of "unread". */
  #kept: string | null = null;

  constructor(private readonly backend: Backend) {}

  /** Another profile is behind the window: nothing of the one before may stay, nor what was heard of it. */
  reset(): void {
    this.#generation += 1;
    this.rows = [];
    this.next = null;
    this.loaded = false;
    this.loading = false;
    this.error = null;
    this.#revision = 0;
    this.#heard = [];
    this.#hidden.clear();
    this.#kept = null;
  }

  /** The last change that is in these rows. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether somebody works with clients here: their conversations can be assigned. */
  get staffed(): boolean {
    return this.#staffed || this.filter === "mine" || this.filter === "unassigned";
  }

  /** The lines the list shows. */
  get lines(): Line[] {
    return this.#lines;
  }

  /** Conversations in the order they are shown in. */
  get shown(): ConversationRow[] {
    return this.group === "none" ? this.rows : this.lines.flatMap((line) => ("row" in line ? [line.row] : []));
  }

  /** Shows another list, from now on. */
  choose(filter: Filter, group: Grouping = this.group): void {
    this.group = group;
    localStorage.setItem(KEY, JSON.stringify({ filter, group }));
    void this.load(filter);
  }

  /** The first page of a list, to be handed to `load`. */
  ask(filter: Filter): Promise<ConversationPage> {
    return this.backend.call("conversations", { filter, limit: PAGE });
  }

  async load(filter: Filter = this.filter, asked?: Promise<ConversationPage>): Promise<void> {
    const generation = (this.#generation += 1);
    if (filter !== this.filter) {
      this.filter = filter;
      this.rows = [];
      this.loaded = false;
    }
    this.loading = true;
    try {
      const page = await (asked ?? this.ask(filter));
      if (generation !== this.#generation) return;
      this.rows = page.rows.filter((row) => !this.#hidden.has(row.id));
      this.next = page.next;
      this.#revision = page.revision;
      this.error = null;
      this.loaded = true;
      this.#catchUp();
    } catch (thrown) {
      if (generation === this.#generation) this.error = asCallError(thrown);
    } finally {
      if (generation === this.#generation) this.loading = false;
    }
  }

  async more(): Promise<void> {
    if (!this.next || this.loading) return;
    const generation = this.#generation;
    this.loading = true;
    try {
      const page = await this.backend.call("conversations", { filter: this.filter, limit: PAGE, after: this.next });
      if (generation !== this.#generation) return;
      const known = new Set(this.rows.map((row) => row.id));
      this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.id) && !this.#hidden.has(row.id))];
      this.next = page.next;
      this.#revision = Math.min(this.#revision, page.revision);
      this.#catchUp();
    } catch (thrown) {
      if (generation === this.#generation) this.error = asCallError(thrown);
    } finally {
      if (generation === this.#generation) this.loading = false;
    }
  }

  /** A change from the engine. Gaps between changes are noticed where all of them pass. */
  apply(diff: Diff): void {
    if (this.loading) this.#heard.push(diff);
    if (!this.loaded || diff.revision <= this.#revision) return;
    this.#revision = diff.revision;
    this.#merge(diff.upsert, diff.remove);
  }

  /** A row that a call answered. */
  put(row: ConversationRow): void {
    this.#merge([row], []);
  }

  keep(id: string | null): void {
    const before = this.#kept;
    this.#kept = id;
    if (before && before !== id && this.filter === "unread") {
      this.rows = this.rows.filter((row) => row.id !== before || matches(this.filter, row));
    }
  }

  hide(id: string, hidden: boolean): void {
    if (hidden) {
      this.#hidden.add(id);
      this.rows = this.rows.filter((row) => row.id !== id);
    } else if (this.#hidden.delete(id)) {
      void this.load();
    }
  }

  find(id: string): ConversationRow | undefined {
    return this.#byId.get(id);
  }

  neighbour(id: string | null, step: 1 | -1): ConversationRow | undefined {
    const rows = this.shown;
    const at = rows.findIndex((row) => row.id === id);
    return at < 0 ? rows.at(step === 1 ? 0 : -1) : rows[at + step];
  }

  #catchUp(): void {
    const heard = this.#heard;
    this.#heard = [];
    for (const diff of heard) {
      if (diff.revision <= this.#revision) continue;
      this.#revision = diff.revision;
      this.#merge(diff.upsert, diff.remove);
    }
  }

  #merge(upsert: ConversationRow[], remove: string[]): void {
    const changed = new Set([...remove, ...upsert.map((row) => row.id)]);
    const rows = this.rows.filter((row) => !changed.has(row.id));
    const last = this.rows.at(-1);
    const inOrder = sorted(this.filter);
    for (const row of upsert) {
      if (this.#hidden.has(row.id)) continue;
      const stays = row.id === this.#kept && this.filter === "unread" && !row.archived;
      if (!stays && !matches(this.filter, row)) continue;
      if (this.next !== null && last && inOrder(row, last) > 0) continue;
      rows.push(row);
    }
    this.rows = rows.sort(inOrder);
  }
}
