/** Puts marks around what is selected in a field, or takes them away if they are there. Answers the text and the selection. */
export function wrap(text: string, from: number, to: number, mark: string): { text: string; from: number; to: number } {
  const size = mark.length;
  if (text.slice(from - size, from) === mark && text.slice(to, to + size) === mark) {
    return { text: text.slice(0, from - size) + text.slice(from, to) + text.slice(to + size), from: from - size, to: to - size };
  }
  return { text: text.slice(0, from) + mark + text.slice(from, to) + mark + text.slice(to), from: from + size, to: to + size };
}
