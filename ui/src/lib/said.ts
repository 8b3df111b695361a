import { UNNAMED } from "./bindings/constants";
import type { Attachment } from "./bindings/Attachment";
import type { Choice } from "./bindings/Choice";
import type { FilesKind } from "./bindings/FilesKind";
import type { FilesSaid } from "./bindings/FilesSaid";
import type { MessageRow } from "./bindings/MessageRow";
import type { Quote } from "./bindings/Quote";
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
