import type { Attachment } from "../bindings/Attachment";
import type { FileSource } from "../bindings/FileSource";
import type { HandedFile } from "../backend";
import { t, tell } from "../text";

/** Somebody who takes files that the shell holds. */
export interface Takes {
  take(file: HandedFile): Promise<void> | void;
}

/** What is shown of a file that goes with a message which is still being written. */
export interface Chip {
  key: string;
  name: string;
  size: number;
  /** A small picture of it. */
  picture?: string | null;
  /** How it stands, if there is something to say. */
  note?: string;
  /** 0 to 1, while it is on its way. */
  progress?: number | null;
  busy?: boolean;
  /** A recording that can be played. */
  sound?: Attachment;
}

/** The relay does not take it: it is on its author's devices only. */
export function refused(file: Attachment): file is Attachment & { state: "refused" | "too_large" } {
  return file.state === "refused" || file.state === "too_large";
}

/** How a file stands, if there is something to say. */
export function standing(file: Attachment): string {
  if (file.held) return tell(file.held);
  return file.state === "uploading" || file.state === "downloading" ? t.file[file.state](file.progress) : t.file[file.state];
}

/** What is shown of a draft's file, also of one that waits with its message for a time. */
export function chip(file: Attachment): Chip {
  const moving = file.state === "uploading";
  const note = moving ? t.file.ahead(Math.round(file.progress * 100)) : refused(file) || file.held ? standing(file) : "";
  return {
    key: file.id,
    name: file.name,
    size: file.size,
    picture: file.thumbnail,
    ...(file.voice ? { sound: file } : {}),
    note,
    progress: moving ? file.progress : null,
  };
}

/** The engine takes it by its number: what is in it never passes the page. */
export function source(file: HandedFile): FileSource {
  return { given: { number: file.id } };
}

/** The files of a message that begins a conversation. They live as long as the window. */
export class PendingFiles implements Takes {
  list = $state.raw<HandedFile[]>([]);

  readonly chips = $derived(this.list.map((file): Chip => ({ key: String(file.id), name: file.name, size: file.size })));

  take(file: HandedFile): void {
    this.list = [...this.list, file];
  }

  remove(key: string): void {
    this.list = this.list.filter((file) => String(file.id) !== key);
  }

  clear(): void {
    this.list = [];
  }
}
