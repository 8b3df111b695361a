import type { ConversationRow } from "../bindings/ConversationRow";

export type Grouping = "none" | "client";

/** A line of the list: a group's heading, or a conversation. */
export type Line = { head: string; key: string; count: number } | { row: ConversationRow; key: string };

/** The lines of a list. Groups stand where their newest conversation would; what belongs to no client comes last. */
export function lines(rows: ConversationRow[], by: Grouping): Line[] {
  if (by === "none") return rows.map((row) => ({ row, key: row.id }));
  const groups = new Map<string, { head: string; rows: ConversationRow[] }>();
  for (const row of rows) {
    const key = row.space_kind === "client" ? row.space : "";
    const group = groups.get(key) ?? { head: key === "" ? "" : row.space_name, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  const rest = groups.get("");
  groups.delete("");
  if (rest) groups.set("", rest);
  return [...groups].flatMap(([key, group]) => [
    { head: group.head, key: `group ${key}`, count: group.rows.length },
    ...group.rows.map((row) => ({ row, key: row.id })),
  ]);
}
