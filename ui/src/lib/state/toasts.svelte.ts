export interface Toast {
  id: number;
  text: string;
  /** `news`: something that happened elsewhere in the app. */
  kind: "plain" | "error" | "news";
  /** The error's stable code, for whoever asks. */
  code: string | null;
  action: { label: string; run: () => void } | null;
  /** What happens when the toast goes without its action being used. */
  settle: (() => Promise<unknown>) | null;
  /** How long it stays, ms. */
  stay: number;
}

const STAY_MS = 7000;

/** Short notices at the edge of the window; some carry an undo. */
export class Toasts {
  items = $state<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): number {
    const id = this.#next;
    this.#next += 1;
    this.items.push({ id, text, kind: "plain", code: null, action: null, settle: null, stay: STAY_MS, ...options });
    this.hold(id, false);
    return id;
  }

  /** Stops or starts the clock: a toast under the pointer or with the focus stays. */
  hold(id: number, held: boolean): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const stay = this.items.find((item) => item.id === id)?.stay ?? STAY_MS;
    if (!held) this.#timers.set(id, setTimeout(() => this.dismiss(id), stay));
  }

  act(id: number): void {
    const toast = this.#take(id);
    toast?.action?.run();
  }

  dismiss(id: number): void {
    void this.#take(id)?.settle?.();
  }

  /** Before the window or the profile goes: everything that waits for its undo is done now. Answers when it is. */
  async settleAll(): Promise<void> {
    const waiting = [...this.items].map((toast) => this.#take(toast.id)?.settle?.());
    await Promise.all(waiting);
  }

  /** The profile is gone already: what waited for its undo is not done, least of all to another profile. */
  forget(all: boolean): void {
    for (const toast of [...this.items]) if (all || toast.settle) this.#take(toast.id);
  }

  #take(id: number): Toast | undefined {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const toast = this.items.find((item) => item.id === id);
    this.items = this.items.filter((item) => item.id !== id);
    return toast;
  }
}
