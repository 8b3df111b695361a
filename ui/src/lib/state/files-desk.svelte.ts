import type { Attachment } from "../bindings/Attachment";
import { visible } from "../hostile";
import { Close, Copy, Download, File, Here, Retry, Talk } from "../icons";
import { keepItems } from "../keep";
import { t } from "../text";
import { testids } from "../testids";
import type { MenuItem } from "../ui/Menu.svelte";
import type { App } from "./app.svelte";
import { refused } from "./files.svelte";
import { isPicture, pngOf } from "./pictures";

/** What is done with files that came: opened elsewhere, saved, shown where they are, copied. */
export class FilesDesk {
  /** A file that is opened when the person says so. */
  asking = $state.raw<Attachment | null>(null);

  constructor(private readonly app: App) {}

  /** What a press on it does: a picture is shown, others are opened, and what is not here is fetched. */
  press(file: Attachment): void {
    if (isPicture(file)) this.app.router.go("picture", file.id);
    else if (file.here) void this.open(file);
    else void this.fetch(file);
  }

  async open(file: Attachment, sure = false): Promise<void> {
    try {
      if (!(await this.app.backend.shell.openFile(file.id, sure))) this.asking = file;
    } catch (thrown) {
      this.app.fail(thrown);
    }
  }

  /** Answers whether there is a copy now. */
  async save(file: Attachment): Promise<boolean> {
    try {
      const path = await this.app.backend.shell.savePath(file.name);
      if (!path) return false;
      await this.app.call("attachment_save", { attachment: file.id, path });
      this.app.toasts.show(t.file.saved(visible(file.name)), { action: { label: t.file.show, run: () => void this.show(file) } });
      return true;
    } catch (thrown) {
      this.app.fail(thrown);
      return false;
    }
  }

  /** In the file manager: where it was saved, or where it is being saved now. */
  async show(file: Attachment): Promise<void> {
    const { shell } = this.app.backend;
    try {
      if (await shell.showFile(file.id)) return;
      if (await this.save(file)) await shell.showFile(file.id);
    } catch (thrown) {
      this.app.fail(thrown);
    }
  }

  async copy(file: Attachment): Promise<void> {
    try {
      await this.app.backend.shell.copyPicture(pngOf(this.app.backend, file));
      this.app.toasts.show(t.file.copied);
    } catch (thrown) {
      this.app.fail(thrown);
    }
  }

  async fetch(file: Attachment): Promise<void> {
    await this.app.attempt("attachment_fetch", { id: file.id });
  }

  /** What a menu offers for it; `at` is where it came. */
  items(file: Attachment, at: { conversation: string; message: string } | null = null): MenuItem[] {
    const { state, here } = file;
    const list: MenuItem[] = [];
    if (state === "remote" || state === "failed" || state === "gone") list.push({ label: t.file.get, icon: Download, testid: testids.fileGet, run: () => void this.fetch(file) });
    if (here) {
      list.push(
        { label: t.file.openElsewhere, icon: File, testid: testids.fileOpen, run: () => void this.open(file) },
        { label: t.file.save, icon: Download, testid: testids.fileSave, run: () => void this.save(file) },
        { label: t.file.show, icon: Here, testid: testids.fileShow, run: () => void this.show(file) },
      );
      if (isPicture(file)) list.push({ label: t.file.copy, icon: Copy, testid: testids.fileCopy, run: () => void this.copy(file) });
    }
    if (state === "stopped" || refused(file)) list.push({ label: t.file.again(visible(file.name)), icon: Retry, run: () => void this.fetch(file) });
    if (state === "downloading" || state === "uploading" || state === "waiting") {
      list.push({ label: t.file.stop(visible(file.name)), icon: Close, run: () => void this.app.attempt("attachment_stop", { id: file.id }) });
    }
    list.push(...keepItems(this.app, file));
    if (at) list.push({ label: t.file.jump, icon: Talk, testid: testids.fileJump, run: () => this.app.router.go("conversation", at.conversation, { m: at.message }) });
    return list;
  }
}
