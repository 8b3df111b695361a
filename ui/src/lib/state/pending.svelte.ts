import { PendingFiles } from "./files.svelte";

/** A new conversation that was begun: closing its dialog loses nothing, opening it again shows it. */
class Pending {
  with = $state<string[]>([]);
  subject = $state("");
  message = $state("");
  readonly files = new PendingFiles();

  clear(): void {
    this.with = [];
    this.subject = "";
    this.message = "";
    this.files.clear();
  }
}

export const pending = new Pending();
