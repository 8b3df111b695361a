import { asCallError, type Backend, type CallError, type EngineEvent } from "../backend";
import type { ConversationGroup } from "../bindings/ConversationGroup";
import type { ConversationRow } from "../bindings/ConversationRow";
import type { Filter } from "../bindings/Filter";
import { keeping, lines, without, type Grouping, type Line } from "./groups";

type Diff = Extract<EngineEvent, { event: "conversations" }>;

/** What is more is asked for when it is scrolled to. `ahead.ts` asks for the first of them. */
const PAGE = 50;
/** Rows of a list under headings that are asked for at once. */
const BY_ID = 200;
/** Between two times that the headings are asked for, however much happens. */
const REGROUP_MS = 200;

/** The beginning of a list: its first rows, and under headings where all of its rows stand. */
export interface Beginning {
  rows: ConversationRow[];
  next: string | null;
  groups: ConversationGroup[];
  revision: number;
}

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

/** The conversation list, kept current by row diffs: without headings pages of rows from the engine; under headings the ids
 * of all that stands there, in the engine's order, and the rows that were looked at. */
export class ConversationList {
  filter = $state<Filter>(remembered().filter);
  group = $state<Grouping>(remembered().group);
  /** The rows that are here: without headings the first of the list, in its order. */
  rows = $state.raw<ConversationRow[]>([]);
  #groups = $state.raw<ConversationGroup[]>([]);
  next = $state<string | null>(null);
  loading = $state(false);
  loaded = $state(false);
  error = $state<CallError | null>(null);
  #staffed = $derived(this.rows.some((row) => row.staffed));
  /** Made once for each change: every row on the screen asks, and there may be ten thousand. */
  #byId = $derived(new Map(this.rows.map((row) => [row.id, row])));
  #lines = $derived<Line[]>(this.group === "none" ? this.rows.map((row) => ({ id: row.id, row, key: row.id })) : lines(this.#groups, (id) => this.#byId.get(id)));
  #revision = 0;
  #generation = 0;
  /** Changes heard while a page was on its way: the page may be older than they are. */
  #heard: Diff[] = [];
  #hidden = new Set<string>();
  /** Rows on their way. */
  #wanted = new Map<string, Promise<void>>();
  #regrouping = false;
  #regroupAgain = false;
  /** The open conversation stays where it is, although reading it takes it out of "unread". */
  #kept: string | null = null;

  constructor(private readonly backend: Backend) {}

  /** Another profile is behind the window: nothing of the one before may stay, nor what was heard of it. */
  reset(): void {
    this.#generation += 1;
    this.#empty();
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

  /** Shows another list, from now on. */
  choose(filter: Filter, group: Grouping = this.group): void {
    if (group !== this.group) this.#empty();
    this.group = group;
    localStorage.setItem(KEY, JSON.stringify({ filter, group }));
    void this.load(filter);
  }

  /** The beginning of a list, to be handed to `load`. */
  async ask(filter: Filter): Promise<Beginning> {
    const by = this.group;
    if (by === "none") return { ...(await this.backend.call("conversations", { filter, limit: PAGE })), groups: [] };
    return { ...(await this.backend.call("conversation_groups", { filter, by, limit: PAGE })), next: null };
  }

  async load(filter: Filter = this.filter, asked?: Promise<Beginning>): Promise<void> {
    const generation = (this.#generation += 1);
    if (filter !== this.filter) {
      this.filter = filter;
      this.#empty();
    }
    this.loading = true;
    try {
      const page = await (asked ?? this.ask(filter));
      if (generation !== this.#generation) return;
      this.rows = page.rows.filter((row) => !this.#hidden.has(row.id));
      this.#groups = without(page.groups, (id) => this.#hidden.has(id));
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

  /** Fetches the rows of these that are not here: those that come into view under headings. */
  async want(ids: readonly string[]): Promise<void> {
    if (this.group === "none") return;
    const missing = [...new Set(ids)].filter((id) => !this.#byId.has(id) && !this.#wanted.has(id));
    for (let from = 0; from < missing.length; from += BY_ID) {
      const some = missing.slice(from, from + BY_ID);
      const fetching = this.#fetch(some, this.#generation);
      for (const id of some) this.#wanted.set(id, fetching);
      void fetching.finally(() => some.forEach((id) => this.#wanted.delete(id)));
    }
    await Promise.all(ids.map((id) => this.#wanted.get(id)));
  }

  async #fetch(conversations: string[], generation: number): Promise<void> {
    try {
      const rows = await this.backend.call("conversations_by_id", { conversations });
      if (generation === this.#generation) this.#know(rows);
    } catch (thrown) {
      if (generation === this.#generation) this.error = asCallError(thrown);
    }
  }

  /** Rows that were asked for; what was heard of them meanwhile is newer. */
  #know(rows: ConversationRow[]): void {
    const fresh = rows.filter((row) => !this.#byId.has(row.id));
    if (fresh.length > 0) this.rows = [...this.rows, ...fresh];
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

  putAll(rows: ConversationRow[]): void {
    this.#merge(rows, []);
  }

  keep(id: string | null): void {
    const before = this.#kept;
    this.#kept = id;
    const row = before === null || before === id ? undefined : this.find(before);
    if (row && this.filter === "unread" && !matches(this.filter, row)) this.#drop([row.id]);
  }

  hide(ids: readonly string[], hidden: boolean): void {
    if (hidden) {
      for (const id of ids) this.#hidden.add(id);
      this.#drop(ids);
    } else {
      for (const id of ids) this.#hidden.delete(id);
      void this.load();
    }
  }

  isHidden(id: string): boolean {
    return this.#hidden.has(id);
  }

  find(id: string): ConversationRow | undefined {
    return this.#byId.get(id);
  }

  /** The conversation before or after another one, in the order of the list. */
  neighbour(id: string | null, step: 1 | -1): string | undefined {
    const ids = this.lines.flatMap((line) => ("id" in line ? [line.id] : []));
    const at = id === null ? -1 : ids.indexOf(id);
    return at < 0 ? ids.at(step === 1 ? 0 : -1) : ids[at + step];
  }

  #empty(): void {
    this.rows = [];
    this.#groups = [];
    this.next = null;
    this.loaded = false;
  }

  #drop(ids: readonly string[]): void {
    const gone = new Set(ids);
    this.rows = this.rows.filter((row) => !gone.has(row.id));
    this.#groups = without(this.#groups, (id) => gone.has(id));
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
      changed.delete(row.id);
    }
    this.rows = this.group === "none" ? rows.sort(inOrder) : rows;
    if (this.group === "none") return;
    this.#groups = without(this.#groups, (id) => changed.has(id));
    void this.#regroup();
  }

  /** Where everything stands now: once for however much happens while that is asked. */
  async #regroup(): Promise<void> {
    if (this.#regrouping) {
      this.#regroupAgain = true;
      return;
    }
    this.#regrouping = true;
    try {
      do {
        this.#regroupAgain = false;
        const { group: by, filter } = this;
        if (by === "none") return;
        const generation = this.#generation;
        const answer = await this.backend.call("conversation_groups", { filter, by, limit: 1 });
        if (generation === this.#generation && !this.loading) {
          const groups = without(answer.groups, (id) => this.#hidden.has(id));
          const kept = this.#kept !== null && filter === "unread" && this.find(this.#kept) ? this.#kept : null;
          this.#groups = kept === null ? groups : keeping(groups, this.#groups, kept);
        }
        if (this.#regroupAgain) await new Promise((resolve) => setTimeout(resolve, REGROUP_MS));
      } while (this.#regroupAgain);
    } catch (thrown) {
      this.error = asCallError(thrown);
    } finally {
      this.#regrouping = false;
    }
  }
}
