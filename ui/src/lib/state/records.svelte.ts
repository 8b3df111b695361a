import { asCallError, type Args, type CallError, type EngineEvent } from "../backend";
import type { RecordDetail } from "../bindings/RecordDetail";
import type { RecordRow } from "../bindings/RecordRow";
import type { App } from "./app.svelte";

const PAGE = 200;

type Asked = Omit<Args<"records">, "after" | "limit" | "sort" | "deleted"> & Partial<Pick<Args<"records">, "sort">>;
type RecordsEvent = Extract<EngineEvent, { event: "records" }>;

/** A list of records that follows what the engine says. Made within a component; `ask` may read state. */
export class RecordList {
  rows = $state.raw<RecordRow[] | null>(null);
  error = $state<CallError | null>(null);
  next = $state<string | null>(null);
  total = $state(0);
  #asked = 0;

  constructor(
    private readonly app: App,
    private readonly ask: () => Asked,
  ) {
    $effect(() => {
      const asked = this.ask();
      void app.recordsRevision;
      void this.#load(asked);
    });
    $effect(() => app.onRecords((event) => this.#apply(event)));
  }

  load = (): Promise<void> => this.#load(this.ask());

  async #load(asked: Asked): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const page = await this.app.call("records", { sort: "newest", ...asked, deleted: false, limit: PAGE });
      if (mine !== this.#asked) return;
      this.rows = page.rows;
      this.next = page.next;
      this.total = page.total;
      this.error = null;
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  async more(): Promise<void> {
    if (!this.next || !this.rows) return;
    const page = await this.app.attempt("records", { sort: "newest", ...this.ask(), deleted: false, after: this.next, limit: PAGE });
    if (!page) return;
    this.rows = [...this.rows, ...page.rows];
    this.next = page.next;
  }

  /** Rows that are shown change where they are; anything else is asked for again. */
  #apply(event: RecordsEvent): void {
    const { rows } = this;
    const { kind } = this.ask();
    const mine = event.upsert.filter((row) => row.kind === kind);
    if (!rows || (mine.length === 0 && event.remove.length === 0)) return;
    const known = mine.every((row) => !row.deleted && rows.some((one) => one.id === row.id));
    if (known && event.remove.length === 0) this.rows = rows.map((row) => mine.find((one) => one.id === row.id) ?? row);
    void this.load();
  }
}

/** One record with everything about it, asked again when it or what is about it changes. */
export class RecordState {
  detail = $state.raw<RecordDetail | null>(null);
  error = $state<CallError | null>(null);

  constructor(
    private readonly app: App,
    private readonly id: () => string | null,
  ) {
    $effect(() => {
      void app.recordsRevision;
      void this.load(this.id());
    });
    $effect(() =>
      app.onRecords((event) => {
        const id = this.id();
        if (event.upsert.some((row) => row.id === id || row.about?.id === id) || event.remove.length > 0) void this.load(id);
      }),
    );
  }

  async load(id = this.id()): Promise<void> {
    if (!id) {
      this.detail = null;
      return;
    }
    try {
      const detail = await this.app.call("record", { record: id });
      if (this.id() === id) [this.detail, this.error] = [detail, null];
    } catch (thrown) {
      if (this.id() === id) this.error = asCallError(thrown);
    }
  }
}
