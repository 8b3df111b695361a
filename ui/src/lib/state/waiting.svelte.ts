import type { OutboxRow } from "../bindings/OutboxRow";
import { t } from "../text";
import type { App } from "./app.svelte";
import { Loaded } from "./loaded.svelte";

/** What waits for the relay, and what can be done with one or several of it. */
export class Waiting {
  readonly list: Loaded<OutboxRow>;
  #chosen = $state.raw<ReadonlySet<string>>(new Set());

  constructor(private readonly app: App) {
    this.list = new Loaded<OutboxRow>(() => app.call("outbox", {}));
  }

  /** What a person did and can take back; the rest goes by itself. */
  get rows(): OutboxRow[] | null {
    return this.list.rows?.filter((row) => row.kind !== "other") ?? null;
  }

  /** Settings, names and the like, which only have to be known to wait. */
  get others(): OutboxRow[] {
    return this.list.rows?.filter((row) => row.kind === "other") ?? [];
  }

  get chosen(): OutboxRow[] {
    return this.rows?.filter((row) => this.#chosen.has(row.id)) ?? [];
  }

  isChosen(id: string): boolean {
    return this.#chosen.has(id);
  }

  choose(id: string, on: boolean): void {
    const next = new Set(this.#chosen);
    if (on) next.add(id);
    else next.delete(id);
    this.#chosen = next;
  }

  chooseAll(on: boolean): void {
    this.#chosen = new Set(on ? this.rows?.map((row) => row.id) : []);
  }

  /** Nothing is sent, and no word is lost: a message is a draft again. The undo sends it after all. */
  async cancel(rows: OutboxRow[]): Promise<void> {
    const ids = rows.filter((row) => row.can_cancel).map((row) => row.id);
    if (ids.length === 0) return;
    const results = await this.app.attempt("outbox_take_back", { ids });
    if (!results) return;
    const done = results.filter((result) => result.error === null).map((result) => result.id);
    const failed = results.find((result) => result.error !== null);
    if (failed?.error) this.app.fail(failed.error);
    if (done.length > 0) {
      this.app.toasts.show(t.outbox.cancelled(done.length), {
        action: { label: t.common.undo, run: () => void this.#putBack(done) },
      });
    }
    this.chooseAll(false);
    await this.list.load();
  }

  async #putBack(ids: string[]): Promise<void> {
    const results = await this.app.attempt("outbox_put_back", { ids });
    const failed = results?.find((result) => result.error !== null);
    if (failed?.error) this.app.fail(failed.error);
    await this.list.load();
  }

  async retry(rows: OutboxRow[]): Promise<void> {
    for (const row of rows.filter((row) => row.state === "refused")) await this.app.attempt("outbox_retry", { id: row.id });
    this.chooseAll(false);
    await this.list.load();
  }

  async edit(row: OutboxRow): Promise<void> {
    const draft = await this.app.attempt("outbox_edit", { id: row.id });
    if (!draft) return;
    this.app.editorOf(draft).remote(draft);
    this.app.goOn(draft);
  }

  /** One place up or down, or to the front, among the messages of its conversation that can change places. */
  async move(row: OutboxRow, to: "up" | "down" | "front"): Promise<boolean> {
    const alike = this.rows?.filter((one) => one.can_move && one.conversation === row.conversation) ?? [];
    const at = alike.findIndex((one) => one.id === row.id);
    const [first, before, after] = [alike[0], alike[at - 1], alike[at + 1]];
    if (at < 0 || (to === "down" ? !after : !before)) return false;
    // Down is the next one going up.
    const [moved, place] = to === "down" ? [after, row] : [row, to === "front" ? first : before];
    if (!moved || !place || !(await this.app.attempt("outbox_move", { id: moved.id, before: place.id }))) return false;
    await this.list.load();
    return true;
  }
}
