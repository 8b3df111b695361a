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
}

/** Messages in order, each with what separates it from the one before. */
export function timeline(rows: MessageRow[], unreadFrom: string | null): Item[] {
  return rows.map((row, index) => {
    const before = rows[index - 1];
    const day = !before || !sameDay(before.at, row.at);
    const divider = row.id === unreadFrom;
    const apart = !before || before.author !== row.author || Math.abs(Date.parse(row.at) - Date.parse(before.at)) > GROUP_MS;
    return { row, day, divider, head: day || divider || apart || row.late };
  });
}
