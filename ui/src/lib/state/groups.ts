import type { ConversationGroup } from "../bindings/ConversationGroup";
import type { ConversationRow } from "../bindings/ConversationRow";

export type Grouping = "none" | "client" | "record";

/** A line of the list: a heading, or a conversation, which may still be on its way. One may stand under several headings. */
export type Line = { head: string; key: string; count: number } | { id: string; row: ConversationRow | null; key: string };

/** The lines of a list that stands under headings. */
export function lines(groups: readonly ConversationGroup[], known: (id: string) => ConversationRow | undefined): Line[] {
  return groups.flatMap(({ key, name, conversations }): Line[] => [
    { head: name, key: `group ${key}`, count: conversations.length },
    ...conversations.map((id) => ({ id, row: known(id) ?? null, key: `${key} ${id}` })),
  ]);
}

/** The same headings without some conversations; what stands over nothing goes. */
export function without(groups: readonly ConversationGroup[], gone: (id: string) => boolean): ConversationGroup[] {
  return groups
    .map((group) => ({ ...group, conversations: group.conversations.filter((id) => !gone(id)) }))
    .filter((group) => group.conversations.length > 0);
}

/** New headings in which one conversation stays where it was in the old ones. */
export function keeping(next: ConversationGroup[], before: readonly ConversationGroup[], id: string): ConversationGroup[] {
  if (next.some((group) => group.conversations.includes(id))) return next;
  const held = [...next];
  before.forEach((group, place) => {
    const at = group.conversations.indexOf(id);
    if (at < 0) return;
    const same = held.findIndex((one) => one.key === group.key);
    const found = held[same];
    if (found) held[same] = { ...found, conversations: found.conversations.toSpliced(at, 0, id) };
    else held.splice(place, 0, { ...group, conversations: [id] });
  });
  return held;
}
