import { visible } from "./hostile";
import type { App } from "./state/app.svelte";
import type { PendingFiles } from "./state/files.svelte";
import { t } from "./text";

/** Puts files to a message, and says which were too big. */
export function attach(app: App, files: PendingFiles, given: Iterable<File>): void {
  for (const file of files.add(given)) {
    app.toasts.show(t.file.tooLarge(visible(file.name)), { kind: "error", code: "too_large" });
  }
}

/** Pasted files, if there is no text to paste beside them. */
export function pastedFiles(event: ClipboardEvent): File[] {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length === 0 || event.clipboardData?.getData("text/plain")) return [];
  event.preventDefault();
  return files;
}

interface Drop {
  take: (files: FileList) => void;
  over: (over: boolean) => void;
}

/** A place where files can be dropped. */
export function fileDrop(node: HTMLElement, { take, over }: Drop): { destroy: () => void } {
  let depth = 0;
  const stop = new AbortController();
  const listen = (name: "dragenter" | "dragleave" | "dragover" | "drop", handler: (event: DragEvent) => void): void =>
    node.addEventListener(name, handler, { signal: stop.signal });
  const hasFiles = (event: DragEvent): boolean => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const enter = (by: number): void => {
    depth = Math.max(0, depth + by);
    over(depth > 0);
  };
  listen("dragenter", (event) => hasFiles(event) && enter(1));
  listen("dragleave", (event) => hasFiles(event) && enter(-1));
  listen("dragover", (event) => hasFiles(event) && event.preventDefault());
  listen("drop", (event) => {
    enter(-depth);
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  return { destroy: () => stop.abort() };
}
