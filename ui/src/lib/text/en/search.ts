/** Search. */
import type { SearchKey } from "../../bindings/SearchKey";
import type { SearchOrder } from "../../bindings/SearchOrder";
import { count, list } from "../../format";
import { many } from "./many";

export const search = {
  title: "Search",
  placeholder: "Search all messages",
  placeholderHere: "Search here",
  start: "Search everything you ever wrote or got",
  startHelp: "It works offline, in any language, from the first letters of a word on. Put words that belong together into “quotes”.",
  none: "Nothing found",
  noneHelp: "A word is found by its beginning, from three letters on, or by itself. Try fewer letters, another spelling, or fewer words.",
  noneFilters: "No message fits all of this. Take a filter away, or try fewer letters.",
  noneUnknown: "Nobody and nothing here goes by that name. Filters take the beginning of a name, or a day as 2026-11-01.",
  clear: "Search without filters",
  filters: "Filters",
  completions: "Ways to go on",
  order: "Order",
  orders: { newest: "Newest", best: "Best" } satisfies Record<SearchOrder, string>,
  keys: { from: "From", in: "In", client: "Client", record: "Property", has: "Has", is: "Is", before: "Before", after: "Since", on: "On" } satisfies Record<SearchKey, string>,
  offers: {
    "from:": "From…",
    "in:": "In…",
    "record:": "Property…",
    "has:file": "With files",
    "has:link": "With links",
    "is:unread": "Unread",
    "after:": "Since…",
    "before:": "Before…",
  } as Record<string, string>,
  without: (key: string, what: string) => `Take away: ${key} ${what}`,
  unknown: "(unknown)",
  recent: "Searched before",
  forget: "Forget these",
  archived: "Archived",
  at: (n: number, of: number, more: boolean) => `${count(n)} of ${count(of)}${more ? "+" : ""}`,
  newer: "Newer hit",
  older: "Older hit",
  results: (n: number, more: boolean) => `${many(n, "message", "messages")}${more ? " and more" : ""}`,
  more: "Show more",
  in: (title: string) => `in ${title}`,
  /** Behind a conversation that was found by who is in it. */
  with: (people: string[]) => `with ${list(people)}`,
  failed: "Search failed",
};
