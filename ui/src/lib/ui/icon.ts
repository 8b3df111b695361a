import type { IconNode } from "lucide";
import type { Component } from "svelte";

import Icon from "./Icon.svelte";

export type IconProps = { size?: number; strokeWidth?: number; "aria-label"?: string };

/** What is drawn in an icon, and whether it turns where people read from right to left. */
export type Drawing = { lines: IconNode; turns: boolean };

/** An icon of its own from its drawing. */
export function icon(lines: IconNode, turns = false): Component<IconProps> {
  const drawing: Drawing = { lines, turns };
  return (internals, props) =>
    Icon(internals, {
      drawing,
      get size() {
        return props.size;
      },
      get strokeWidth() {
        return props.strokeWidth;
      },
      get label() {
        return props["aria-label"];
      },
    });
}

const drawn = new WeakMap<IconNode, DocumentFragment>();

/** The lines of a drawing: made once and copied, for there are hundreds of icons on a page. */
export function lines(node: IconNode): Node {
  let made = drawn.get(node);
  if (!made) {
    made = document.createDocumentFragment();
    for (const [tag, attributes] of node) {
      const line = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
      made.append(line);
    }
    drawn.set(node, made);
  }
  return made.cloneNode(true);
}
