import { asCallError, type Args, type CallError, type EngineEvent } from "../backend";
import type { RecordDetail } from "../bindings/RecordDetail";
import type { RecordPage } from "../bindings/RecordPage";
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
  #fetching = false;

  constructor(
    private readonly app: App,
    private readonly ask: () => Asked,
    private readonly size = PAGE,
  ) {
    $effect(() => {
      const asked = this.ask();
      void app.recordsRevision;
      void this.#load(asked);
    });
    $effect(() => app.onRecords((event) => this.#apply(event)));
  }

  load = (): Promise<void> => this.#load(this.ask());

  /** Asks again for as much as is here. */
  refresh = (): Promise<void> => this.#load(this.ask(), this.rows?.length ?? 0);

  /** As many rows as are shown already: who has scrolled far stays there. */
  async #load(asked: Asked, least = 0): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      let page = await this.#page(asked, null);
      let rows = page.rows;
      while (page.next && rows.length < least && mine === this.#asked) {
        page = await this.#page(asked, page.next);
        rows = [...rows, ...page.rows];
      }
      if (mine !== this.#asked) return;
      this.rows = rows;
      this.next = page.next;
      this.total = page.total;
      this.error = null;
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  #page(asked: Asked, after: string | null): Promise<RecordPage> {
    return this.app.call("records", { sort: "newest", ...asked, deleted: false, ...(after === null ? {} : { after }), limit: this.size });
  }

  async more(): Promise<void> {
    const { next, rows } = this;
    if (!next || !rows || this.#fetching) return;
    const mine = this.#asked;
    this.#fetching = true;
    try {
      const page = await this.#page(this.ask(), next);
      if (mine !== this.#asked) return;
      this.rows = [...rows, ...page.rows];
      this.next = page.next;
    } catch (thrown) {
      this.app.fail(thrown);
    } finally {
      this.#fetching = false;
    }
  }

  /** Rows that are shown change where they are; anything else is asked for again. */
  #apply(event: RecordsEvent): void {
    const { rows } = this;
    const { kind } = this.ask();
    const mine = event.upsert.filter((row) => row.kind === kind);
    if (!rows || (mine.length === 0 && event.remove.length === 0)) return;
    const known = mine.every((row) => !row.deleted && rows.some((one) => one.id === row.id));
    if (known && event.remove.length === 0) this.rows = rows.map((row) => mine.find((one) => one.id === row.id) ?? row);
    void this.#load(this.ask(), rows.length);
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
