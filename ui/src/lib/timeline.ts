import type { MergedPart } from "./bindings/MergedPart";
import type { MessageRow } from "./bindings/MessageRow";
import { sameDay } from "./format";

const GROUP_MS = 5 * 60_000;

/** A message and what stands around it in a conversation. */
export interface Item {
  row: MessageRow;
  /** The first message of its day. */
  day: boolean;
  /** The unread divider stands before it. */
  divider: boolean;
  /** It shows its author: the one before is another's, or long ago. */
  head: boolean;
  /** What was merged into the conversation before it was written. */
  merged: MergedPart[];
}

/** What was merged between two moments; what waits has no moment yet and is the last. */
export function mergedBetween(parts: readonly MergedPart[], after: string | null, until: string | null): MergedPart[] {
  return parts.filter((part) => (after === null || part.at === null || part.at > after) && (until === null || (part.at !== null && part.at <= until)));
}

/** What an item was made of besides its message. */
interface Made {
  item: Item;
  before: MessageRow | undefined;
  parts: readonly MergedPart[];
}

/**
 * Messages in order, each with what separates it from the one before. What stands around a message as it stood before is the
 * same item: a list draws only what changed, however many messages come in front.
 */
export class Timeline {
  #made = new WeakMap<MessageRow, Made>();

  of(rows: MessageRow[], unreadFrom: string | null, parts: readonly MergedPart[] = []): Item[] {
    return rows.map((row, index) => {
      const before = rows[index - 1];
      const divider = row.id === unreadFrom;
      const made = this.#made.get(row);
      if (made && made.before === before && made.item.divider === divider && same(made.parts, parts)) return made.item;
      const item = itemOf(row, before, divider, parts);
      this.#made.set(row, { item, before, parts });
      return item;
    });
  }
}

function same(a: readonly MergedPart[], b: readonly MergedPart[]): boolean {
  return a === b || (a.length === 0 && b.length === 0);
}

function itemOf(row: MessageRow, before: MessageRow | undefined, divider: boolean, parts: readonly MergedPart[]): Item {
  const day = !before || !sameDay(before.at, row.at);
  const apart = !before || before.author !== row.author || Math.abs(Date.parse(row.at) - Date.parse(before.at)) > GROUP_MS;
  const merged = before ? mergedBetween(parts, before.at, row.at) : [];
  return { row, day, divider, merged, head: day || divider || merged.length > 0 || apart || row.late };
}
