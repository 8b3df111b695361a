/** A new conversation that was begun: closing its dialog loses nothing, opening it again shows it. */
class Pending {
  with = $state<string[]>([]);
  subject = $state("");
  message = $state("");

  clear(): void {
    this.with = [];
    this.subject = "";
    this.message = "";
  }
}

export const pending = new Pending();
