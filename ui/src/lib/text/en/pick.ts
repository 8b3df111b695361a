/** Choosing by name. */
export const pick = {
  none: "Nothing by that name",
  more: "There are more: type a name.",
};
