import { asCallError, type CallError } from "../backend";
import type { PersonRow } from "../bindings/PersonRow";
import type { App } from "./app.svelte";
import { inParts } from "./choices.svelte";

/** As many as the engine answers at once. */
const AT_ONCE = 200;

/** The people one knows, or of them those that are named: thousands would hold up a view that shows a few. Asked again
 * whenever the engine says they changed. Made within a component. */
export class PeopleState {
  rows = $state.raw<PersonRow[]>([]);
  loaded = $state(false);
  error = $state<CallError | null>(null);
  #asked = 0;

  constructor(
    private readonly app: App,
    private readonly named?: () => readonly string[],
  ) {
    $effect(() => {
      void app.peopleRevision;
      void this.load();
    });
  }

  get others(): PersonRow[] {
    return this.rows.filter((row) => !row.me);
  }

  async load(): Promise<void> {
    const asked = (this.#asked += 1);
    try {
      const rows = await this.#ask();
      // Others are named by now.
      if (asked !== this.#asked) return;
      this.rows = rows.toSorted((a, b) => a.name.localeCompare(b.name));
      this.error = null;
    } catch (thrown) {
      if (asked === this.#asked) this.error = asCallError(thrown);
    } finally {
      this.loaded = true;
    }
  }

  async #ask(): Promise<PersonRow[]> {
    if (!this.named) return this.app.call("people", {});
    const parts = inParts(this.named(), AT_ONCE).map((people) => this.app.call("people_by_id", { people }));
    return (await Promise.all(parts)).flat();
  }
}
