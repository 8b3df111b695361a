import { asCallError, type Backend, type CallError, type HandedFile } from "../backend";
import type { Attachment } from "../bindings/Attachment";
import { MESSAGE_BYTES } from "../bindings/constants";
import type { Draft } from "../bindings/Draft";
import type { QuickReply } from "../bindings/QuickReply";
import type { Quote } from "../bindings/Quote";
import type { Sending } from "../bindings/Sending";
import type { DraftRow } from "../bindings/DraftRow";
import { variables } from "../quick";
import { diff, merge, type Splice } from "../splice";
import { t } from "../text";
import { chip, source, type Chip, type Takes } from "./files.svelte";

const SAVE_MS = 250;
const AGAIN_MS = 2000;
/** Failures that the same text meets again: it is saved when it changes. */
const LASTING = new Set<string>(["too_large", "role_forbids", "not_a_member", "not_found", "invalid_argument"]);

/** What is typed, into which draft, and on what. */
interface Words {
  text: string;
  draft: string;
  base: string | null;
  reply_to: string | null;
  template: string;
}

/**
 * What a person types into one conversation. The text on the screen leads: it is saved behind the typing, texts
 * from other devices are merged into it around the caret, and it leaves only when the engine has taken the message.
 */
export class DraftEditor implements Takes {
  text = $state("");
  reply = $state.raw<Quote | null>(null);
  /** Files that go with it. They are the engine's: other devices see them too. */
  files = $state.raw<Attachment[]>([]);
  /** Files that are being put to it. */
  attaching = $state.raw<HandedFile[]>([]);
  /** Files that another device added and that are not known here yet. */
  coming = $state(0);
  sending = $state.raw<Sending | null>(null);
  others = $state.raw<DraftRow[]>([]);
  updatedAt = $state<string | null>(null);
  loaded = $state(false);
  saved = $state(true);
  error = $state<CallError | null>(null);
  posting = $state(false);
  /** The message that was sent last from here. */
  lastSent: string | null = null;
  /** An input method is composing: the text must not change under it. */
  composing = false;
  /** Set by the composer: moves its caret when text changes around it. */
  moved: ((splice: Splice) => void) | null = null;
  /** The quick reply it began as. */
  template = $state<string | null>(null);
  /** Links in it whose previews go along. */
  previews = $state.raw<string[]>([]);
  /** Variables that were left in it when somebody wanted to send: they were told of. */
  held = $state(false);
  #heldBy = "";
  /** Which draft this is; empty until something was typed into it. */
  id = $state("");
  #base: string | null = null;
  #shown = "";
  #replyShown: string | null = null;
  #templateShown = "";
  #busy: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** The files that are being put to the draft, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #refused = 0;
  #missed = false;
  /** Changes from elsewhere that were told of. */
  #heard = 0;
  /** Another draft is on its way to the screen. */
  #choosing = 0;
  /** What was told of the draft meanwhile. */
  #told: Draft | null = null;

  /** Whether what is typed is a comment for colleagues and not a message. */
  readonly comment: boolean = false;

  constructor(
    protected readonly backend: Backend,
    readonly conversation: string,
  ) {}

  /** What the engine holds of it. */
  protected ask(): Promise<Draft> {
    return this.backend.call("draft_show", { conversation: this.conversation });
  }

  protected keep(words: Words): Promise<Draft> {
    return this.backend.call("draft_set", { conversation: this.conversation, ...words });
  }

  protected pick(draft: string | null): Promise<Draft> {
    return this.backend.call("draft_choose", { conversation: this.conversation, draft });
  }

  protected post(words: Pick<Words, "text" | "draft" | "base">, at: string | null): Promise<{ id: string }> {
    return this.backend.call("draft_send", { conversation: this.conversation, ...words, attachments: [], at, previews: this.previews });
  }

  get dirty(): boolean {
    return this.text !== this.#shown || !this.#aboutKept;
  }

  /** Whether the engine knows what the draft answers and what it began as. */
  get #aboutKept(): boolean {
    return (this.reply?.id ?? null) === this.#replyShown && (this.template ?? "") === this.#templateShown;
  }

  /** Whether the text is more than a message takes. */
  get long(): boolean {
    return this.text.length * 3 > MESSAGE_BYTES && new TextEncoder().encode(this.text).length > MESSAGE_BYTES;
  }

  /** Turns the text into a file of this message. It stays a text if that fails. */
  async toFile(): Promise<void> {
    const text = this.text;
    try {
      await this.take(await this.backend.shell.keepFile(new File([text], t.file.text, { type: "text/plain" })));
    } catch (thrown) {
      this.error = asCallError(thrown);
      return;
    }
    if (this.text !== text) return;
    const moved = diff(this.text, "");
    this.text = "";
    this.moved?.(moved);
    this.#schedule(SAVE_MS);
  }

  /** Whether it can be sent, or something in it must be seen first: a quick reply with a hole in it. */
  complete(): boolean {
    const left = this.template === null ? "" : variables(this.text).join();
    const seen = left === "" || (this.held && this.#heldBy === left);
    this.held = !seen;
    this.#heldBy = left;
    return seen;
  }

  get empty(): boolean {
    return this.text.trim() === "" && this.files.length === 0;
  }

  readonly chips = $derived<Chip[]>([
    ...this.files.map(chip),
    ...this.attaching.map((file, n) => ({ key: `new-${n}-${file.id}`, name: file.name, size: file.size, note: t.file.preparing, busy: true })),
  ]);

  /** Puts a file to the draft, behind those that came before it: the first may begin the draft that all of them go to. */
  async take(file: HandedFile): Promise<void> {
    await this.#attach([file], (to) => this.backend.call("draft_attach", { ...to, files: [source(file)] }));
  }

  /** Puts the files of a quick reply to the draft in the same way; the ids they have there. */
  async takeQuick(one: QuickReply): Promise<string[]> {
    const files = one.files.map(({ name, mime, size }): HandedFile => ({ id: 0, name, mime, size }));
    return this.#attach(files, (to) => this.backend.call("quick_attach", { ...to, id: one.id }));
  }

  /** Waits until the files are in it; false if one of them could not be put to it. */
  async attached(): Promise<boolean> {
    const refused = this.#refused;
    while (this.attaching.length > 0) await this.#turn;
    return this.#refused === refused;
  }

  async #attach(files: HandedFile[], put: (to: { conversation: string; draft: string }) => Promise<Draft>): Promise<string[]> {
    this.attaching = [...this.attaching, ...files];
    const turn = this.#turn.then(async () => {
      // The draft they go to is the one on the screen.
      await this.flush();
      const before = new Set(this.files.map((file) => file.id));
      const draft = await put({ conversation: this.conversation, draft: this.id });
      this.#filesOf(draft);
      return draft.files.map((file) => file.id).filter((id) => !before.has(id));
    });
    this.#turn = turn.then(
      () => undefined,
      () => void (this.#refused += 1),
    );
    try {
      return await turn;
    } finally {
      this.attaching = this.attaching.filter((other) => !files.includes(other));
    }
  }

  /** Takes a file out of the draft. */
  async detach(file: string): Promise<void> {
    try {
      this.#filesOf(await this.backend.call("draft_detach", { conversation: this.conversation, id: file }));
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  /** A file began or changed the draft: what is typed goes on in it. */
  #filesOf(draft: Draft): void {
    if (this.dirty || this.#busy || this.posting) {
      this.files = draft.files;
      this.coming = draft.files_coming;
      if (this.id === "") this.id = draft.id;
      this.#missed = true;
      return;
    }
    this.#adopt(draft);
  }

  async load(): Promise<void> {
    if (this.loaded) return;
    try {
      this.#adopt(await this.#newest(() => this.ask()));
      this.loaded = true;
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  /** What is heard while the draft is being read is newer than the answer. */
  async #newest(read: () => Promise<Draft>): Promise<Draft> {
    let heard = this.#heard;
    let draft = await read();
    while (heard !== this.#heard) {
      heard = this.#heard;
      draft = await this.ask();
    }
    return draft;
  }

  /** The person typed. */
  input(text: string): void {
    this.text = text;
    if (text === "") this.template = null;
    this.#schedule(SAVE_MS);
  }

  /** Another text takes the place of the one that is there. */
  replace(text: string): void {
    const moved = diff(this.text, text);
    this.input(text);
    this.moved?.(moved);
  }

  setReply(reply: Quote | null): void {
    this.reply = reply;
    this.#schedule(SAVE_MS);
  }

  /**
   * Shows another draft of this conversation, or with none begins one; what was there stays beside it. False if what is
   * typed here could not be kept.
   */
  async choose(id: string | null): Promise<boolean> {
    for (;;) {
      await this.flush();
      if (this.dirty || this.posting) return false;
      const before = this.text;
      let draft: Draft | null = null;
      this.#choosing += 1;
      try {
        draft = await this.#newest(() => this.pick(id));
      } catch (thrown) {
        this.error = asCallError(thrown);
      }
      this.#choosing -= 1;
      const told = this.#told;
      this.#told = null;
      if (!draft) {
        if (told) this.remote(told);
        return false;
      }
      // What was typed meanwhile went into the draft that was there.
      if (this.text !== before || this.dirty) continue;
      this.#adopt(draft);
      return true;
    }
  }

  /** The draft changed on another device. */
  remote(draft: Draft): void {
    if (draft.comment !== this.comment) return;
    this.#heard += 1;
    // Words that are typed go into the draft that is on the screen: it changes when the other one is there, and not before.
    if (this.#choosing > 0) {
      this.#told = draft;
      return;
    }
    if (this.dirty || this.#busy || this.posting || this.composing) {
      this.#missed = true;
      this.sending = draft.sending;
      this.others = draft.others;
      if (draft.id === this.id) this.files = draft.files;
      if (!this.#busy) this.#schedule(0);
      return;
    }
    this.#adopt(draft);
  }

  /** Saves what is typed now; settles when nothing is unsaved or saving failed. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#busy) await this.#busy;
    if (this.posting) return;
    if (!this.dirty && !this.#missed) {
      // What was typed was taken back before it was kept.
      this.saved = true;
      return;
    }
    this.#busy = this.#save();
    await this.#busy;
  }

  /** Sends the draft, now or at a time; true once the engine has taken it. Later typing stays as a new draft. */
  async send(at: string | null = null): Promise<boolean> {
    if (this.posting || this.empty) return false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.posting = true;
    try {
      while (this.#busy) await this.#busy;
      // What it answers goes with it: without its quote it would say something else.
      while (!this.#aboutKept) {
        await this.#save();
        if (this.error) return false;
      }
      const sent = this.text;
      const { id } = await this.post({ text: sent, draft: this.id, base: this.#base }, at);
      this.files = [];
      const rest = this.text.startsWith(sent) ? this.text.slice(sent.length) : this.text;
      const moved = diff(this.text, rest);
      this.text = rest;
      this.moved?.(moved);
      this.reply = null;
      this.template = null;
      this.held = false;
      this.error = null;
      this.lastSent = id;
      await this.#again();
      return true;
    } catch (thrown) {
      this.error = asCallError(thrown);
      return false;
    } finally {
      this.posting = false;
      if (this.dirty || this.#missed) this.#schedule(SAVE_MS);
    }
  }

  /** Starts from nothing on what the engine holds now. */
  async #again(): Promise<void> {
    this.#shown = "";
    this.#replyShown = null;
    this.#templateShown = "";
    this.#base = null;
    this.id = "";
    this.saved = this.text === "";
    try {
      this.#take(await this.ask());
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  }

  #schedule(wait: number): void {
    this.saved = false;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.composing) this.#schedule(SAVE_MS);
      else void this.flush();
    }, wait);
  }

  async #save(): Promise<void> {
    const text = this.text;
    const reply = this.reply?.id ?? null;
    const template = this.template ?? "";
    try {
      let draft = await this.keep({ text, draft: this.id, base: this.#base, reply_to: reply, template });
      this.#shown = text;
      this.#replyShown = reply;
      this.#templateShown = template;
      if (this.#missed) {
        this.#missed = false;
        this.#take(draft);
        draft = await this.ask();
      }
      this.#take(draft);
      this.error = null;
      this.saved = !this.dirty;
      if (this.dirty && !this.posting) this.#schedule(SAVE_MS);
    } catch (thrown) {
      this.error = asCallError(thrown);
      if (!this.posting && !LASTING.has(this.error.code)) this.#schedule(AGAIN_MS);
    } finally {
      this.#busy = null;
    }
  }

  /**
   * The engine's draft becomes the base; what was typed since is put on top. A draft that this device is sending has
   * left the composer: what is typed now begins a new one.
   */
  #take(draft: Draft): void {
    const leaving = draft.sending?.here === true;
    const { text, remote } = merge(this.#shown, this.text, leaving ? this.#shown : draft.text);
    if (text !== this.text) {
      this.text = text;
      this.moved?.(remote);
    }
    this.#shown = leaving ? "" : draft.text;
    this.#base = leaving ? null : draft.revision;
    this.id = leaving ? "" : draft.id;
    this.sending = draft.sending;
    this.others = draft.others;
    this.files = leaving ? [] : draft.files;
    this.coming = leaving ? 0 : draft.files_coming;
    this.updatedAt = draft.updated_at;
  }

  #adopt(draft: Draft): void {
    this.#take(draft);
    if (draft.sending?.here !== true) {
      this.reply = draft.reply_to;
      this.#replyShown = draft.reply_to?.id ?? null;
      this.template = draft.template;
      this.#templateShown = draft.template ?? "";
    }
    this.saved = !this.dirty;
    if (this.dirty) this.#schedule(SAVE_MS);
  }
}

/**
 * What a person types of a comment beside one conversation. It has calls of its own all the way: nothing typed here can be kept
 * or sent as a message, whichever field holds it.
 */
export class CommentEditor extends DraftEditor {
  override readonly comment = true;
  /** Who is named in a text. */
  mentions: (text: string) => string[] = () => [];

  protected override ask(): Promise<Draft> {
    return this.backend.call("comment_draft", { conversation: this.conversation, text: null, draft: null, base: null });
  }

  protected override keep({ text, draft, base }: Words): Promise<Draft> {
    return this.backend.call("comment_draft", { conversation: this.conversation, text, draft, base });
  }

  protected override pick(draft: string | null): Promise<Draft> {
    return this.backend.call("comment_choose", { conversation: this.conversation, draft });
  }

  protected override post({ text, draft, base }: Pick<Words, "text" | "draft" | "base">): Promise<{ id: string }> {
    return this.backend.call("comment", { conversation: this.conversation, text, draft, base, mentions: this.mentions(text) });
  }
}
