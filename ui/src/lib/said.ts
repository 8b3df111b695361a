import { UNNAMED } from "./bindings/constants";
import type { Attachment } from "./bindings/Attachment";
import type { Choice } from "./bindings/Choice";
import type { FilesKind } from "./bindings/FilesKind";
import type { FilesSaid } from "./bindings/FilesSaid";
import type { MessageRow } from "./bindings/MessageRow";
import type { Quote } from "./bindings/Quote";
import type { SnippetPart } from "./bindings/SnippetPart";
import { duration } from "./format";
import { visible } from "./hostile";
import { words } from "./markdown";
import { t } from "./text";

/** What a conversation is called; without a name it is one that nobody else is in. */
export function titled(title: string): string {
  if (title === UNNAMED) return t.common.somebody;
  return title === "" ? t.list.alone : visible(title);
}

/** What a person is called, also before their name has come. */
export function called(name: string): string {
  return name === "" ? t.common.somebody : visible(name);
}

/** What a device is called, also if nobody ever said. */
export function calledDevice(name: string): string {
  return name === "" ? t.common.device : visible(name);
}

/** What is offered to be chosen: a conversation with those by whose names it was found. */
export function offered(one: Choice): string {
  return one.people.length === 0 ? titled(one.title) : t.pick.with(titled(one.title), one.people.map(visible));
}

/** What a line says of a message: its words without their marks, or what it holds instead. */
export function said(text: string, files: FilesSaid | null): string {
  if (!files) return words(text);
  const { kind, count, duration_ms, name } = files;
  if (kind === "voice") return count === 1 && duration_ms !== null ? t.file.said.voiceOf(duration(duration_ms)) : t.file.said.voice(count);
  if (kind === "file" && count === 1 && name !== "") return visible(name);
  return t.file.said[kind](count);
}

/** What of a message was found, in words as they are read. Hits were marked in what was written: the nth time that is in there it
 * is the nth time here too, for nothing but marks goes; one with marks in it is as many as they divide it into. */
export function unmarked(parts: SnippetPart[]): SnippetPart[] {
  const written = parts.map((part) => part.text).join("");
  const read = words(written);
  if (read === written) return parts;
  const out: SnippetPart[] = [];
  let [at, to] = [0, 0];
  for (const part of parts) {
    for (const piece of part.hit ? part.text.matchAll(/[^*_`\\[\]()]+/gu) : []) {
      const before = places(written, piece[0]).filter((one) => one < at + piece.index).length;
      const place = places(read, piece[0])[before];
      if (place === undefined || place < to) continue;
      if (place > to) out.push({ text: read.slice(to, place), hit: false });
      to = place + piece[0].length;
      out.push({ text: piece[0], hit: true });
    }
    at += part.text.length;
  }
  if (to < read.length) out.push({ text: read.slice(to), hit: false });
  return out;
}

function places(text: string, piece: string): number[] {
  const all: number[] = [];
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + 1)) all.push(at);
  return all;
}

function kindOf(file: Attachment): FilesKind {
  if (file.voice) return "voice";
  const kind = file.mime.split("/")[0];
  return kind === "image" ? "photo" : kind === "video" ? "video" : "file";
}

/** The same for a message that is at hand, as the engine says it of others. */
export function filesSaid(files: Attachment[]): FilesSaid | null {
  const [first] = files;
  if (!first) return null;
  const kind = files.every((file) => kindOf(file) === kindOf(first)) ? kindOf(first) : "file";
  const long = kind === "voice" ? files.reduce((all, file) => all + (file.voice?.duration_ms ?? 0), 0) : null;
  return { kind, count: files.length, duration_ms: long, name: files.length === 1 ? first.name : "" };
}

/** What stands above an answer to a message. */
export function quoteOf(row: MessageRow): Quote {
  const preview = row.body.slice(0, 100);
  return { id: row.id, author_name: row.author_name, preview, files: preview === "" ? filesSaid(row.attachments) : null, deleted: row.deleted };
}

/** What is said of the message that something answers. */
export function quoted(quote: Quote): string {
  return quote.deleted ? t.list.deleted : said(quote.preview, quote.files);
}
