import { split } from "./links";

/**
 * The few marks people write in messages: **bold**, *italic* or _italic_, `code`, code blocks, lists, links. A tree comes out,
 * never markup, and everything that is no mark is text as it was typed. One pass over the text, whatever stands in it.
 */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong"; children: Inline[] }
  | { kind: "em"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; url: string; text: string; named: boolean }
  | { kind: "mention"; person: string; name: string; me: boolean };

export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "list"; start: number | null; items: Inline[][] };

export interface Mentioned {
  person: string;
  name: string;
  me: boolean;
}

const FENCE = /^\s{0,3}```[^`]*$/u;
const ITEM = /^\s{0,3}(?:[-*]|(\d{1,4})[.)])\s+(?=\S)/u;
const WORD = /[\p{L}\p{N}]/u;
/** Whether anything in a text can be a mark: most messages are words alone. */
const MARKS = /[*_`@\\]|\]\(|^\s{0,3}(?:-|\d{1,4}[.)])\s/mu;

export function parse(text: string, mentions: readonly Mentioned[] = []): Block[] {
  if (!MARKS.test(text)) return [{ kind: "paragraph", children: plain(text, []) }];
  // Who has no name here stands in the text as they were written.
  const names = mentions.filter((one) => one.name !== "").sort((a, b) => b.name.length - a.name.length);
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let open: string[] = [];
  const close = (): void => {
    if (open.length > 0) blocks.push({ kind: "paragraph", children: inline(open.join("\n"), names) });
    open = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (FENCE.test(line)) {
      const end = lines.findIndex((other, index) => index > at && /^\s{0,3}```\s*$/u.test(other));
      if (end > at) {
        close();
        blocks.push({ kind: "code", text: lines.slice(at + 1, end).join("\n") });
        at = end;
        continue;
      }
    }
    const item = ITEM.exec(line);
    if (item) {
      close();
      const words = inline(line.slice(item[0].length), names);
      const last = blocks.at(-1);
      const start = item[1] === undefined ? null : Number(item[1]);
      const before = lines[at - 1] ?? "";
      if (last?.kind === "list" && (last.start === null) === (start === null) && ITEM.test(before)) last.items.push(words);
      else blocks.push({ kind: "list", start, items: [words] });
    } else open.push(line);
  }
  close();
  return blocks;
}

type Mark = "**" | "*" | "_";
type Token = Inline | { kind: "mark"; mark: Mark; opens: boolean; closes: boolean };

function inline(text: string, mentions: readonly Mentioned[]): Inline[] {
  return pair(tokens(text, mentions));
}

function tokens(text: string, mentions: readonly Mentioned[]): Token[] {
  const out: Token[] = [];
  let from = 0;
  let escaped = "";
  let noCode = false;
  let noLink = false;
  const flush = (to: number): void => {
    const words = escaped + text.slice(from, to);
    if (words !== "") out.push(...plain(words, mentions));
    escaped = "";
  };
  let at = 0;
  const skip = (to: number): void => {
    at = to;
    from = to;
  };
  while (at < text.length) {
    const sign = text[at];
    if (sign === "\\" && /[*_`[\]\\]/u.test(text[at + 1] ?? "")) {
      escaped += text.slice(from, at) + (text[at + 1] ?? "");
      skip(at + 2);
    } else if (sign === "`" && !noCode) {
      const end = text.indexOf("`", at + 1);
      noCode = end < 0;
      if (end > at + 1 && !text.slice(at, end).includes("\n")) {
        flush(at);
        out.push({ kind: "code", text: text.slice(at + 1, end) });
        skip(end + 1);
      } else at += 1;
    } else if (sign === "[" && !noLink) {
      const middle = text.indexOf("](", at);
      noLink = middle < 0;
      const link = middle < 0 || middle - at > 500 ? null : named(text, at, middle);
      if (link) {
        flush(at);
        out.push(link.node);
        skip(link.end);
      } else at += 1;
    } else if (sign === "h" || sign === "w" || sign === "H" || sign === "W") {
      // An address is no place for marks: their signs belong to it.
      const address = /^(?:https?:\/\/|www\.)\S+/iu.exec(text.slice(at, at + 2048));
      at += address && !WORD.test(text[at - 1] ?? "") ? address[0].length : 1;
    } else if (sign === "*" || sign === "_") {
      const mark: Mark = sign === "*" && text[at + 1] === "*" ? "**" : sign;
      const before = text[at - 1] ?? " ";
      const after = text[at + mark.length] ?? " ";
      const opens = /\S/u.test(after) && !WORD.test(before);
      const closes = /\S/u.test(before) && !WORD.test(after);
      if (opens || closes) {
        flush(at);
        out.push({ kind: "mark", mark, opens, closes });
        skip(at + mark.length);
      } else at += mark.length;
    } else at += 1;
  }
  flush(text.length);
  return out;
}

/** `[words](address)`, if the address is one. */
function named(text: string, at: number, middle: number): { node: Inline; end: number } | null {
  const end = text.indexOf(")", middle);
  const words = text.slice(at + 1, middle);
  if (end < 0 || end - middle > 2048 || words.trim() === "" || /[[\n]/u.test(words)) return null;
  const [only, ...more] = split(text.slice(middle + 2, end));
  if (!only?.url || more.length > 0) return null;
  return { node: { kind: "link", url: only.url, text: words, named: true }, end: end + 1 };
}

/** Marks that close close the nearest of their kind; those left over are the signs they are. */
function pair(all: Token[]): Inline[] {
  const levels: Array<{ mark: Mark | null; nodes: Inline[] }> = [{ mark: null, nodes: [] }];
  const open: Record<Mark, number> = { "**": 0, "*": 0, _: 0 };
  const give = (): void => {
    const level = levels.pop();
    if (!level?.mark) return;
    open[level.mark] -= 1;
    levels.at(-1)?.nodes.push({ kind: "text", text: level.mark }, ...level.nodes);
  };
  for (const token of all) {
    if (token.kind !== "mark") {
      levels.at(-1)?.nodes.push(token);
    } else if (token.closes && open[token.mark] > 0 && (levels.at(-1)?.nodes.length ?? 0) > 0) {
      while (levels.at(-1)?.mark !== token.mark) give();
      const level = levels.pop();
      open[token.mark] -= 1;
      const children = level?.nodes ?? [];
      levels.at(-1)?.nodes.push(token.mark === "**" ? { kind: "strong", children } : { kind: "em", children });
    } else if (token.opens && open[token.mark] === 0) {
      open[token.mark] += 1;
      levels.push({ mark: token.mark, nodes: [] });
    } else {
      levels.at(-1)?.nodes.push({ kind: "text", text: token.mark });
    }
  }
  while (levels.length > 1) give();
  return levels[0]?.nodes ?? [];
}

/** Words without marks: addresses and names in them. */
function plain(text: string, mentions: readonly Mentioned[]): Inline[] {
  const out: Inline[] = [];
  for (const part of split(text)) {
    if (part.url) out.push({ kind: "link", url: part.url, text: part.text, named: false });
    else out.push(...people(part.text, mentions));
  }
  return out;
}

function people(text: string, mentions: readonly Mentioned[]): Inline[] {
  if (mentions.length === 0 || !text.includes("@")) return [{ kind: "text", text }];
  const out: Inline[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at < from || WORD.test(text[at - 1] ?? "")) continue;
    const one = mentions.find(({ name }) => text.startsWith(name, at + 1) && !WORD.test(text[at + 1 + name.length] ?? ""));
    if (!one) continue;
    if (at > from) out.push({ kind: "text", text: text.slice(from, at) });
    out.push({ kind: "mention", ...one });
    from = at + 1 + one.name.length;
  }
  if (from < text.length) out.push({ kind: "text", text: text.slice(from) });
  return out;
}

/** The words alone, as they are copied. */
export function words(text: string): string {
  return parse(text).map(blockWords).join("\n");
}

function blockWords(block: Block): string {
  if (block.kind === "code") return block.text;
  if (block.kind === "paragraph") return inlineWords(block.children);
  const { start } = block;
  return block.items.map((item, at) => `${start === null ? "-" : `${start + at}.`} ${inlineWords(item)}`).join("\n");
}

function inlineWords(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "strong" || node.kind === "em") return inlineWords(node.children);
      if (node.kind === "mention") return `@${node.name}`;
      if (node.kind === "link" && node.named) return `${node.text} (${node.url})`;
      return node.text;
    })
    .join("");
}
