import type { Attachment } from "./bindings/Attachment";
import { Kept, Remove } from "./icons";
import type { App } from "./state/app.svelte";
import { t } from "./text";
import { testids } from "./testids";
import type { MenuItem } from "./ui/Menu.svelte";

/** What can be said of a file's place on this device, beside what can be done with it. */
export function keepItems(app: App, file: Attachment): MenuItem[] {
  const pin = (on: boolean): void => {
    void app.attempt("file_pin", { id: file.id, on }).then((done) => done && app.toasts.show(on ? t.keep.pinned : t.keep.unpinned));
  };
  const items: MenuItem[] = [
    { label: file.pinned ? t.keep.unpin : t.keep.pin, icon: Kept, testid: testids.filePin, run: () => pin(!file.pinned) },
  ];
  if (file.state === "ready") {
    const run = (): void => void app.attempt("file_drop", { id: file.id }).then((done) => done && app.toasts.show(t.keep.dropped));
    items.push({ label: t.keep.drop, icon: Remove, testid: testids.fileDrop, run });
  }
  return items;
}
