import { asCallError, type CallError } from "../backend";

/** Rows that are asked for as a whole, and again whenever they are out of date. */
export class Loaded<T> {
  rows = $state.raw<T[] | null>(null);
  error = $state<CallError | null>(null);

  constructor(private readonly ask: () => Promise<T[]>) {}

  load = async (): Promise<void> => {
    try {
      this.rows = await this.ask();
      this.error = null;
    } catch (thrown) {
      this.error = asCallError(thrown);
    }
  };
}
