import type { EngineEvent } from "../backend";
import { noticeTold } from "../notices";
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
    const { id, conversation, message } = event.notice;
    const place = conversation ?? id;
    this.takeBack(place);
    const run = (): void => this.open(conversation, message);
    this.#shown.set(place, this.toasts.show(noticeTold(event.notice), { kind: "news", action: { label: t.notices.open, run } }));
  }

  /** Somebody has seen it, here or elsewhere. */
  takeBack(place: string): void {
    const toast = this.#shown.get(place);
    this.#shown.delete(place);
    if (toast !== undefined) this.toasts.dismiss(toast);
  }
}
