/** How a view sits in the window: in the third pane, as a page without the list, or over what was there. */
export type Layer = "pane" | "page" | "dialog";

export interface RouteDef {
  name: string;
  /** Path after `#/`; `:id` stands for an id. */
  path: string;
  layer: Layer;
  /** What kind of id the path takes. */
  param?: "conversation" | "person" | "record" | "file";
  /** Reachable while the profile has no identity. */
  first?: boolean;
}

/** Every view of the app. The screenshot test walks this list. */
export const ROUTES = [
  { name: "inbox", path: "inbox", layer: "pane", first: true },
  { name: "conversation", path: "conversation/:id", layer: "pane", param: "conversation" },
  { name: "outbox", path: "outbox", layer: "pane" },
  { name: "drafts", path: "drafts", layer: "pane" },
  { name: "search", path: "search", layer: "page" },
  { name: "records", path: "records", layer: "page" },
  { name: "record", path: "record/:id", layer: "page", param: "record" },
  { name: "interests", path: "interests", layer: "page" },
  { name: "notices", path: "notices", layer: "page" },
  { name: "people", path: "people", layer: "page" },
  { name: "devices", path: "devices", layer: "page" },
  { name: "quick", path: "quick", layer: "page" },
  { name: "settings", path: "settings", layer: "page" },
  { name: "new", path: "new", layer: "dialog" },
  { name: "invite", path: "invite", layer: "dialog" },
  { name: "join", path: "join", layer: "dialog", first: true },
  { name: "link", path: "link", layer: "dialog", first: true },
  { name: "property", path: "property", layer: "dialog" },
  { name: "share", path: "share/:id", layer: "dialog", param: "record" },
  { name: "members", path: "members/:id", layer: "dialog", param: "conversation" },
  { name: "files", path: "files/:id", layer: "dialog", param: "conversation" },
  { name: "picture", path: "picture/:id", layer: "dialog", param: "file" },
  { name: "compare", path: "compare/:id", layer: "dialog", param: "conversation" },
  { name: "announce", path: "announce/:id", layer: "dialog", param: "conversation" },
  { name: "quick-import", path: "quick-import", layer: "dialog" },
  { name: "safety", path: "safety/:id", layer: "dialog", param: "person" },
  { name: "recovery", path: "recovery", layer: "dialog", first: true },
  { name: "backup", path: "backup", layer: "dialog" },
  { name: "restore", path: "restore", layer: "dialog", first: true },
  { name: "passphrase", path: "passphrase", layer: "dialog" },
  { name: "doctor", path: "doctor", layer: "dialog" },
  { name: "help", path: "help", layer: "dialog" },
] as const satisfies readonly RouteDef[];

export type RouteName = (typeof ROUTES)[number]["name"];

export interface Route {
  name: RouteName;
  layer: Layer;
  id: string | null;
  query: Record<string, string>;
}

const INBOX: Route = { name: "inbox", layer: "pane", id: null, query: {} };

/** Reads a location hash; anything unknown is the inbox. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [head = "", ...rest] = path.split("/");
  const def = ROUTES.find((route) => route.path.split("/")[0] === head);
  if (!def) return INBOX;
  const wantsId = def.path.includes(":id");
  let id: string | null = null;
  try {
    id = wantsId ? decodeURIComponent(rest.join("/")) : null;
  } catch {
    return INBOX;
  }
  if (wantsId && !id) return INBOX;
  return { name: def.name, layer: def.layer, id, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The hash of a view. */
export function hashOf(name: RouteName, id?: string | null, query?: Record<string, string>): string {
  const def = ROUTES.find((route) => route.name === name);
  const path = (def?.path ?? "inbox").replace(":id", encodeURIComponent(id ?? ""));
  const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : "";
  return `#/${path}${search}`;
}
