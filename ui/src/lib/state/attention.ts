const INPUT_MS = 15_000;
const INPUTS = ["pointerdown", "keydown", "wheel"] as const;

/**
 * Whether a person looks at this window. Some window managers give a window input without telling it of the focus,
 * so somebody who just used the window counts as looking, until it is left.
 */
export class Attention {
  #last = 0;

  constructor(private readonly onchange: () => void) {
    for (const name of INPUTS) window.addEventListener(name, this.#used, { capture: true, passive: true });
  }

  get here(): boolean {
    if (document.visibilityState === "hidden") return false;
    return document.hasFocus() || Date.now() - this.#last < INPUT_MS;
  }

  changed(): void {
    this.onchange();
  }

  left(): void {
    this.#last = 0;
    this.onchange();
  }

  dispose(): void {
    for (const name of INPUTS) window.removeEventListener(name, this.#used, { capture: true });
  }

  #used = (): void => {
    const before = this.here;
    this.#last = Date.now();
    if (!before) this.onchange();
  };
}
