import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";

import type { Item } from "../timeline";
import type { Thread } from "./thread.svelte";

const NEAR = 600;
const FLASH_MS = 1600;
/** Rows get their sizes after they are shown: a place counts as reached when nothing moved for so long. */
const RESTS_MS = 250;
const SLACK = 40;

/** What a message takes of the height, by those that were read last and rather too little: a list that opens makes as many as
 * will be in view, and what it lacked would come a frame later. */
let usual = 60;

export function usualHeight(): number {
  return usual;
}

/** Where a reader was in a conversation: a message at the top of the view, and how much of it was above. */
export interface Anchor {
  id: string;
  above: number;
}

/** A message, and how much of it stands above the view, by its height and the view's. */
interface Goal {
  id: string;
  above: (height: number, view: number) => number;
}

/** Below what came before it, as somebody begins to read. */
const atTop = (): number => -24;
const centred = (height: number, view: number): number => (height - view) / 2;
const atBottom = (height: number, view: number): number => height - view;

/**
 * The place a reader has in a conversation. It is kept while rows get their sizes, pictures load, the window or the
 * text changes its size: at the end the end stays in view, anywhere else the message at the top does. Only somebody who
 * scrolls changes it.
 */
export class Place {
  handle = $state<VirtualizerHandle | null>(null);
  /** Whether the list stands where it should and may be seen. */
  placed = $state(false);
  /** What is in view was drawn: what lies around it may be made. */
  drawn = $state(false);
  /** Nothing moves. */
  calm = $state(false);
  /** Somebody scrolls with a wheel or a finger, or did a moment ago. */
  rolling = $state(false);
  /** Far enough from the end to offer the way back. */
  away = $state(false);
  unreadAbove = $state(false);
  flashing = $state<string | null>(null);
  #atEnd = true;
  /** Somebody scrolls in any way, or did a moment ago. */
  #inHand = false;
  /** Where the list is on its way to, until it rests. */
  #goal: Goal | null = null;
  /** Where the focus goes, and where it was: a row takes it only once it has its size. */
  #focus: { id: string; from: Element | null } | null = null;
  /** The window changes its size: scrolling is the list's own until it rests. */
  #reflows = false;
  #offset = 0;
  #size = "";
  #rests: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #fades: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly thread: Thread,
    private readonly scroller: () => HTMLElement,
    private readonly items: () => Item[],
    /** Tells which messages are in view. */
    private readonly seen: (items: Item[]) => void,
    private readonly focus: (id: string) => void,
  ) {}

  dispose(): void {
    clearTimeout(this.#rests);
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#fades);
    this.handle = null;
  }

  /** The list is on the screen, or what it shows was replaced. */
  show(): void {
    const { target, anchor } = this.thread;
    if (!this.placed) this.#grown();
    if (!this.handle || this.items().length === 0) this.placed = true;
    else if (target) void this.goTo(target.id, target.flash, target.stay);
    else if (this.placed) return;
    else if (anchor) void this.#return(anchor);
    else void this.toEnd();
  }

  /** Rows came or went. */
  follow(own: boolean): void {
    if (!this.placed) return;
    if (own) this.#atEnd = true;
    if (this.#atEnd && this.thread.atEnd) void this.toEnd();
    void tick().then(this.look);
  }

  async toEnd(): Promise<void> {
    this.#atEnd = true;
    this.#goal = null;
    this.thread.anchor = null;
    await tick();
    this.#aim();
    this.#stand();
  }

  async goTo(id: string, flash: boolean, stay = false): Promise<void> {
    this.thread.target = null;
    this.#atEnd = false;
    await tick();
    if (this.#indexOf(id) < 0) return this.toEnd();
    this.#goal = { id, above: flash ? centred : atTop };
    this.#aim();
    this.#stand();
    if (flash) {
      this.#focus = stay ? null : { id, from: document.activeElement };
      this.flashing = id;
      clearTimeout(this.#fades);
      this.#fades = setTimeout(() => (this.flashing = null), FLASH_MS);
    }
    this.#rest();
    requestAnimationFrame(() => this.#giveFocus());
  }

  #stand(): void {
    this.placed = true;
    requestAnimationFrame(() => {
      this.look();
      requestAnimationFrame(() => {
        this.drawn = true;
        this.calm = true;
      });
    });
  }

  async latest(): Promise<void> {
    if (!this.thread.atEnd) await this.thread.latest();
    await this.toEnd();
  }

  /** Brings a message into view, whole if it fits. */
  nearest(index: number): void {
    const { handle } = this;
    const item = this.items()[index];
    if (!handle || !item) return;
    this.#goal = null;
    const [top, height] = [handle.getItemOffset(index), handle.getItemSize(index)];
    const offset = handle.getScrollOffset();
    if (top < offset) this.#goal = { id: item.row.id, above: () => 0 };
    else if (top + height > offset + this.#view(handle)) this.#goal = { id: item.row.id, above: atBottom };
    else return;
    this.#atEnd = false;
    this.#aim();
    this.#rest();
  }

  /**
   * Tells the virtual list where it stands. When it is scrolled, also by its own corrections, it waits for the event of that: until
   * then it takes rows that come in front for those it shows and makes all of these anew, and corrections that follow start
   * from where it no longer is, which leaves it blank at its top.
   */
  #tell = (): void => {
    if (this.handle) this.scroller().dispatchEvent(new Event("scroll"));
  };

  scrolled = (): void => {
    const { handle } = this;
    if (!handle || !this.placed) return;
    // The place may have been moved by a change of size that the list has not heard of yet.
    if (!this.#inHand && this.#grown()) this.#reflowed();
    this.calm = false;
    const offset = handle.getScrollOffset();
    const rest = handle.getScrollSize() - offset - this.#view(handle);
    // Sizes that change move the end away from the view; only somebody who scrolls up moves the view from the end.
    const up = offset < this.#offset && !this.#reflows;
    // On the way to a message the end is only passed: one may have been there a moment ago.
    this.#atEnd = this.thread.atEnd && !this.#goal && (this.#atEnd ? rest < SLACK || !up : rest < SLACK && !this.#reflows);
    this.#offset = offset;
    this.away = rest > 300 || !this.thread.atEnd;
    if (offset < NEAR) void this.thread.loadOlder(this.#tell);
    if (rest < NEAR) void this.thread.loadNewer();
    this.look();
    this.#rest();
  };

  /** Rows or the window got other sizes. */
  resized = (): void => {
    const { handle } = this;
    if (!handle || !this.placed) return;
    if (this.#grown()) this.#reflowed();
    else void tick().then(this.#aim);
  };

  /** The view got another size: rows that are not on the screen don't tell that they got other heights. */
  #reflowed(): void {
    if (!this.#inHand) {
      this.#reflows = true;
      if (!this.#goal) this.#hold();
    }
    void tick().then(this.#aim);
    this.#rest();
  }

  /** Somebody takes the list in hand: it goes nowhere by itself any more, and stays where it is scrolled next. */
  taken = (): void => {
    this.#inHand = true;
    this.rolling = false;
    this.#goal = null;
    this.#reflows = false;
    this.#offset = Number.POSITIVE_INFINITY;
    this.#rest();
  };

  rolled = (): void => {
    this.taken();
    this.rolling = true;
  };

  /** What is on the screen of somebody who looks counts as seen. */
  look = (): void => {
    const { handle } = this;
    if (!handle || !this.placed) return;
    const items = this.items();
    const from = handle.findItemIndex(handle.getScrollOffset() + 4);
    const to = handle.findItemIndex(handle.getScrollOffset() + Math.max(0, this.#view(handle) - 16));
    const unread = items.findIndex((item) => item.row.unread);
    this.unreadAbove = unread >= 0 && unread < from;
    this.seen(items.slice(from, to + 1));
  };

  #return(anchor: Anchor): Promise<void> | undefined {
    if (this.#indexOf(anchor.id) < 0) return this.toEnd();
    this.#atEnd = false;
    this.#goal = { id: anchor.id, above: () => anchor.above };
    this.#aim();
    this.#stand();
    this.#rest();
    return undefined;
  }

  /** Whether the view has another size than it had. */
  #grown(): boolean {
    const { clientWidth, clientHeight } = this.scroller();
    const size = `${clientWidth} ${clientHeight}`;
    if (size === this.#size) return false;
    this.#size = size;
    return true;
  }

  #hold(): void {
    const { anchor } = this.thread;
    if (!this.#atEnd && anchor) this.#goal = { id: anchor.id, above: () => anchor.above };
  }

  /**
   * Goes where it should stand. The virtual list could go there by itself, but not be stopped: its way ends only when no row was
   * measured for a while, and takes back whoever scrolls meanwhile.
   */
  #aim = (): void => {
    const { handle } = this;
    if (!handle) return;
    // Somebody has scrolled, and the event of it is on its way.
    if (this.#inHand && this.scroller().scrollTop < handle.getScrollOffset()) this.#tell();
    const top = this.#top(handle);
    if (top === null) return;
    this.scroller().scrollTop = top;
    this.#tell();
  };

  /** How much of the list stands above the view where it should be. */
  #top(handle: VirtualizerHandle): number | null {
    const goal = this.#goal;
    const end = this.#atEnd && this.thread.atEnd;
    const at = end ? this.items().length - 1 : goal ? this.#indexOf(goal.id) : -1;
    if (at < 0) {
      this.#goal = null;
      return null;
    }
    const above = end || !goal ? atBottom : goal.above;
    const top = handle.getItemOffset(at) + above(handle.getItemSize(at), this.#view(handle));
    // A row that came this very moment, and that the virtual list has not heard of: it aims again when that is measured.
    return Number.isNaN(top) ? null : Math.max(0, top);
  }

  /** The height of the view. The virtual list hears of it a moment after it is on the screen. */
  #view(handle: VirtualizerHandle): number {
    return handle.getViewportSize() || this.scroller().clientHeight;
  }

  /** It rests when time has passed and two frames were drawn: a busy page tells of sizes and scrolling later than its timers. */
  #rest(): void {
    clearTimeout(this.#rests);
    cancelAnimationFrame(this.#frame);
    const drawn = (then: () => void) => (): void => void (this.#frame = requestAnimationFrame(then));
    this.#rests = setTimeout(drawn(drawn(this.#rested)), RESTS_MS);
  }

  #rested = (): void => {
    const { handle } = this;
    if (!handle) return;
    this.#giveFocus();
    this.#focus = null;
    this.#goal = null;
    this.#reflows = false;
    this.#inHand = false;
    this.rolling = false;
    this.calm = true;
    const offset = handle.getScrollOffset();
    this.#atEnd ||= this.thread.atEnd && handle.getScrollSize() - offset - this.#view(handle) < SLACK;
    const at = handle.findItemIndex(offset);
    const item = this.items()[at];
    this.thread.anchor = this.#atEnd || !item ? null : { id: item.row.id, above: offset - handle.getItemOffset(at) };
    const to = handle.findItemIndex(offset + this.#view(handle));
    if (to > at) usual = Math.min(100, Math.max(40, (0.75 * (handle.getItemOffset(to) - handle.getItemOffset(at))) / (to - at)));
    this.look();
  };

  /** Unless somebody has taken it elsewhere meanwhile: what is gone has left it to the list. */
  #giveFocus(): void {
    const from = this.#focus?.from;
    if (this.#focus && document.activeElement === (from?.isConnected === false ? this.scroller() : from)) this.focus(this.#focus.id);
  }

  #indexOf(id: string): number {
    return this.items().findIndex((item) => item.row.id === id);
  }
}
