import type { Attachment } from "../../bindings/Attachment";
import type { FileRoom } from "../../bindings/FileRoom";
import { CallError } from "../index";
import type { Handlers } from "./handlers";
import type { FakeBackend } from "./index";

type RoomCall = "attachment_want" | "file_pin" | "file_drop" | "file_room" | "file_rules_set" | "files_free";

const MB = 1_000_000;
const rules = new WeakMap<FakeBackend, FileRoom["rules"]>();

function all(fake: FakeBackend): Attachment[] {
  return [...fake.world.messages.values()].flatMap((rows) => rows.flatMap((row) => row.attachments));
}

function room(fake: FakeBackend): FileRoom {
  const here = all(fake).filter((file) => file.state === "ready");
  const free = here.filter((file) => !file.pinned);
  const sum = (files: Attachment[]): number => files.reduce((bytes, file) => bytes + file.size, 0);
  return {
    rules: rules.get(fake) ?? { downloads: "up_to", up_to_mb: 25, room_mb: 5000 },
    bytes: sum(here),
    files: here.length,
    free_bytes: sum(free),
    free_files: free.length,
  };
}

/** Changes a file wherever it is shown. */
function put(fake: FakeBackend, id: string, change: (file: Attachment) => Attachment): Attachment {
  for (const rows of fake.world.messages.values()) {
    const row = rows.find((one) => one.attachments.some((file) => file.id === id));
    if (!row) continue;
    const attachments = row.attachments.map((file) => (file.id === id ? change(file) : file));
    if (attachments.some((file, n) => file !== row.attachments[n])) fake.putMessage({ ...row, attachments });
    const changed = attachments.find((file) => file.id === id);
    if (changed) return changed;
  }
  throw new CallError({ code: "not_found", message: "There is no such file." });
}

export const filesRoom: Pick<Handlers, RoomCall> = {
  attachment_want: (fake, args) => {
    const held = room(fake).rules;
    const comes = (file: Attachment): boolean => held.downloads === "always" || (held.downloads === "up_to" && file.size <= held.up_to_mb * MB);
    return put(fake, args.id, (file) => (file.state === "remote" && comes(file) ? { ...file, state: "ready" } : file));
  },
  file_pin: (fake, args) => put(fake, args.id, (file) => ({ ...file, pinned: args.on, state: args.on ? "ready" : file.state })),
  file_drop: (fake, args) => put(fake, args.id, (file) => ({ ...file, pinned: false, state: "remote" })),
  file_room: room,
  file_rules_set: (fake, args) => {
    const held = room(fake).rules;
    rules.set(fake, { downloads: args.downloads ?? held.downloads, up_to_mb: args.up_to_mb ?? held.up_to_mb, room_mb: args.room_mb ?? held.room_mb });
    return room(fake);
  },
  files_free: (fake) => {
    for (const file of all(fake)) if (file.state === "ready" && !file.pinned) put(fake, file.id, (one) => ({ ...one, state: "remote" }));
    return room(fake);
  },
};
