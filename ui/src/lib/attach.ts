import { asCallError, type HandedFile } from "./backend";
import { FILE_BYTES } from "./bindings/constants";
import { visible } from "./hostile";
import type { App } from "./state/app.svelte";
import type { Takes } from "./state/files.svelte";
import { t } from "./text";

/** Puts files to a message that the page holds itself: the shell keeps them first. */
export async function attach(app: App, to: Takes, given: Iterable<File>): Promise<void> {
  for (const file of given) {
    if (file.size > FILE_BYTES) tooLarge(app, file.name);
    else await tried(app, async () => to.take(await app.backend.shell.keepFile(file)));
  }
}

/** Puts files to a message that the desktop handed to the window. */
export async function attachHanded(app: App, to: Takes, given: HandedFile[]): Promise<void> {
  const all = given.map((file) => (file.size > FILE_BYTES ? tooLarge(app, file.name) : tried(app, async () => to.take(file))));
  await Promise.all(all);
}

/** Lets the person choose files. */
export async function choose(app: App, to: Takes): Promise<void> {
  await tried(app, async () => attachHanded(app, to, await app.backend.shell.pickFiles()));
}

async function tried(app: App, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    app.fail(asCallError(thrown));
  }
}

function tooLarge(app: App, name: string): void {
  app.toasts.show(t.file.tooLarge(visible(name)), { kind: "error", code: "too_large" });
}

/** Puts pasted files to a message, if there is no text to paste beside them. */
export function paste(app: App, to: Takes, event: ClipboardEvent): void {
  const held = event.clipboardData;
  if (!held) return;
  const text = held.getData("text/plain");
  const given = [...held.files];
  if (given.length > 0) {
    if (text) return;
    event.preventDefault();
    void attach(app, to, given);
    return;
  }
  // Some webviews show a page that files were copied and keep the files to themselves.
  const keeps = held.types.includes("text/uri-list") && held.getData("text/uri-list") === "";
  if (text && !keeps) return;
  if (keeps) event.preventDefault();
  void app.backend.shell.clipboardFiles().then(
    (handed) => attachHanded(app, to, handed),
    (thrown: unknown) => app.fail(thrown),
  );
}
