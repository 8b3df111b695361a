import { en } from "./en";

/** The texts of the chosen language. English is the first catalogue and the shape of all others. */
export type Catalogue = typeof en;

export const t: Catalogue = en;
