import type { ConversationRow } from "../bindings/ConversationRow";

export type Grouping = "none" | "client" | "record";

/** A line of the list: a group's heading, or a conversation. */
export type Line = { head: string; key: string; count: number } | { row: ConversationRow; key: string };

/** What a conversation is grouped under: key and heading, both empty if nothing. */
function group(row: ConversationRow, by: Grouping): [string, string] {
  if (by === "record") {
    const record = row.records.find((one) => !one.deleted);
    return record ? [record.id, record.title] : ["", ""];
  }
  return row.space_kind === "client" ? [row.space, row.space_name] : ["", ""];
}

/** The lines of a list. Groups stand where their newest conversation would; what belongs to none comes last. */
export function lines(rows: ConversationRow[], by: Grouping): Line[] {
  if (by === "none") return rows.map((row) => ({ row, key: row.id }));
  const groups = new Map<string, { head: string; rows: ConversationRow[] }>();
  for (const row of rows) {
    const [key, head] = group(row, by);
    const found = groups.get(key) ?? { head, rows: [] };
    found.rows.push(row);
    groups.set(key, found);
  }
  const rest = groups.get("");
  groups.delete("");
  if (rest) groups.set("", rest);
  return [...groups].flatMap(([key, found]) => [
    { head: found.head, key: `group ${key}`, count: found.rows.length },
    ...found.rows.map((row) => ({ row, key: row.id })),
  ]);
}
