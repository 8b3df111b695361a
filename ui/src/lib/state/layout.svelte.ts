const KEY = "homing.layout";
const NARROW = "(max-width: 719.98px)";
const MEDIUM = "(max-width: 1099.98px)";

interface Kept {
  list: number;
  panel: number;
  open: boolean;
}

/** The panes: their widths, remembered on this computer, and how many fit. */
export class Layout {
  list = $state(320);
  panel = $state(300);
  /** Whether the record panel is wanted when there is room for it. */
  open = $state(true);
  /** The panel as a sheet over a window without room for it. */
  sheet = $state(false);
  narrow = $state(false);
  medium = $state(false);
  #queries: Array<[MediaQueryList, (event: { matches: boolean }) => void]> = [];

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Kept>;
      if (typeof kept.list === "number") this.list = clamp(kept.list, 240, 480);
      if (typeof kept.panel === "number") this.panel = clamp(kept.panel, 240, 420);
      if (typeof kept.open === "boolean") this.open = kept.open;
    } catch {
      localStorage.removeItem(KEY);
    }
    this.#watch(NARROW, (narrow) => (this.narrow = narrow));
    this.#watch(MEDIUM, (medium) => (this.medium = medium));
  }

  get panelShown(): boolean {
    return this.medium ? this.sheet : this.open;
  }

  togglePanel(): void {
    if (this.medium) this.sheet = !this.sheet;
    else this.open = !this.open;
    this.remember();
  }

  resize(pane: "list" | "panel", width: number): void {
    if (pane === "list") this.list = clamp(width, 240, 480);
    else this.panel = clamp(width, 240, 420);
  }

  remember(): void {
    const kept: Kept = { list: this.list, panel: this.panel, open: this.open };
    localStorage.setItem(KEY, JSON.stringify(kept));
  }

  dispose(): void {
    for (const [query, handler] of this.#queries) query.removeEventListener("change", handler);
  }

  #watch(media: string, set: (matches: boolean) => void): void {
    if (typeof window.matchMedia !== "function") return;
    const query = window.matchMedia(media);
    const handler = (event: { matches: boolean }): void => set(event.matches);
    handler(query);
    query.addEventListener("change", handler);
    this.#queries.push([query, handler]);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(value)));
}
