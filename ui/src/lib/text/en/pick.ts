/** Choosing by name. */
import { list } from "../../format";

export const pick = {
  none: "Nothing by that name",
  more: "There are more: type a name.",
  /** A conversation that has a name of its own, and people of it. */
  with: (title: string, people: string[]) => `${title} (with ${list(people)})`,
};
