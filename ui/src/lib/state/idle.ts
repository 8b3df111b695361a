import type { App } from "./app.svelte";

const CHECK_MS = 10_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

/** Locks the profile after the minutes without input that the person chose. */
export class IdleLock {
  #last = Date.now();
  #timer: ReturnType<typeof setInterval>;

  constructor(private readonly app: App) {
    for (const name of INPUTS) window.addEventListener(name, this.#used, { capture: true, passive: true });
    this.#timer = setInterval(this.#check, CHECK_MS);
  }

  dispose(): void {
    clearInterval(this.#timer);
    for (const name of INPUTS) window.removeEventListener(name, this.#used, { capture: true });
  }

  #used = (): void => {
    this.#last = Date.now();
  };

  #check = (): void => {
    const minutes = this.app.settings?.lock_after_minutes ?? 0;
    const armed = minutes > 0 && this.app.phase === "ready" && this.app.status?.key_protection === "passphrase";
    if (armed && Date.now() - this.#last >= minutes * 60_000) void this.app.lock();
  };
}
