import type { FileSource } from "../bindings/FileSource";

export const MAX_FILE = 50 * 1024 * 1024;

/** A file that goes with a message that is still being written. */
export interface PendingFile {
  key: number;
  name: string;
  size: number;
  /** For a picture, to show it. */
  url: string | null;
  held: File;
}

/** The files of a message that is still being written. They live as long as the window. */
export class PendingFiles {
  list = $state.raw<PendingFile[]>([]);
  #key = 0;

  /** Takes files; answers those that are too big. */
  add(files: Iterable<File>): File[] {
    const all = [...files];
    const taken = all.filter((file) => file.size <= MAX_FILE).map((file) => this.#pending(file));
    this.list = [...this.list, ...taken];
    return all.filter((file) => file.size > MAX_FILE);
  }

  remove(key: number): void {
    const gone = this.list.find((file) => file.key === key);
    if (gone?.url) URL.revokeObjectURL(gone.url);
    this.list = this.list.filter((file) => file.key !== key);
  }

  clear(): void {
    for (const file of this.list) this.remove(file.key);
  }

  #pending(file: File): PendingFile {
    this.#key += 1;
    const picture = file.type.startsWith("image/") && typeof URL.createObjectURL === "function";
    return { key: this.#key, name: file.name || "image.png", size: file.size, url: picture ? URL.createObjectURL(file) : null, held: file };
  }
}

/** Files as the engine takes them. */
export function sources(files: PendingFile[]): Promise<FileSource[]> {
  return Promise.all(
    files.map(async (file) => ({
      bytes: { name: file.name, mime: file.held.type || "application/octet-stream", base64: await base64(file.held) },
    })),
  );
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
