import { asCallError, type Backend, type CallError } from "../backend";
import type { KindChannels } from "../bindings/KindChannels";
import type { NoticeRow } from "../bindings/NoticeRow";
import type { NotifySet } from "../bindings/NotifySet";
import type { NotifySettings } from "../bindings/NotifySettings";
import type { QuietHours } from "../bindings/QuietHours";

const PAGE = 50;

/** The notification centre while it is shown. */
export class NoticeList {
  rows = $state.raw<NoticeRow[] | null>(null);
  next = $state<string | null>(null);
  unreadOnly = $state(false);
  error = $state<CallError | null>(null);
  #turn = 0;
  #asking = false;

  constructor(private readonly backend: Backend) {}

  /** Asks for as much as is shown, from the newest on: who has scrolled far stays there. */
  load = (): Promise<void> => this.#ask(null, this.rows?.length ?? 0);

  async more(): Promise<void> {
    if (this.next && !this.#asking) await this.#ask(this.next, 0);
  }

  async filter(unread: boolean): Promise<void> {
    this.unreadOnly = unread;
    await this.#ask(null, 0);
  }

  async #ask(after: string | null, least: number): Promise<void> {
    const turn = (this.#turn += 1);
    this.#asking = true;
    let rows = after ? (this.rows ?? []) : [];
    let next = after;
    try {
      do {
        const page = await this.backend.call("notices", { after: next, unread: this.unreadOnly, limit: PAGE });
        if (turn !== this.#turn) return;
        rows = [...rows, ...page.rows];
        next = page.next;
      } while (next && rows.length < least);
      this.rows = rows;
      this.next = next;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCallError(thrown);
    } finally {
      if (turn === this.#turn) this.#asking = false;
    }
  }
}

/** What a person wants to be told of; asked for when it is shown. */
export class NotifyPrefs {
  value = $state.raw<NotifySettings | null>(null);

  constructor(private readonly backend: Backend) {}

  async load(): Promise<void> {
    this.value = await this.backend.call("notify_settings", {});
  }

  setKind(kind: KindChannels): Promise<void> {
    return this.#set({ kinds: (this.value?.kinds ?? []).map((one) => (one.kind === kind.kind ? kind : one)) }, { kind });
  }

  setQuiet(quiet: QuietHours): Promise<void> {
    return this.#set({ quiet }, { quiet });
  }

  /** What is chosen counts at once: the next choice is made upon it, whether the answer to this one is here or not. */
  async #set(shown: Partial<NotifySettings>, change: Partial<NotifySet>): Promise<void> {
    if (this.value) this.value = { ...this.value, ...shown };
    try {
      this.value = await this.backend.call("notify_set", change);
    } catch (thrown) {
      await this.load();
      throw thrown;
    }
  }
}
