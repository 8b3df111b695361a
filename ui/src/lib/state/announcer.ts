import type { EngineEvent } from "../backend";
import { t } from "../text";
import type { Toasts } from "./toasts.svelte";

type Notify = Extract<EngineEvent, { event: "notify" }>;

/** Tells in the window what happened elsewhere in it: one toast for each conversation, the newest. */
export class Announcer {
  #shown = new Map<string, number>();

  constructor(
    private readonly toasts: Toasts,
    private readonly open: (conversation: string | null, message: string | null) => void,
  ) {}

  announce(event: Notify): void {
    const place = event.conversation ?? event.id;
    this.takeBack(place);
    const text = t.toast.told(event.title, event.body);
    const run = (): void => this.open(event.conversation, event.message);
    this.#shown.set(place, this.toasts.show(text, { kind: "news", action: { label: t.notices.open, run } }));
  }

  /** Somebody has seen it, here or elsewhere. */
  takeBack(place: string): void {
    const toast = this.#shown.get(place);
    this.#shown.delete(place);
    if (toast !== undefined) this.toasts.dismiss(toast);
  }
}
