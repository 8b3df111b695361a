import { isTab } from "./keys";

/**
 * What a press does to a list that stands open beside the caret: the number of the entry it goes to, "take" for the chosen
 * one, "close"; null if it is not for the list.
 */
export function listKey(event: KeyboardEvent, chosen: number, count: number): number | "take" | "close" | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Escape") return "close";
  if (count === 0) return null;
  if (event.key === "ArrowDown") return (chosen + 1) % count;
  if (event.key === "ArrowUp") return (chosen + count - 1) % count;
  return event.key === "Enter" || (isTab(event) && !event.shiftKey) ? "take" : null;
}
