// Stands in the page itself (vite.config.ts) and asks for what the first view needs while the page's script is on its way;
// `backend/tauri.ts` hands the answers on. It is no module: it is run before there are any.
(() => {
  const desktop = window.__TAURI_INTERNALS__;
  if (!desktop) return;
  const answers = new Map<string, Promise<unknown>>();
  const ask = (call: string, args: object): void => {
    const answer = desktop.invoke("call", { call: { call, args } });
    // What nobody takes may fail.
    answer.catch(() => undefined);
    answers.set(JSON.stringify([call, args]), answer);
  };
  let list: { filter?: string; group?: string } = {};
  try {
    list = JSON.parse(localStorage.getItem("homing.list") ?? "{}") as typeof list;
  } catch {
    // The list is as it was at first.
  }
  const { filter = "active", group = "none" } = list;
  ask("status", {});
  if (group === "none") ask("conversations", { filter, limit: 50 });
  else ask("conversation_groups", { filter, by: group, limit: 50 });
  ask("settings", {});
  ask("unsaved", {});
  window.homingAhead = answers;
  // The first time of day that is put into words reads the tables for it, and here nothing else is to do yet.
  new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(0);
  // The page holds no script but its own files.
  document.currentScript?.remove();
})();
