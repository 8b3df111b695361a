interface Lifted {
  stand: () => void;
  hide: () => void;
  /** Whether it is of what opened it. */
  opener: (node: Node) => boolean;
}

/**
 * Lifts what opens over the window out of every box around it: the rows of long lists are boxes of their own, which would
 * both move and cut off what is placed by the window. A webview older than popovers leaves it where it is. Nothing tells
 * when a row moves, so it is asked to take its place again for each frame while it is open. It is put away by a press beside it
 * and its opener, and when the window gets another size: heard only while it is open, for each message has two of these.
 */
export function lifted(node: HTMLElement, { stand, hide, opener }: Lifted): { destroy: () => void } {
  if ("showPopover" in node) {
    node.popover = "manual";
    node.showPopover();
  }
  let frame = requestAnimationFrame(function follow() {
    stand();
    frame = requestAnimationFrame(follow);
  });
  const until = new AbortController();
  const pressed = ({ target }: MouseEvent): void => {
    if (target instanceof Node && !node.contains(target) && !opener(target)) hide();
  };
  window.addEventListener("mousedown", pressed, { signal: until.signal });
  window.addEventListener("resize", hide, { signal: until.signal });
  return {
    destroy: () => {
      until.abort();
      cancelAnimationFrame(frame);
    },
  };
}
