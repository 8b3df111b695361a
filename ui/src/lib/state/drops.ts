import type { FileDrag, HandedFile } from "../backend";

interface Place {
  take: (files: HandedFile[]) => void;
  over: (over: boolean) => void;
}

/** Places where files can be dropped. The shell tells where a drag is. */
export class FileDrops {
  #places = new Map<Element, Place>();

  /** For as long as `node` is on the screen, what is let go over it is its own. */
  readonly place = (node: HTMLElement, place: Place): { destroy: () => void } => {
    this.#places.set(node, place);
    return { destroy: () => this.#places.delete(node) };
  };

  /** What the shell tells. */
  heard(drag: FileDrag): void {
    const under = drag.kind === "leave" ? null : this.#at(drag.x * window.innerWidth, drag.y * window.innerHeight);
    for (const [node, place] of this.#places) place.over(drag.kind === "over" && node === under);
    if (drag.kind === "drop" && under) this.#places.get(under)?.take(drag.files);
  }

  #at(x: number, y: number): Element | null {
    let node = document.elementFromPoint(x, y);
    while (node && !this.#places.has(node)) node = node.parentElement;
    return node;
  }
}
