import type { Backend } from "../backend";
import type { FileRoom } from "../bindings/FileRoom";
import type { FileRulesSet } from "../bindings/FileRulesSet";

/** What files take on this device, and by which rules: asked for when it is shown. */
export class FilesRoom {
  value = $state.raw<FileRoom | null>(null);

  constructor(private readonly backend: Backend) {}

  async load(): Promise<void> {
    this.value = await this.backend.call("file_room", {});
  }

  async set(change: Partial<FileRulesSet>): Promise<void> {
    this.value = await this.backend.call("file_rules_set", change);
  }

  /** Takes everything off that can be loaded again; answers how many bytes that was. */
  async free(): Promise<number> {
    const before = this.value?.bytes ?? 0;
    this.value = await this.backend.call("files_free", {});
    return Math.max(0, before - this.value.bytes);
  }
}
