import type { Named } from "./bindings/Named";

export interface MentionHit {
  from: number;
  to: number;
  list: Named[];
}

const SHOWN = 7;

/** The people whose names fit the `@word` before the caret; names may hold spaces. */
export function completeMention(text: string, caret: number, people: readonly Named[]): MentionHit | null {
  const before = text.slice(Math.max(0, caret - 64), caret);
  const at = before.lastIndexOf("@");
  if (at < 0 || /[\p{L}\p{N}]/u.test(before.charAt(at - 1))) return null;
  const query = before.slice(at + 1).toLocaleLowerCase();
  if (/^\s|\n/u.test(query)) return null;
  const list = people.filter(({ me, name }) => !me && fits(name.toLocaleLowerCase(), query)).slice(0, SHOWN);
  return list.length === 0 ? null : { from: caret - query.length - 1, to: caret, list };
}

/** A name is found by the beginning of any of its words; once it stands there as a whole there is nothing to choose. */
function fits(name: string, query: string): boolean {
  if (name === query.trimEnd()) return false;
  return name.startsWith(query) || name.split(" ").some((word) => word.startsWith(query));
}
