import type { ComparedPart } from "./bindings/ComparedPart";

/** Which side of a difference is taken. */
export type Pick = "left" | "right" | "both";

/** What becomes of two texts when of each difference the picked side is taken. */
export function joined(parts: ComparedPart[], picks: Pick[]): string {
  let differences = 0;
  let text = "";
  for (const part of parts) {
    if (part.same) {
      text += part.left;
      continue;
    }
    text += taken(part, picks[differences] ?? "both");
    differences += 1;
  }
  return text;
}

/** Both sides of a difference one after the other, with something between them that keeps their words apart. */
function taken(part: ComparedPart, pick: Pick): string {
  if (pick !== "both") return part[pick];
  if (part.left === "" || part.right === "") return part.left + part.right;
  const apart = /\s$/u.test(part.left) || /^\s/u.test(part.right);
  const lines = part.left.includes("\n") || part.right.includes("\n");
  return part.left + (apart ? "" : lines ? "\n" : " ") + part.right;
}
