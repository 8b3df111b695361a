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

  constructor(private readonly backend: Backend) {}

  /** Asks for as much as is shown, from the newest on. */
  load = async (): Promise<void> => {
    await this.#ask(null, Math.min(100, Math.max(PAGE, this.rows?.length ?? 0)));
  };

  async more(): Promise<void> {
    if (this.next) await this.#ask(this.next, PAGE);
  }

  async filter(unread: boolean): Promise<void> {
    this.unreadOnly = unread;
    await this.load();
  }

  async #ask(after: string | null, limit: number): Promise<void> {
    const turn = (this.#turn += 1);
    try {
      const page = await this.backend.call("notices", { after, unread: this.unreadOnly, limit });
      if (turn !== this.#turn) return;
      this.rows = after ? [...(this.rows ?? []), ...page.rows] : page.rows;
      this.next = page.next;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCallError(thrown);
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
