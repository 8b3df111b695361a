/** What the fading takes of a row's edge, and the least of a part that can be pressed: as much on both sides of its middle. */
const FADE = 32;
const LEAST = 24;

/** Marks a row that scrolls sideways while something of it is before its beginning or beyond its end, so that what is cut there
 * can fade out; what the keyboard comes to is brought to its middle. */
export function fading(row: HTMLElement): { destroy(): void } {
  const look = (): void => {
    const before = Math.abs(row.scrollLeft);
    row.toggleAttribute("data-before", before > 2);
    row.toggleAttribute("data-more", row.scrollWidth - row.clientWidth - before > 2);
  };
  const show = (event: FocusEvent): void => (event.target as Element).scrollIntoView({ block: "nearest", inline: "center" });
  const observer = new ResizeObserver(look);
  observer.observe(row);
  for (const part of row.children) observer.observe(part);
  row.addEventListener("scroll", look, { passive: true });
  row.addEventListener("focusin", show);
  return {
    destroy() {
      observer.disconnect();
      row.removeEventListener("scroll", look);
      row.removeEventListener("focusin", show);
    },
  };
}

/** Brings a part of such a row to where it is whole, clear of what fades, and where no other is cut to less than can be pressed;
 * the row gets the room beyond its end that this takes (`--room`). It goes no further than it has to. */
export function bring(row: HTMLElement, chosen: Element): void {
  row.style.setProperty("--room", "0px");
  const most = row.scrollWidth - row.clientWidth;
  if (most <= 0) return;
  const before = Math.abs(row.scrollLeft);
  const frame = row.getBoundingClientRect();
  const turned = getComputedStyle(row).direction === "rtl";
  const placed = (part: Element): { start: number; size: number } => {
    const box = part.getBoundingClientRect();
    return { start: before + (turned ? frame.right - box.right : box.left - frame.left), size: box.width };
  };
  const parts = [...row.children].map(placed);
  const it = placed(chosen);
  const to = Math.max(0, Math.floor(it.start - (chosen === row.firstElementChild ? 0 : FADE)));
  const from = Math.min(to, Math.max(0, Math.ceil(it.start + it.size + (chosen === row.lastElementChild ? 0 : FADE) - row.clientWidth)));
  const pressable = (seen: number, size: number): boolean => seen <= 0 || seen >= size || (seen >= LEAST && (seen <= size / 2 || seen >= size / 2 + LEAST));
  const fits = (at: number): boolean => parts.every(({ start, size }) => pressable(start + size - at, size) && pressable(at + row.clientWidth - start, size));
  const near = Math.min(to, Math.max(from, Math.round(before)));
  const stops = Array.from({ length: to - from + 1 }, (_, n) => from + n).sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
  const stop = stops.find(fits) ?? near;
  row.style.setProperty("--room", `${Math.max(0, stop - most)}px`);
  row.scrollLeft = turned ? -stop : stop;
}
