import type { Attachment } from "../bindings/Attachment";
import { asCallError } from "../backend";
import type { App } from "./app.svelte";

export const SPEEDS = [1, 1.5, 2] as const;

/**
 * Plays voice notes, one at a time; it goes on while the list is scrolled. Sound comes from the shell as WAV and is held
 * only while it is the one that plays.
 */
export class Player {
  /** The voice note that plays or was paused. */
  id = $state<string | null>(null);
  playing = $state(false);
  /** It is wanted, but not here yet. */
  waiting = $state(false);
  /** Seconds. */
  at = $state(0);
  speed = $state<number>(1);
  #audio: HTMLAudioElement | null = null;
  #url: string | null = null;

  constructor(private readonly app: App) {}

  /** Plays or pauses; another one that plays is ended. */
  async toggle(file: Attachment): Promise<void> {
    if (this.id === file.id && this.#audio) {
      if (this.playing) this.#audio.pause();
      else await this.#play(this.#audio);
      return;
    }
    const from = this.id === file.id ? this.at : 0;
    this.forget();
    [this.id, this.at, this.waiting] = [file.id, from, true];
    if (file.here) await this.#load(file.id);
    // On its way, or wanted now, it plays once it is here: see `came`.
    else if (file.state !== "downloading" && !(await this.app.attempt("attachment_fetch", { id: file.id }))) this.waiting = false;
  }

  /** A voice note's bytes are here. */
  came(file: Attachment): void {
    if (this.id === file.id && this.waiting && !this.#audio) void this.#load(file.id);
  }

  /** It can't be brought here now. */
  missed(file: Attachment): void {
    if (this.id === file.id) this.waiting = false;
  }

  pause(): void {
    this.#audio?.pause();
  }

  seek(file: Attachment, seconds: number): void {
    if (this.id !== file.id) {
      this.forget();
      this.id = file.id;
    }
    this.at = seconds;
    if (this.#audio) this.#audio.currentTime = seconds;
  }

  faster(): void {
    const next = SPEEDS.findIndex((speed) => speed === this.speed) + 1;
    this.speed = SPEEDS[next % SPEEDS.length] ?? 1;
    if (this.#audio) this.#audio.playbackRate = this.speed;
  }

  /** Nothing is held any more. */
  forget(): void {
    const audio = this.#audio;
    // What it still has to tell is not of the one that plays next.
    if (audio) audio.onplay = audio.onpause = audio.ontimeupdate = audio.onended = null;
    audio?.pause();
    if (this.#url) URL.revokeObjectURL(this.#url);
    [this.#audio, this.#url, this.id, this.playing, this.waiting, this.at] = [null, null, null, false, false, 0];
  }

  async #load(id: string): Promise<void> {
    try {
      const wav = await this.app.backend.shell.voiceSound(id);
      // Another one was begun meanwhile.
      if (this.id !== id || this.#audio) return;
      this.#url = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
      const audio = new Audio(this.#url);
      audio.onplay = () => (this.playing = true);
      audio.onpause = () => (this.playing = false);
      audio.ontimeupdate = () => (this.at = audio.currentTime);
      audio.onended = () => [this.playing, this.at] = [false, 0];
      this.#audio = audio;
      if (this.at > 0) audio.currentTime = this.at;
      await this.#play(audio);
    } catch (thrown) {
      if (this.id === id) this.forget();
      this.app.fail(asCallError(thrown));
    } finally {
      if (this.id === id) this.waiting = false;
    }
  }

  async #play(audio: HTMLAudioElement): Promise<void> {
    audio.playbackRate = this.speed;
    try {
      await audio.play();
    } catch (thrown) {
      // A pause that came before the sound did is no failure.
      if (!(thrown instanceof DOMException && thrown.name === "AbortError")) throw thrown;
    }
  }
}
