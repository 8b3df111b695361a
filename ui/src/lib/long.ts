/** What of a message is shown at once: one that fills pages is unfolded by who wants it, and none can hold the page up. */
const LETTERS = 3000;
const LINES = 60;
/** A little more than is shown at once is shown too: unfolding a line would be a joke. */
const SLACK = 1.2;

/** The beginning of a long text, up to the end of a word if there is one near; null if all of it is shown. */
export function beginning(text: string): string | null {
  const lines = text.split("\n", Math.ceil(LINES * SLACK) + 1);
  if (text.length <= LETTERS * SLACK && lines.length <= LINES * SLACK) return null;
  const cut = lines.slice(0, LINES).join("\n").slice(0, LETTERS);
  const word = cut.length < LETTERS ? -1 : cut.search(/\s\S{0,80}$/u);
  // Half a letter is none.
  return (word > 0 ? cut.slice(0, word) : cut.replace(/[\ud800-\udbff]$/u, "")).trimEnd();
}
