/**
 * Lifts what opens over the window out of every box around it: the rows of long lists are boxes of their own, which would
 * both move and cut off what is placed by the window. A webview older than popovers leaves it where it is. Nothing tells
 * when a row moves, so it is asked to take its place again for each frame while it is open.
 */
export function lifted(node: HTMLElement, stand: () => void): { destroy: () => void } {
  if ("showPopover" in node) {
    node.popover = "manual";
    node.showPopover();
  }
  let frame = requestAnimationFrame(function follow() {
    stand();
    frame = requestAnimationFrame(follow);
  });
  return { destroy: () => cancelAnimationFrame(frame) };
}
