/** Times people choose for a message, in the zone of this computer. */
export interface Choice {
  key: "evening" | "tomorrow" | "monday";
  at: Date;
}

/** A message that is planned for less than that is sent. */
const LEAST_MS = 2 * 60_000;

/** What is offered at a moment: this evening, tomorrow and Monday morning, as far as they are different and to come. */
export function choices(now: Date): Choice[] {
  const day = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const monday = (8 - now.getDay()) % 7 || 7;
  const list: Choice[] = [
    { key: "evening", at: day(0, 18) },
    { key: "tomorrow", at: day(1, 8) },
    { key: "monday", at: day(monday, 8) },
  ];
  return list.filter((one, at) => one.at.getTime() - now.getTime() > LEAST_MS && !list.slice(0, at).some((other) => other.at.getTime() === one.at.getTime()));
}

const two = (value: number): string => String(value).padStart(2, "0");

/** As a field for date and time writes it. */
export function toField(at: Date): string {
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What such a field says, in the zone of this computer; null if it is no time to come. */
export function fromField(text: string, now: Date): Date | null {
  const at = new Date(text);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/u.test(text) && at.getTime() > now.getTime() ? at : null;
}

/** The zone of this computer, as people know it. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
