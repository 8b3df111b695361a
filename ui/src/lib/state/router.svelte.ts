import { hashOf, parseRoute, type Route, type RouteName } from "../routes";

/** Dialogs that are about the conversation they lie over. */
const OVER = new Set<RouteName>(["members", "files"]);
const ORIGINS = new Set<RouteName>(["search", "outbox", "drafts", "people"]);

/**
 * How long the address of a view may lag behind what is typed there: WebKit throws after 100 `history.replaceState` in
 * 30 s (History::stateObjectAdded).
 */
const TYPED_MS = 400;

/** The place in the app: kept in the location hash, so that every view has an address. */
export class Router {
  current = $state<Route>(parseRoute(""));
  /** What lies under a dialog. */
  base = $state<Route>(parseRoute(""));
  #opener: HTMLElement | null = null;
  /** The dialog a picture was opened from. */
  #under: Route | null = null;
  /** The view a conversation was opened from, when that was not the list. */
  #origin: Route | null = null;
  /** The address of what is typed, before it is written. */
  #typed: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#read();
    window.addEventListener("hashchange", this.#read);
  }

  dispose(): void {
    window.removeEventListener("hashchange", this.#read);
    this.#forget();
  }

  #read = (): void => {
    this.#forget();
    const next = parseRoute(window.location.hash);
    const closing = this.current.layer === "dialog" && next.layer !== "dialog";
    this.current = next;
    if (next.layer !== "dialog") this.base = next;
    else if (OVER.has(next.name) && next.id && this.base.id !== next.id) {
      this.base = { name: "conversation", layer: "pane", id: next.id, query: {} };
    }
    if (closing) this.#giveFocusBack();
  };

  go(name: RouteName, id?: string | null, query?: Record<string, string>): void {
    const hash = hashOf(name, id, query);
    this.#settle();
    if (hash === window.location.hash) return;
    const from = this.base;
    const dialog = parseRoute(hash).layer === "dialog";
    if (!dialog) this.#origin = name === "conversation" && ORIGINS.has(from.name) ? from : null;
    this.#under = name === "picture" && this.current.layer === "dialog" ? this.current : null;
    if (dialog && document.activeElement instanceof HTMLElement) {
      if (this.current.layer !== "dialog") this.#opener = document.activeElement;
    }
    window.location.hash = hash;
    this.#read();
  }

  replace(name: RouteName, id?: string | null, query?: Record<string, string>): void {
    window.history.replaceState(null, "", hashOf(name, id, query));
    this.#read();
  }

  /** The view that is shown goes by another query, which changes with every letter: it counts at once. */
  type(query: Record<string, string>): void {
    this.current = { ...this.current, query };
    if (this.current.layer !== "dialog") this.base = this.current;
    this.#typed = hashOf(this.current.name, this.current.id, query);
    this.#timer ??= setTimeout(this.#settle, TYPED_MS);
  }

  #settle = (): void => {
    if (this.#typed !== null) window.history.replaceState(null, "", this.#typed);
    this.#forget();
  };

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#typed = null;
  }

  /** One step out: a dialog to what is under it, a conversation to where it was opened, a view to the inbox. */
  back(): void {
    if (this.current.layer === "dialog") {
      const under = this.#under ?? this.base;
      this.#under = null;
      this.replace(under.name, under.id, under.query);
      return;
    }
    const origin = this.current.name === "conversation" ? this.#origin : null;
    this.#origin = null;
    if (origin) this.replace(origin.name, origin.id, origin.query);
    else if (this.current.name !== "inbox") this.replace("inbox");
  }

  #giveFocusBack(): void {
    const opener = this.#opener;
    this.#opener = null;
    if (!opener) return;
    // By then somebody may have gone on elsewhere: only a focus that is nowhere is given back.
    requestAnimationFrame(() => document.activeElement === document.body && opener.isConnected && opener.focus());
  }
}
