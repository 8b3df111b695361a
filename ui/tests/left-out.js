// The body of a function, for vitest and for the driver of the real window: while a pseudo-locale frames every text of the
// catalogue, it returns what stands on the page without a frame. What people wrote is marked: `<bdi>`, `dir="auto"` or
// `data-content`; an element whose label alone is theirs says `data-content="label"`. Keys are `<kbd>`, codes `<code>`.
const CONTENT = "script, style, kbd, code, bdi, textarea, [dir=auto], [data-content='']";
const LABELS = ["aria-label", "aria-description", "aria-valuetext", "aria-roledescription", "title", "placeholder", "alt", "label"];

function bare(text) {
  let depth = 0;
  let outside = "";
  for (const letter of text) {
    if (letter === "⟦") depth += 1;
    else if (letter === "⟧") depth -= 1;
    else if (depth === 0) outside += letter;
  }
  return /\p{L}/u.test(outside) || depth !== 0;
}

function place(element) {
  return element.cloneNode(false).outerHTML.slice(0, 160);
}

const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  const parent = node.parentElement;
  if (parent === null || parent.closest(CONTENT) || !bare(node.data)) continue;
  found.push(`text ${JSON.stringify(node.data.trim().slice(0, 80))} in ${place(parent)}`);
}
for (const element of document.body.querySelectorAll("*")) {
  if (element.matches("bdi, [data-content]")) continue;
  for (const name of LABELS) {
    const text = element.getAttribute(name);
    if (text && bare(text)) found.push(`${name} ${JSON.stringify(text.slice(0, 80))} in ${place(element)}`);
  }
}
return found;
