/** One replaced range: how one text became another. */
export interface Splice {
  at: number;
  remove: number;
  insert: string;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

export function diff(from: string, to: string): Splice {
  const max = Math.min(from.length, to.length);
  let at = 0;
  while (at < max && from.charCodeAt(at) === to.charCodeAt(at)) at += 1;
  if (at > 0 && (isLowSurrogate(from.charCodeAt(at)) || isLowSurrogate(to.charCodeAt(at)))) at -= 1;
  let end = 0;
  while (
    end < max - at &&
    from.charCodeAt(from.length - 1 - end) === to.charCodeAt(to.length - 1 - end)
  ) {
    end += 1;
  }
  if (end > 0 && isLowSurrogate(from.charCodeAt(from.length - end))) end -= 1;
  return { at, remove: from.length - at - end, insert: to.slice(at, to.length - end) };
}

/** Where a caret goes when a splice happens around it. */
export function moveCaret(caret: number, splice: Splice): number {
  if (caret <= splice.at) return caret;
  if (caret >= splice.at + splice.remove) return caret + splice.insert.length - splice.remove;
  return splice.at + splice.insert.length;
}

export function apply(text: string, splice: Splice): string {
  return text.slice(0, splice.at) + splice.insert + text.slice(splice.at + splice.remove);
}

/** What became of `base` here and elsewhere, in one text. What either side typed is kept. */
export function merge(base: string, here: string, elsewhere: string): { text: string; remote: Splice } {
  const mine = diff(base, here);
  const theirs = diff(base, elsewhere);
  const mineEnd = mine.at + mine.remove;
  const theirsEnd = theirs.at + theirs.remove;
  let remote: Splice;
  if (theirsEnd <= mine.at) {
    remote = theirs;
  } else if (theirs.at >= mineEnd) {
    remote = { ...theirs, at: theirs.at + mine.insert.length - mine.remove };
  } else {
    const before = Math.max(0, mine.at - theirs.at);
    remote = { at: mine.at - before, remove: before, insert: theirs.insert };
  }
  return { text: apply(here, remote), remote };
}
