import { asCallError, type HandedFile } from "./backend";
import { visible } from "./hostile";
import type { App } from "./state/app.svelte";
import { MAX_FILE, type PendingFiles } from "./state/files.svelte";
import { t } from "./text";

/** Puts files to a message, and says which were too big. */
export function attach(app: App, files: PendingFiles, given: Iterable<File>): void {
  for (const file of files.add(given)) tooLarge(app, file.name);
}

/** Puts files to a message that the desktop handed to the window: only what can be sent is read. */
export async function attachHanded(app: App, files: PendingFiles, given: HandedFile[]): Promise<void> {
  for (const file of given) {
    if (file.size > MAX_FILE) {
      tooLarge(app, file.name);
      continue;
    }
    try {
      files.add([await app.backend.shell.handedFile(file)]);
    } catch (thrown) {
      app.fail(asCallError(thrown));
    }
  }
}

function tooLarge(app: App, name: string): void {
  app.toasts.show(t.file.tooLarge(visible(name)), { kind: "error", code: "too_large" });
}

/** Puts pasted files to a message, if there is no text to paste beside them. */
export function paste(app: App, files: PendingFiles, event: ClipboardEvent): void {
  const held = event.clipboardData;
  if (!held) return;
  const text = held.getData("text/plain");
  const given = [...held.files];
  if (given.length > 0) {
    if (text) return;
    event.preventDefault();
    attach(app, files, given);
    return;
  }
  // Some webviews show a page that files were copied and keep the files to themselves.
  const keeps = held.types.includes("text/uri-list") && held.getData("text/uri-list") === "";
  if (text && !keeps) return;
  if (keeps) event.preventDefault();
  void app.backend.shell.clipboardFiles().then(
    (handed) => attachHanded(app, files, handed),
    (thrown: unknown) => app.fail(thrown),
  );
}
