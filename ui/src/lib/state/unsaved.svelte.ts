import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import { asCallError } from "../backend";
import { t } from "../text";
import type { App } from "./app.svelte";

const SAVE_MS = 250;
const AGAIN_MS = 2000;
/** Failures that the same text meets again. */
const LASTING = new Set<string>(["too_large", "invalid_argument"]);

/** Saves what was typed and answers what stands there then; null if that failed, or if it can't be saved as it is. */
export type Save = (text: string) => Promise<string | null>;

/**
 * What is typed outside of drafts and not saved yet, by place. A field is saved when it is left, however that happens: others
 * see it, and half a price is nothing for them. Until then its text is kept on this device, close behind the typing, as are
 * forms that are saved by a button: no key, crash or lock takes it.
 */
export class Unsaved {
  readonly #texts = new SvelteMap<string, string>();
  /** Fields somebody types in, and how they are saved when they are left: what they are about may be off the screen by then. */
  readonly #typing = new SvelteMap<string, Save>();
  /** What the engine has of it. */
  readonly #held = new SvelteMap<string, string>();
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #saving: Promise<void> = Promise.resolve();
  #keeping: Promise<void> = Promise.resolve();

  constructor(private readonly app: App) {}

  at(place: string): string | undefined {
    return this.#texts.get(place);
  }

  /** Whether a text stands there that nobody is typing: it was left by a crash, or could not be saved. */
  waits(place: string): boolean {
    return this.#texts.has(place) && !this.#typing.has(place);
  }

  /** Whether the engine has it as it stands. */
  kept(place: string): boolean {
    return (this.#texts.get(place) ?? "") === (this.#held.get(place) ?? "");
  }

  /** What was typed into a form. */
  form<T extends object>(place: string): Partial<T> {
    try {
      return JSON.parse(this.#texts.get(place) ?? "{}") as Partial<T>;
    } catch {
      return {};
    }
  }

  /** A form as it stands: what is in it beside that with which it began. */
  keepForm<T extends object>(place: string, now: T, begun: T): void {
    const typed = Object.entries(now).filter(([key, value]) => value !== begun[key as keyof T]);
    untrack(() => this.#set(place, typed.length > 0 ? JSON.stringify(Object.fromEntries(typed)) : null));
  }

  /** Somebody types into a field. */
  type(place: string, text: string, save: Save): void {
    this.#typing.set(place, save);
    this.#set(place, text);
  }

  /** The field is left: what was typed is saved. What can't be stays here. */
  leave(place: string): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save(place));
    return this.#saving;
  }

  /** It is saved, or not wanted any more. */
  drop(place: string): void {
    this.#typing.delete(place);
    this.#set(place, null);
  }

  /** The same, with an undo. */
  discard(place: string, again: () => void = () => undefined): void {
    const text = this.#texts.get(place);
    if (text === undefined) return;
    this.drop(place);
    this.app.toasts.show(t.unsaved.discarded, {
      action: {
        label: t.common.undo,
        run: () => {
          this.#set(place, text);
          again();
        },
      },
      settle: () => this.#keep(),
    });
  }

  /** Takes what is kept on this device; what is typed here meanwhile is newer. */
  take(kept: ReadonlyArray<{ place: string; text: string }>): void {
    for (const { place, text } of kept) {
      this.#held.set(place, text);
      if (!this.#changed.has(place) && !this.#typing.has(place)) this.#texts.set(place, text);
    }
  }

  /** Another person's profile starts with nothing. */
  forget(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    for (const held of [this.#texts, this.#typing, this.#held, this.#changed]) held.clear();
  }

  /** Saves the fields somebody types in, and keeps the rest. */
  async flush(): Promise<void> {
    await Promise.all([...this.#typing.keys()].map((place) => this.leave(place)));
    await this.#keep();
  }

  #set(place: string, text: string | null): void {
    if (text === (this.#texts.get(place) ?? null)) return;
    if (text === null) this.#texts.delete(place);
    else this.#texts.set(place, text);
    this.#changed.add(place);
    this.#schedule(SAVE_MS);
  }

  async #save(place: string): Promise<void> {
    const save = this.#typing.get(place);
    const text = this.#texts.get(place);
    if (!save || text === undefined) return;
    const saved = await save(text);
    // What was typed meanwhile is saved when the field is left again.
    if (this.#texts.get(place) !== text) return;
    if (saved !== null) this.drop(place);
    else this.#typing.delete(place);
  }

  #schedule(wait: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#keep();
    }, wait);
  }

  #keep(): Promise<void> {
    this.#keeping = this.#keeping.then(async () => {
      for (const place of [...this.#changed]) await this.#keepOne(place);
    });
    return this.#keeping;
  }

  async #keepOne(place: string): Promise<void> {
    this.#changed.delete(place);
    if (this.kept(place)) return;
    const text = this.#texts.get(place) ?? "";
    try {
      await this.app.call("unsaved_set", { place, text });
      this.#held.set(place, text);
    } catch (thrown) {
      this.#changed.add(place);
      if (!LASTING.has(asCallError(thrown).code)) this.#schedule(AGAIN_MS);
    }
  }
}

/**
 * The text of one field that is saved when it is left: what is typed, else what was saved last. Made within a component, and
 * left with it.
 */
export class FieldText {
  /** What was saved from here stays on the screen until the record says it. */
  #shown: string;
  /** Where it is on the screen, while it is. */
  #here: string | null = null;

  /** `save` is asked for with every change: it must not read later what the component shows by then. */
  constructor(
    private readonly app: App,
    private readonly place: () => string,
    saved: () => string,
    private readonly save: () => Save,
  ) {
    this.#shown = $derived(saved());
    $effect(() => {
      const here = this.place();
      this.#here = here;
      return () => {
        this.#here = null;
        void this.app.unsaved.leave(here);
      };
    });
    // A crash may fall between saving a text and letting go of it: what is saved waits for nothing.
    $effect(() => {
      const here = this.place();
      if (this.app.unsaved.waits(here) && this.app.unsaved.at(here) === saved()) this.app.unsaved.drop(here);
    });
  }

  get text(): string {
    return this.app.unsaved.at(this.place()) ?? this.#shown;
  }

  /** Whether what is there was typed and not saved, and nobody types. */
  get waits(): boolean {
    return this.app.unsaved.waits(this.place());
  }

  type(text: string): void {
    const [save, place] = [this.save(), this.place()];
    this.app.unsaved.type(place, text, async (typed) => {
      const saved = await save(typed);
      if (saved !== null && this.#here === place) this.#shown = saved;
      return saved;
    });
  }

  leave(): Promise<void> {
    return this.app.unsaved.leave(this.place());
  }

  /** What waits is saved. */
  saveNow(): void {
    this.type(this.text);
    void this.leave();
  }
}
