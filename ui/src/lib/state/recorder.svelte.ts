import type { VoiceNote, VoiceProgress } from "../backend";
import { asCallError } from "../backend";
import { visible } from "../hostile";
import { t } from "../text";
import type { App } from "./app.svelte";

/** A slip of the finger, not a recording. */
const SHORTEST_MS = 500;
/** Bars of loudness that are shown while recording. */
const BARS = 48;
/** After so long without any sound the person is asked. */
const SILENT_MS = 3000;

/**
 * The recording that is open: one at a time, for one conversation. Whatever ends it (the person, the microphone, leaving
 * the conversation or the window) puts it to the conversation's draft; only discarding it does not, and that can be undone.
 */
export class Recorder {
  /** The conversation it is for. */
  conversation = $state<string | null>(null);
  ms = $state(0);
  /** How loud it was lately, 0 to 255, the newest last. */
  levels = $state.raw<number[]>([]);
  /** Whether this computer has a microphone; not known before it was asked. */
  there = $state<boolean | null>(null);
  /** Since when nothing was heard, in ms of the recording. */
  #heardAt = $state(0);
  /** The conversation, as it is: what is torn down still sees what was. */
  #open: string | null = null;
  #starting = false;
  /** It ended before it was known to have begun. */
  #ended: VoiceProgress["ended"] = null;
  #ending: Promise<boolean> | null = null;

  constructor(private readonly app: App) {}

  get silent(): boolean {
    return this.ms - this.#heardAt > SILENT_MS;
  }

  /** Asks for a microphone; one may have been connected since. */
  async look(): Promise<boolean> {
    this.there = await this.app.backend.shell.microphone().catch(() => false);
    return this.there;
  }

  async start(conversation: string): Promise<void> {
    if (this.conversation !== null || this.#starting) {
      if (this.conversation !== conversation) this.app.toasts.show(t.voice.elsewhere);
      return;
    }
    this.#starting = true;
    try {
      await this.#ending;
      if (!(await this.look())) {
        this.app.toasts.show(t.voice.connect, { kind: "error", code: "microphone_failed" });
        return;
      }
      this.app.player.pause();
      [this.ms, this.levels, this.#heardAt, this.#ended] = [0, [], 0, null];
      await this.app.backend.shell.voiceStart();
      [this.conversation, this.#open] = [conversation, conversation];
      if (this.#ended) void this.keep(t.voice[this.#ended]);
    } catch (thrown) {
      this.app.fail(thrown);
    } finally {
      this.#starting = false;
    }
  }

  heard(progress: VoiceProgress): void {
    if (this.conversation === null && !this.#starting) return;
    this.ms = progress.duration_ms;
    this.levels = [...this.levels, progress.level].slice(-BARS);
    if (progress.level > 0) this.#heardAt = progress.duration_ms;
    if (this.conversation === null) this.#ended = progress.ended ?? this.#ended;
    else if (progress.ended) void this.keep(t.voice[progress.ended]);
  }

  /** Ends it and puts it to the draft; true once it is there. */
  keep(told?: string): Promise<boolean> {
    const conversation = this.#open;
    if (conversation === null) return this.#ending ?? Promise.resolve(false);
    this.#ending = this.#end(async (note) => {
      const kept = await this.#put(conversation, note);
      if (kept && told !== undefined) this.app.toasts.show(told);
      return kept;
    });
    return this.#ending;
  }

  /** The conversation is left; if it goes on there, it ends. */
  leave(conversation: string, title: string): void {
    if (this.#open === conversation) void this.keep(title === "" ? t.voice.kept : t.voice.keptIn(visible(title)));
  }

  /** Ends it and puts it away, unless that is undone. */
  async discard(): Promise<void> {
    const conversation = this.#open;
    if (conversation === null) return;
    this.#ending = this.#end(async (note) => {
      const run = (): void => void this.#put(conversation, note);
      this.app.toasts.show(t.voice.discarded, { action: { label: t.common.undo, run } });
      return false;
    });
    await this.#ending;
  }

  async #end(go: (note: VoiceNote) => Promise<boolean>): Promise<boolean> {
    [this.conversation, this.#open] = [null, null];
    try {
      const note = await this.app.backend.shell.voiceStop(t.voice.fileName(stamp(new Date())));
      if (!note || note.duration_ms < SHORTEST_MS) {
        this.app.toasts.show(t.voice.short);
        return false;
      }
      return await go(note);
    } catch (thrown) {
      this.app.fail(thrown);
      return false;
    } finally {
      this.#ending = null;
    }
  }

  async #put(conversation: string, note: VoiceNote): Promise<boolean> {
    try {
      await this.app.editor(conversation).take(note.file);
      return true;
    } catch (thrown) {
      // The shell still has it.
      const run = (): void => void this.#put(conversation, note);
      const { code } = asCallError(thrown);
      this.app.toasts.show(t.voice.notKept, { kind: "error", code, action: { label: t.common.retry, run } });
      return false;
    }
  }
}

/** A moment as a name that every system takes for a file and that sorts. */
function stamp(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}.${two(now.getMinutes())}`;
}
