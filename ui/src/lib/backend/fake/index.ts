import type { ConversationRow } from "../../bindings/ConversationRow";
import type { MessageRow } from "../../bindings/MessageRow";
import type { VoiceShown } from "../../bindings/VoiceShown";
import type { DesktopWords } from "../../desktop";
import { CallError, type Answer, type Args, type Backend, type CallName, type EngineEvent, type FileDrag, type HandedFile, type OpenConversation, type Shell, type VoiceProgress } from "../index";
import { handlers } from "./handlers";
import { draft, empty, type World } from "./world";

/** An engine that lives in memory: for component tests and for working on the page in a browser. */
export class FakeBackend implements Backend {
  readonly calls: Array<{ name: CallName; args: unknown }> = [];
  readonly badges: number[] = [];
  /** What is said outside the window. */
  words: DesktopWords | null = null;
  readonly opened: string[] = [];
  /** Files that are opened only when the person says so, those saved, those asked to be shown, and pictures copied. */
  readonly unsafe = new Set<string>();
  readonly saved = new Set<string>();
  readonly shown: string[] = [];
  readonly copied: Blob[] = [];
  /** What is in files that the desktop hands over, by their numbers, and what its clipboard holds. */
  readonly handed: Record<number, HandedFile & { voice?: VoiceShown }> = {};
  /** Whether there is a microphone, and how long what it records is. */
  hears = true;
  recorded = 4200;
  readonly voices = new Set<(progress: VoiceProgress) => void>();
  /** Whether the app was told to end. */
  over = false;
  /** What the person chooses when asked for files. */
  picked: HandedFile[] = [];
  clipboard: HandedFile[] = [];
  /** Calls that shall fail, with the error they fail with. */
  readonly failing = new Map<CallName, CallError>();
  /** Holds answers back until it is let go. */
  readonly gates = new Map<CallName, Promise<void>>();
  #handlers = new Set<(event: EngineEvent) => void>();
  #deepLinks = new Set<(link: string) => void>();
  #targets = new Set<(target: OpenConversation) => void>();
  #menus = new Set<(item: string) => void>();
  #drags = new Set<(drag: FileDrag) => void>();
  #drafts = new Map<string, Map<string, string>>();
  #revision = 1;

  constructor(public world: World) {}

  async call<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N>> {
    this.calls.push({ name, args: structuredClone(args) });
    await this.gates.get(name);
    const failure = this.failing.get(name);
    if (failure) throw failure;
    return structuredClone(handlers[name](this, args as never)) as Answer<N>;
  }

  async listen(handler: (event: EngineEvent) => void): Promise<() => void> {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  emit(event: EngineEvent): void {
    for (const handler of this.#handlers) handler(structuredClone(event));
  }

  /** Something is chosen in the menu of the system. */
  menu(item: string): void {
    for (const handler of this.#menus) handler(item);
  }

  /** Somebody drags files over the window. */
  drag(drag: FileDrag): void {
    for (const handler of this.#drags) handler(drag);
  }

  /** The microphone hears something. */
  voice(progress: VoiceProgress): void {
    for (const handler of this.voices) handler(progress);
  }

  deepLink(link: string): void {
    for (const handler of this.#deepLinks) handler(link);
  }

  openConversation(target: OpenConversation): void {
    for (const handler of this.#targets) handler(target);
  }

  /** All changes are counted in one row, as the engine does. */
  get revision(): number {
    return this.#revision;
  }

  #next(): { previous: number; revision: number } {
    const previous = this.#revision;
    this.#revision += 1;
    return { previous, revision: this.#revision };
  }

  /** Another profile is opened: its changes are counted anew. */
  restart(): void {
    this.#revision = 1;
  }

  /** One more change; its number. */
  step(): number {
    return this.#next().revision;
  }

  /** Changes that never reach the page. */
  skip(): void {
    this.#next();
  }

  putRow(changed: ConversationRow): ConversationRow {
    const row = { ...changed, order: `${changed.pinned ? 1 : 0}${changed.last_at}${changed.id}` };
    this.world.rows.set(row.id, row);
    this.emit({ event: "conversations", ...this.#next(), upsert: [row], remove: [] });
    return row;
  }

  dropRow(id: string): void {
    this.world.rows.delete(id);
    this.emit({ event: "conversations", ...this.#next(), upsert: [], remove: [id] });
  }

  putMessage(row: MessageRow): void {
    const rows = (this.world.messages.get(row.conversation) ?? []).filter((one) => one.id !== row.id);
    rows.push(row);
    rows.sort((a, b) => (a.order < b.order ? -1 : 1));
    this.world.messages.set(row.conversation, rows);
    this.#messagesChanged(row.conversation, [row], []);
  }

  dropMessage(conversation: string, id: string): void {
    const rows = this.world.messages.get(conversation) ?? [];
    this.world.messages.set(conversation, rows.filter((row) => row.id !== id));
    this.#messagesChanged(conversation, [], [id]);
  }

  setStatus(change: Partial<World["status"]>): void {
    this.world.status = { ...this.world.status, ...change };
    this.emit({ event: "status", status: this.world.status });
  }

  /** Every text a draft had, by revision: what `base` refers to. */
  draftTexts(conversation: string): Map<string, string> {
    let texts = this.#drafts.get(conversation);
    if (!texts) {
      texts = new Map();
      this.#drafts.set(conversation, texts);
    }
    return texts;
  }

  /** Another device of the same person types. */
  remoteDraft(conversation: string, text: string): void {
    const held = this.world.drafts.get(conversation);
    const revision = String(Number(held?.revision ?? "0") + 1);
    const changed = { ...draft(conversation), ...held, id: held?.id || "dr-remote", text, revision };
    this.draftTexts(conversation).set(revision, text);
    this.world.drafts.set(conversation, changed);
    this.emit({ event: "draft", draft: changed });
  }

  outboxChanged(): void {
    const refused = this.world.outbox.filter((row) => row.state === "refused").length;
    this.emit({ event: "outbox", waiting: this.world.outbox.length - refused, refused });
  }

  removeOutbox(id: string): void {
    this.world.outbox = this.world.outbox.filter((row) => row.id !== id);
    this.outboxChanged();
  }

  #messagesChanged(conversation: string, upsert: MessageRow[], remove: string[]): void {
    this.emit({ event: "messages", conversation, ...this.#next(), upsert, remove });
  }

  readonly shell: Shell = {
    info: async () => ({ platform: "linux", profile: "default", deep_link: null, notification_target: null }),
    onDeepLink: async (handler) => {
      this.#deepLinks.add(handler);
      return () => this.#deepLinks.delete(handler);
    },
    onOpenConversation: async (handler) => {
      this.#targets.add(handler);
      return () => this.#targets.delete(handler);
    },
    onMenu: async (handler) => {
      this.#menus.add(handler);
      return () => this.#menus.delete(handler);
    },
    onFileDrag: async (handler) => {
      this.#drags.add(handler);
      return () => this.#drags.delete(handler);
    },
    keepFile: async (file) => {
      const id = 1000 + Object.keys(this.handed).length;
      return (this.handed[id] = { id, name: file.name, mime: file.type, size: file.size });
    },
    microphone: async () => this.hears,
    onVoice: async (handler) => {
      this.voices.add(handler);
      return () => this.voices.delete(handler);
    },
    voiceStart: async () => {
      if (!this.hears) throw new CallError({ code: "microphone_failed", message: "No microphone was found." });
    },
    voiceStop: async (name) => {
      const id = 2000 + Object.keys(this.handed).length;
      this.handed[id] = { id, name, mime: "audio/ogg", size: 4000, voice: { duration_ms: this.recorded, peaks: [40, 200, 120] } };
      return { file: this.handed[id], duration_ms: this.recorded };
    },
    voiceSound: async (id) => {
      const files = [...this.world.messages.values()].flat().flatMap((row) => row.attachments);
      if (files.some((file) => file.id === id && !file.here)) throw new CallError({ code: "file_not_here", message: "The file is not on this device yet." });
      return new ArrayBuffer(44);
    },
    clipboardFiles: async () => this.clipboard.map((file) => (this.handed[file.id] = file)),
    pickFiles: async () => this.picked.map((file) => (this.handed[file.id] = file)),
    pickPath: async () => null,
    savePath: async (name) => `/home/ada/${name}`,
    openFile: async (id, sure) => {
      if (this.unsafe.has(id) && !sure) return false;
      this.opened.push(id);
      return true;
    },
    showFile: async (id) => this.shown.push(id) > 0 && this.saved.has(id),
    copyPicture: async (png) => void this.copied.push(await png),
    openExternal: async (url) => {
      this.opened.push(url);
    },
    setZoom: async (percent) => {
      document.documentElement.style.zoom = String(percent / 100);
    },
    setBadge: async (count) => {
      this.badges.push(count);
    },
    setWords: async (words) => {
      this.words = words;
    },
    leaveDemo: async () => {
      this.world = empty({ relay: null, connection: "none", online: false, demo_profile: "/home/ada/demo" });
      return structuredClone(this.world.status);
    },
    quit: async () => void (this.over = true),
  };
}
