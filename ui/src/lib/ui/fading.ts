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
