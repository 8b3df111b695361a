import { asCallError, type CallError } from "../backend";
import type { Choice } from "../bindings/Choice";
import type { PickFrom } from "../bindings/PickFrom";
import type { App } from "./app.svelte";

/** What can be chosen by a name, asked of the engine as that is typed: it knows all of them. Made within a component. */
export class Picks {
  choices = $state.raw<Choice[]>([]);
  /** Others fit too. */
  more = $state(false);
  loaded = $state(false);
  error = $state<CallError | null>(null);
  #wanted: string | null = null;
  #asking: Promise<void> | null = null;

  constructor(
    private readonly app: App,
    private readonly from: PickFrom,
    /** Null: nobody wants to know yet. */
    private readonly query: () => string | null,
    private readonly limit = 50,
  ) {
    $effect(this.again);
  }

  /** Asks anew: there may be others now. What is typed while an answer is awaited is asked next, and only the last of it. */
  again = (): void => {
    const query = this.query();
    if (query === null) return;
    this.#wanted = query;
    this.#asking ??= this.#answer().finally(() => (this.#asking = null));
  };

  /** Once what was typed is answered. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #answer(): Promise<void> {
    while (this.#wanted !== null) {
      const query = this.#wanted;
      this.#wanted = null;
      try {
        const { choices, more } = await this.app.call("pick", { from: this.from, query, limit: this.limit });
        if (this.#wanted === null) [this.choices, this.more, this.error] = [choices, more, null];
      } catch (thrown) {
        this.error = asCallError(thrown);
      }
      this.loaded = true;
    }
  }
}
