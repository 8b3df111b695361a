import type { Downloads } from "../bindings/Downloads";
import { size } from "../format";
import type { App } from "../state/app.svelte";
import { t } from "../text";
import type { Setting } from "./settings";

/** MB; what else was set by the command line is offered too. */
const SIZES = [1, 5, 10, 25, 50, 100, 250];
const ROOMS = [1000, 2000, 5000, 10_000, 20_000, 50_000, 0];

const MB = 1_000_000;

function offered(list: number[], value: number): number[] {
  return list.includes(value) ? list : [value, ...list];
}

/** Files on this device: what comes by itself, how much room it gets, and what it takes. */
export function files(app: App): Setting[] {
  const held = app.room.value;
  if (!held) return [];
  const s = t.keep.settings;
  const { rules } = held;
  const set = (change: Parameters<typeof app.room.set>[0]): void => void app.room.set(change).catch((thrown) => app.fail(thrown));
  const rows: Setting[] = [
    {
      kind: "choice",
      id: "downloads",
      label: s.downloads,
      help: s.downloadsHelp,
      value: rules.downloads,
      options: (["always", "up_to", "on_demand"] as const).map((one): [string, string] => [one, s.choices[one]]),
      set: (value) => set({ downloads: value as Downloads }),
    },
  ];
  if (rules.downloads === "up_to") {
    rows.push({
      kind: "choice",
      id: "up_to_mb",
      label: s.upTo,
      value: String(rules.up_to_mb),
      options: offered(SIZES, rules.up_to_mb).map((mb): [string, string] => [String(mb), size(mb * MB)]),
      set: (value) => set({ up_to_mb: Number(value) }),
    });
  }
  const most = rules.room_mb * MB;
  rows.push(
    {
      kind: "choice",
      id: "room_mb",
      label: s.room,
      help: s.roomHelp,
      value: String(rules.room_mb),
      options: offered(ROOMS, rules.room_mb).map((mb): [string, string] => [String(mb), mb === 0 ? s.noLimit : size(mb * MB)]),
      set: (value) => set({ room_mb: Number(value) }),
    },
    {
      kind: "action",
      id: "files_here",
      label: most > 0 ? s.usedOf(size(held.bytes), size(most)) : s.used(size(held.bytes)),
      help: held.free_bytes > 0 ? s.canGo(size(held.free_bytes)) : s.nothingGoes,
      words: "storage cache disk space",
      action: s.free,
      disabled: held.free_bytes === 0,
      run: () => void app.room.free().then((bytes) => app.toasts.show(s.freed(size(bytes))), (thrown: unknown) => app.fail(thrown)),
    },
  );
  return rows;
}
