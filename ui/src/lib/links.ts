/** Splits text into plain parts and web links. */
export interface Part {
  text: string;
  url: string | null;
}

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const TAIL = /[.,;:!?)\]}]+$/u;

export function split(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    let raw = match[0];
    const tail = TAIL.exec(raw);
    if (tail && !(tail[0].startsWith(")") && raw.includes("("))) raw = raw.slice(0, tail.index);
    const url = parse(raw);
    if (!url) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), url: null });
    parts.push({ text: raw, url });
    from = match.index + raw.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), url: null });
  return parts;
}

function parse(raw: string): string | null {
  try {
    const url = new URL(raw.toLowerCase().startsWith("www.") ? `https://${raw}` : raw);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Where a link goes: its real host, in ASCII, so that look-alike letters show. */
export function host(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** The first link of a message whose page can be asked: as it is written there, and over a line nobody reads along. */
export function linkToPreview(text: string): string | null {
  return split(text).find((part) => part.url !== null && part.text.startsWith("https://"))?.text ?? null;
}
