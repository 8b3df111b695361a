import type { App } from "./state/app.svelte";

export const mac = typeof navigator !== "undefined" && /Mac/u.test(navigator.platform);

/** How a key is written on this system. */
export function keyName(key: string): string {
  return mac ? key.replace("Ctrl+", "⌘").replace("Alt+", "⌥").replace("Shift+", "⇧") : key;
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"))
  );
}

/** Keys that work everywhere. What a view handles itself never gets here. */
export function onKeydown(app: App, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || app.phase !== "ready") return;
  const command = mac ? event.metaKey : event.ctrlKey;
  const key = event.key.toLowerCase();
  const dialog = app.router.current.layer === "dialog";
  const modal = dialog || document.querySelector("dialog[open]") !== null;
  const take = (run: () => void): void => {
    event.preventDefault();
    run();
  };
  if (command && !event.altKey) {
    if (key === "k") take(() => (app.palette = !app.palette));
    else if (key === "n" && !event.shiftKey) take(() => app.router.go("new"));
    else if (key === "f" && event.shiftKey) take(() => app.router.go("search"));
    else if (key === "f") take(() => (app.thread && !dialog ? (app.finding = true) : app.router.go("search")));
    else if (key === "." || (key === "i" && event.shiftKey)) take(() => app.layout.togglePanel());
    else if (key === ",") take(() => app.router.go("settings"));
    return;
  }
  if (!modal && event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    take(() => step(app, event.key === "ArrowUp" ? -1 : 1));
    return;
  }
  if (event.key === "Escape") {
    take(() => escape(app));
    return;
  }
  if (event.altKey || typing(event.target) || modal || app.palette) return;
  const row = app.thread?.detail?.row;
  if (event.key === "?") take(() => app.router.go("help"));
  else if (key === "e" && row) take(() => void app.archive(row, !row.archived));
}

export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>("[data-testid=composer]")?.focus();
}

function step(app: App, by: 1 | -1): void {
  const row = app.list.neighbour(app.router.base.name === "conversation" ? app.router.base.id : null, by);
  if (row) app.router.go("conversation", row.id);
}

/** One step out, never anything lost: drafts are kept as they are typed. */
function escape(app: App): void {
  if (app.palette) app.palette = false;
  else if (app.router.current.layer === "dialog") app.router.back();
  else if (app.finding) app.finding = false;
  else if (app.layout.medium && app.layout.sheet) app.layout.sheet = false;
  else app.router.back();
}

/** With Shift, WebKitGTK does not name this key: X calls it another one then. */
export function isTab(event: KeyboardEvent): boolean {
  return event.key === "Tab" || event.code === "Tab";
}
