import { beforeEach, vi } from "vitest";

// What a computer remembers is not the next test's.
beforeEach(() => localStorage.clear());

/** What jsdom lacks. The sizes make the virtual lists believe in a window of 1280 x 800. */
const VIEWPORT = 600;
const ROW = 64;

class SizedObserver implements ResizeObserver {
  constructor(private readonly callback: ResizeObserverCallback) {}

  observe(target: Element): void {
    const height = isViewport(target) ? VIEWPORT : ROW;
    queueMicrotask(() => {
      const contentRect = { width: 320, height, top: 0, left: 0, right: 320, bottom: height, x: 0, y: 0 } as DOMRectReadOnly;
      const size = [{ blockSize: height, inlineSize: 320 }];
      this.callback([{ target, contentRect, borderBoxSize: size, contentBoxSize: size, devicePixelContentBoxSize: size }], this);
    });
  }

  unobserve(): void {}

  disconnect(): void {}
}

function isViewport(target: Element): boolean {
  return target.getAttribute("role") === "log" || target.classList.contains("scroll") || target.parentElement?.getAttribute("role") === "list";
}

class Rect {
  constructor(
    readonly x = 0,
    readonly y = 0,
    readonly width = 0,
    readonly height = 0,
  ) {}

  get left(): number {
    return this.x;
  }

  get top(): number {
    return this.y;
  }

  get right(): number {
    return this.x + this.width;
  }

  get bottom(): number {
    return this.y + this.height;
  }
}

vi.stubGlobal("DOMRect", Rect);
vi.stubGlobal("ResizeObserver", SizedObserver);
Object.defineProperty(HTMLElement.prototype, "offsetParent", { configurable: true, get: () => document.body });

window.matchMedia = (media: string): MediaQueryList =>
  ({ matches: false, media, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;

HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement): void {
  this.open = true;
};
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement): void {
  this.open = false;
};
function scroll(element: Element, top: number): void {
  element.scrollTop = Math.max(0, top);
  queueMicrotask(() => element.dispatchEvent(new Event("scroll")));
}
Element.prototype.scrollTo = function (this: Element, to?: ScrollToOptions | number): void {
  if (typeof to === "object") scroll(this, to.top ?? 0);
};
Element.prototype.scrollBy = function (this: Element, by?: ScrollToOptions | number): void {
  if (typeof by === "object") scroll(this, this.scrollTop + (by.top ?? 0));
};
Element.prototype.scrollIntoView = function (): void {};
if (typeof globalThis.CSS === "undefined") vi.stubGlobal("CSS", {});
CSS.escape ??= (text: string): string => text.replace(/[^\w-]/gu, (letter) => `\\${letter}`);
URL.createObjectURL = (): string => "blob:test";
URL.revokeObjectURL = (): void => undefined;
document.hasFocus = (): boolean => true;
