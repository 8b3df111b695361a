/**
 * Lifts what opens over the window out of every box around it: the rows of long lists are boxes of their own, which would
 * both move and cut off what is placed by the window. A webview older than popovers leaves it where it is.
 */
export function lifted(node: HTMLElement): void {
  if (!("showPopover" in node)) return;
  node.popover = "manual";
  node.showPopover();
}
