/** Times people choose from, in their own zone. */

const HOUR = 3_600_000;
/** When a day begins for who comes back to something. */
const MORNING = 9;

function morning(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}

export function inHours(now: number, hours: number): string {
  return new Date(now + hours * HOUR).toISOString();
}

/** Tomorrow morning. */
export function tomorrow(now: number): string {
  return morning(new Date(now), 1).toISOString();
}

/** Later on this day: in three hours, but not in the night. */
export function laterToday(now: number): string | null {
  const at = new Date(now + 3 * HOUR);
  return at.getDate() === new Date(now).getDate() && at.getHours() < 22 ? at.toISOString() : null;
}

/** The morning of next Monday, unless that is tomorrow. */
export function nextWeek(now: number): string | null {
  const today = new Date(now);
  const days = (8 - today.getDay()) % 7 || 7;
  return days === 1 ? null : morning(today, days).toISOString();
}

/** What a field for a local date and time holds, as a moment; null if it is over or no time at all. */
export function chosen(local: string, now: number): string | null {
  const at = new Date(local).getTime();
  return Number.isNaN(at) || at <= now ? null : new Date(at).toISOString();
}

/** A moment as such a field shows it. */
export function local(at: number): string {
  const zone = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - zone).toISOString().slice(0, 16);
}
