import type { Catalogue } from "./text";
import type { RouteName } from "./routes";

export type TopicId = keyof Catalogue["help"]["topics"];

/** Which views a topic is about: asked for help there, it comes first. Every route has one. */
export const TOPICS: Record<TopicId, RouteName[]> = {
  basics: ["help"],
  conversations: ["inbox", "new"],
  team: ["conversation"],
  blocking: ["people", "conversation"],
  messages: ["conversation"],
  drafts: ["drafts", "outbox", "compare"],
  quick: ["quick", "quick-import"],
  files: ["files", "picture"],
  search: ["search"],
  notices: ["notices", "announce"],
  people: ["people", "invite", "join"],
  members: ["members"],
  safety: ["safety"],
  records: ["records", "record", "property", "share"],
  interests: ["interests"],
  devices: ["devices", "link"],
  recovery: ["recovery", "backup", "restore", "doctor"],
  lock: ["passphrase"],
  settings: ["settings"],
  demo: [],
};

/** Folds what may differ between how a word is written and how it is asked for. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
