import { plural } from "../../format";

const counted = plural("en");

/** What is counted, in English: "1 file", "1,204 files". */
export const many = (n: number, one: string, other: string): string => counted(n, { one, other });
