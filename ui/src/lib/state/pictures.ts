import type { Backend } from "../backend";
import type { Attachment } from "../bindings/Attachment";

const KEPT = 60;
const urls = new Map<string, Promise<string>>();

/** A picture's bytes as an address the page can show; the last ones are kept. */
export function pictureOf(backend: Backend, file: Attachment): Promise<string> {
  const known = urls.get(file.id);
  if (known) return known;
  const made = backend.call("attachment_read", { id: file.id }).then((data) => {
    const bytes = Uint8Array.from(atob(data.base64), (letter) => letter.charCodeAt(0));
    return URL.createObjectURL(new Blob([bytes], { type: data.mime }));
  });
  urls.set(file.id, made);
  made.catch(() => urls.delete(file.id));
  for (const [id, old] of urls) {
    if (urls.size <= KEPT) break;
    urls.delete(id);
    void old.then((url) => URL.revokeObjectURL(url), () => undefined);
  }
  return made;
}

/** Nothing of a locked profile stays in the window. */
export function forgetPictures(): void {
  for (const made of urls.values()) void made.then((url) => URL.revokeObjectURL(url), () => undefined);
  urls.clear();
}
