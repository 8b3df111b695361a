import type { App } from "./state/app.svelte";

export const mac = typeof navigator !== "undefined" && /Mac/u.test(navigator.platform);

export type KeyPlace = "everywhere" | "reading" | "writing" | "pictures";

export type KeyId =
  | "palette" | "new" | "search" | "settings" | "help" | "back" | "previous" | "next"
  | "choose" | "chooseAll" | "find" | "panel" | "up" | "down" | "latest" | "reply" | "react" | "answers" | "change" | "forward" | "select" | "copy" | "remove" | "archive"
  | "pictureBefore" | "pictureAfter" | "zoomIn" | "zoomOut" | "zoomFit"
  | "send" | "line" | "edit" | "emoji" | "mention" | "bold" | "italic" | "code";

interface Key {
  place: KeyPlace;
  /** `Ctrl` is the system's own command key. Several do the same; the first is the one that is shown. */
  keys: (app: App) => string[];
  /** What it does wherever somebody is. One without it is acted on where its place is, by `isKey`. */
  run?: (app: App) => void;
}

const sends = (app: App): boolean => app.settings?.enter_sends ?? true;

/** Whether the page runs from left to right. */
const onward = (): boolean => document.documentElement.dir !== "rtl";

/** Every key that does something: the sheet of keys, the palette and the tooltips read it from here. */
export const KEYS: Record<KeyId, Key> = {
  palette: { place: "everywhere", keys: () => ["Ctrl+K"], run: (app) => (app.palette = !app.palette) },
  new: { place: "everywhere", keys: () => ["Ctrl+N"], run: (app) => app.router.go("new") },
  search: { place: "everywhere", keys: () => ["Ctrl+Shift+F"], run: (app) => app.router.go("search") },
  settings: { place: "everywhere", keys: () => ["Ctrl+,"], run: (app) => app.router.go("settings") },
  help: { place: "everywhere", keys: () => ["?"], run: (app) => app.router.go("help") },
  back: { place: "everywhere", keys: () => ["Escape"], run: escape },
  previous: { place: "everywhere", keys: () => ["Alt+ArrowUp"], run: (app) => step(app, -1) },
  next: { place: "everywhere", keys: () => ["Alt+ArrowDown"], run: (app) => step(app, 1) },
  choose: { place: "reading", keys: () => ["X"] },
  chooseAll: { place: "reading", keys: () => ["Ctrl+A"] },
  find: { place: "reading", keys: () => ["Ctrl+F"], run: (app) => (app.thread && app.router.current.layer !== "dialog" ? (app.finding = true) : app.router.go("search")) },
  panel: { place: "reading", keys: () => ["Ctrl+.", "Ctrl+Shift+I"], run: (app) => app.layout.togglePanel() },
  up: { place: "reading", keys: () => ["ArrowUp"] },
  down: { place: "reading", keys: () => ["ArrowDown"] },
  latest: { place: "reading", keys: () => ["End"] },
  reply: { place: "reading", keys: () => ["R"] },
  react: { place: "reading", keys: () => ["A"] },
  answers: { place: "reading", keys: () => ["T"] },
  change: { place: "reading", keys: () => ["F2"] },
  forward: { place: "reading", keys: () => ["F"] },
  select: { place: "reading", keys: () => ["X", "Shift+X"] },
  copy: { place: "reading", keys: () => ["C"] },
  remove: { place: "reading", keys: () => ["Delete"] },
  archive: { place: "reading", keys: () => ["E"], run: archive },
  pictureBefore: { place: "pictures", keys: () => [onward() ? "ArrowLeft" : "ArrowRight"] },
  pictureAfter: { place: "pictures", keys: () => [onward() ? "ArrowRight" : "ArrowLeft"] },
  zoomIn: { place: "pictures", keys: () => ["+", "="] },
  zoomOut: { place: "pictures", keys: () => ["-"] },
  zoomFit: { place: "pictures", keys: () => ["0"] },
  send: { place: "writing", keys: (app) => (sends(app) ? ["Enter", "Ctrl+Enter"] : ["Ctrl+Enter"]) },
  line: { place: "writing", keys: (app) => (sends(app) ? ["Shift+Enter"] : ["Enter"]) },
  edit: { place: "writing", keys: () => ["ArrowUp"] },
  emoji: { place: "writing", keys: () => [":"] },
  mention: { place: "writing", keys: () => ["@"] },
  bold: { place: "writing", keys: () => ["Ctrl+B"] },
  italic: { place: "writing", keys: () => ["Ctrl+I"] },
  code: { place: "writing", keys: () => ["Ctrl+E"] },
};

const NAMES: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** How a key is written on this system. */
export function keyName(app: App, id: KeyId): string {
  const [shown = ""] = KEYS[id].keys(app);
  const named = shown.replace(/[A-Z][a-z]+(?:[A-Z][a-z]+)?$/u, (name) => NAMES[name] ?? name);
  return mac ? named.replace("Ctrl+", "⌘").replace("Alt+", "⌥").replace("Shift+", "⇧") : named;
}

/** Whether a press is one of a key's. */
export function isKey(app: App, event: KeyboardEvent, id: KeyId): boolean {
  return KEYS[id].keys(app).some((written) => {
    const parts = written.split(/\+(?=.)/u);
    const key = parts.pop() ?? "";
    const command = mac ? event.metaKey : event.ctrlKey;
    // A sign may need Shift on one keyboard and not on another.
    const shift = /^[^\p{L}]$/u.test(key) || event.shiftKey === parts.includes("Shift");
    return event.key.toLowerCase() === key.toLowerCase() && command === parts.includes("Ctrl") && event.altKey === parts.includes("Alt") && shift;
  });
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
  const [id, key] = (Object.entries(KEYS) as Array<[KeyId, Key]>).find(([id, key]) => key.run && isKey(app, event, id)) ?? [];
  if (!id || !key?.run) return;
  const modal = app.router.current.layer === "dialog" || document.querySelector("dialog[open]") !== null;
  const command = mac ? event.metaKey : event.ctrlKey;
  // A letter alone belongs to the field somebody types in; and what is asked over the window comes first.
  if (!command && id !== "back" && (modal || app.palette || (!event.altKey && typing(event.target)))) return;
  event.preventDefault();
  key.run(app);
}

function archive(app: App): void {
  const row = app.thread?.detail?.row;
  if (row) void app.choices.archive([row], !row.archived);
}

export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>("[data-testid=composer]")?.focus();
}

function step(app: App, by: 1 | -1): void {
  const id = app.list.neighbour(app.router.base.name === "conversation" ? app.router.base.id : null, by);
  if (id !== undefined) app.router.go("conversation", id);
}

/** One step out, never anything lost: drafts are kept as they are typed. */
function escape(app: App): void {
  if (app.palette) app.palette = false;
  else if (app.router.current.layer === "dialog") app.router.back();
  else if (app.thread && app.thread.selected.size > 0) app.thread.deselect();
  else if (app.finding) app.finding = false;
  else if (app.thread?.answers) app.thread.answers = null;
  else if (app.layout.medium && app.layout.sheet) app.layout.sheet = false;
  else app.router.back();
}

/** With Shift, WebKitGTK does not name this key: X calls it another one then. */
export function isTab(event: KeyboardEvent): boolean {
  return event.key === "Tab" || event.code === "Tab";
}
