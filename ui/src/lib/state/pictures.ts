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

const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"];

/** Whether it says it is a picture the window may draw. What it is shows when it is read. */
export function isPicture(file: Attachment): boolean {
  return KINDS.includes(file.mime);
}

/** A picture as other programs take it from the clipboard. */
export async function pngOf(backend: Backend, file: Attachment): Promise<Blob> {
  const picture = new Image();
  picture.src = await pictureOf(backend, file);
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  return new Promise((done, failed) => canvas.toBlob((png) => (png ? done(png) : failed(new Error("no picture"))), "image/png"));
}
