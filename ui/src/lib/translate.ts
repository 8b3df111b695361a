import type { MessageRow } from "./bindings/MessageRow";
import type { App } from "./state/app.svelte";
import type { Thread } from "./state/thread.svelte";

/** A message in another language, as long as its conversation is open; no text yet: it is being made. */
export interface Translated {
  /** What was translated: other words want another translation. */
  of: string;
  text: string | null;
}

/** Whether a service of one's own is named on this device. */
export function canTranslate(app: App, row: MessageRow): boolean {
  return Boolean(app.settings?.translate_at) && !row.deleted && row.body.trim() !== "";
}

/** What was made of a message, if it still says the same. */
export function translationOf(thread: Thread, row: MessageRow): Translated | null {
  const held = thread.translations.get(row.id);
  return held && !row.deleted && held.of === row.body ? held : null;
}

/** Asks the service; the language is the one of the settings, or the one the window speaks. */
export async function translate(app: App, thread: Thread, row: MessageRow): Promise<void> {
  const asked: Translated = { of: row.body, text: null };
  thread.translations.set(row.id, asked);
  const [speaks] = document.documentElement.lang.split("-");
  const made = await app.attempt("translate", { message: row.id, to: app.settings?.translate_to || speaks || "en" });
  // Put away meanwhile, or asked for anew.
  if (thread.translations.get(row.id) !== asked) return;
  if (made) thread.translations.set(row.id, { of: asked.of, text: made.text });
  else thread.translations.delete(row.id);
}
