/** All that the first view does without, in one file that is read behind it: a start waits for every line it has to read. */
export { default as Dialogs } from "../components/Dialogs.svelte";
export { default as MainViews } from "../components/MainViews.svelte";
export { default as Palette } from "../components/Palette.svelte";
export { default as FirstStart } from "./FirstStart.svelte";
export { default as LockScreen } from "./LockScreen.svelte";

// All styles are one file, which the page begins with. These stand last in it: of rules that weigh the same they count.
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/forced-colors.css";

export type Views = typeof import("./index");
