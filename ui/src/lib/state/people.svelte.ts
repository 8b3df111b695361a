import { asCallError, type CallError } from "../backend";
import type { PersonRow } from "../bindings/PersonRow";
import type { App } from "./app.svelte";

/** The people one knows, asked again whenever the engine says they changed. Made within a component. */
export class PeopleState {
  rows = $state.raw<PersonRow[]>([]);
  loaded = $state(false);
  error = $state<CallError | null>(null);

  constructor(private readonly app: App) {
    $effect(() => {
      void app.peopleRevision;
      void this.load();
    });
  }

  get others(): PersonRow[] {
    return this.rows.filter((row) => !row.me);
  }

  async load(): Promise<void> {
    try {
      this.rows = (await this.app.call("people", {})).toSorted((a, b) => a.name.localeCompare(b.name));
      this.error = null;
    } catch (thrown) {
      this.error = asCallError(thrown);
    } finally {
      this.loaded = true;
    }
  }
}
