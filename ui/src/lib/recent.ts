/** The reactions somebody gives most, for the bar on a message. Kept on this computer. */
const KEY = "homing.reactions";
const FIRST = ["👍", "❤️", "😂", "🎉", "🙏", "👀"];
const SHOWN = FIRST.length;
const KEPT = 64;

function read(): Record<string, number> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (kept === null || typeof kept !== "object") return {};
    return Object.fromEntries(Object.entries(kept).filter((one): one is [string, number] => typeof one[1] === "number"));
  } catch {
    return {};
  }
}

/** The most used ones; what is missing is filled up with what most people use. */
export function mostUsed(): string[] {
  const counts = read();
  const used = Object.keys(counts).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
  return [...new Set([...used, ...FIRST])].slice(0, SHOWN);
}

export function used(emoji: string): void {
  const counts = read();
  counts[emoji] = (counts[emoji] ?? 0) + 1;
  const kept = Object.entries(counts).sort((a, b) => b[1] - a[1]).slice(0, KEPT);
  localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
}
