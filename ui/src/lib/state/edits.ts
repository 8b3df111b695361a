import { SvelteSet } from "svelte/reactivity";

import type { MessageRow } from "../bindings/MessageRow";
import type { Unsaved } from "./unsaved.svelte";

interface Words {
  text: string;
}

function place(message: string): string {
  return `edit/${message}`;
}

/** Other words for messages that are being typed: kept on this device until they are saved or not wanted any more. */
export class Edits {
  readonly #begun = new SvelteSet<string>();

  constructor(private readonly unsaved: Unsaved) {}

  /** Whether other words stand there, typed now or before a crash; one may have come between saving them and letting go. */
  has(row: MessageRow): boolean {
    return this.#begun.has(row.id) || this.text(row) !== row.body;
  }

  /** Whether somebody asked for it since the window opened. */
  begun(message: string): boolean {
    return this.#begun.has(message);
  }

  begin(message: string): void {
    this.#begun.add(message);
  }

  /** Whether this device has them as they stand. */
  kept(message: string): boolean {
    return this.unsaved.kept(place(message));
  }

  text(row: MessageRow): string {
    return this.unsaved.form<Words>(place(row.id)).text ?? row.body;
  }

  type(row: MessageRow, text: string): void {
    this.#begun.add(row.id);
    this.unsaved.keepForm<Words>(place(row.id), { text }, { text: row.body });
  }

  /** They are saved, or not wanted any more. */
  end(message: string): void {
    this.#begun.delete(message);
    this.unsaved.drop(place(message));
  }

  /** Another person's profile starts with nothing. */
  forget(): void {
    this.#begun.clear();
  }
}
