/** How well `query` fits `text`: as it stands, by its words in any order, or by letters in order, better at word starts and in
 * runs. Null when it doesn't. */
export function score(query: string, text: string): number | null {
  const wanted = fold(query);
  const held = fold(text);
  return whole(wanted, held) ?? words(wanted, held) ?? letters(wanted, held);
}

function whole(wanted: string, held: string): number | null {
  const at = held.indexOf(wanted);
  return at < 0 ? null : 1000 - at - (at > 0 && /\p{L}|\p{N}/u.test(held.charAt(at - 1)) ? 200 : 0) - held.length / 100;
}

function words(wanted: string, held: string): number | null {
  const each = wanted.split(/\s+/u).map((word) => whole(word, held));
  const points = each.filter((one) => one !== null);
  return points.length === each.length ? Math.min(...points) / 2 : null;
}

function letters(wanted: string, held: string): number | null {
  let total = 0;
  let at = -1;
  for (const letter of wanted) {
    if (/\s/u.test(letter)) continue;
    const next = held.indexOf(letter, at + 1);
    if (next < 0) return null;
    const start = next === 0 || !/\p{L}|\p{N}/u.test(held.charAt(next - 1));
    total += next === at + 1 ? 8 : start ? 6 : 1;
    total -= Math.min(5, (next - at - 1) / 4);
    at = next;
  }
  return total;
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** The entries that fit, best first; equal ones keep their order. */
export function rank<T>(query: string, entries: readonly T[], text: (entry: T) => string): T[] {
  return entries
    .map((entry, index) => ({ entry, index, points: score(query, text(entry)) }))
    .filter((one): one is { entry: T; index: number; points: number } => one.points !== null)
    .sort((a, b) => b.points - a.points || a.index - b.index)
    .map((one) => one.entry);
}
