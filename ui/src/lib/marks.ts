const NAME = "search";
/** Words marked at most in one message: a hostile one could hold a hundred thousand. */
const MARKED = 200;

/** Where words stand in what an element shows, whatever the case and whatever it is divided into. */
export function rangesOf(element: Node, words: readonly string[]): Range[] {
  const nodes: Array<{ node: Text; start: number }> = [];
  let text = "";
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    nodes.push({ node, start: text.length });
    text += node.data.toLowerCase().length === node.data.length ? node.data.toLowerCase() : node.data;
  }
  const place = (at: number): [Text, number] | null => {
    const found = nodes.findLast((one) => one.start <= at);
    return found ? [found.node, Math.min(at - found.start, found.node.data.length)] : null;
  };
  const ranges: Range[] = [];
  for (const word of words.map((one) => one.toLowerCase()).filter((one) => one !== "")) {
    for (let at = text.indexOf(word); at >= 0 && ranges.length < MARKED; at = text.indexOf(word, at + word.length)) {
      const [start, end] = [place(at), place(at + word.length)];
      if (!start || !end) continue;
      const range = document.createRange();
      range.setStart(...start);
      range.setEnd(...end);
      ranges.push(range);
    }
  }
  return ranges;
}

/** Marks words in an element without touching it, where the webview can. */
export function marked(element: HTMLElement, words: readonly string[] | null): { update(words: readonly string[] | null): void; destroy(): void } {
  let mine = false;
  const clear = (): void => {
    if (mine) CSS.highlights.delete(NAME);
    mine = false;
  };
  const update = (next: readonly string[] | null): void => {
    clear();
    if (!next || next.length === 0 || typeof Highlight === "undefined" || !("highlights" in CSS)) return;
    CSS.highlights.set(NAME, new Highlight(...rangesOf(element, next)));
    mine = true;
  };
  update(words);
  return { update, destroy: clear };
}
