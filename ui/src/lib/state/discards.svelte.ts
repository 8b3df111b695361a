import type { App } from "./app.svelte";
import { t } from "../text";

/**
 * Drafts somebody threw away. They are out of sight at once and gone when their undo is: words that were typed go only
 * when nobody wants them back.
 */
export class Discards {
  #ids = $state.raw<ReadonlySet<string>>(new Set());

  constructor(private readonly app: App) {}

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** `restore` puts back what else was changed with it. */
  discard(id: string, text = t.drafts.discarded, restore: () => void = () => undefined): void {
    this.#mark(id, true);
    this.app.toasts.show(text, {
      action: {
        label: t.common.undo,
        run: () => {
          this.#mark(id, false);
          restore();
        },
      },
      settle: () => this.app.attempt("draft_discard", { id }).then(() => this.#mark(id, false)),
    });
  }

  #mark(id: string, gone: boolean): void {
    const next = new Set(this.#ids);
    if (gone) next.add(id);
    else next.delete(id);
    this.#ids = next;
  }
}
