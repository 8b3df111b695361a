import { tick } from "svelte";

import { typeIn } from "./quick";
import type { App } from "./state/app.svelte";
import type { Thread } from "./state/thread.svelte";
import { testids } from "./testids";
import { t } from "./text";

/** Stands in the address of a service where a room's name goes; the engine knows it by the same word. */
const ROOM = "{room}";
/** 128 bits: who has no link does not find the room. */
const ROOM_BYTES = 16;

/** A link to a room of the service nobody was in before; an address without a place for a room is the link. */
export function callLink(address: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ROOM_BYTES));
  // Some services don't tell capital letters from small ones: digits and small letters are the same everywhere.
  const room = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return address.replaceAll(ROOM, room);
}

/** Puts a line with a link to a video call behind what is being written; without a service, leads to its setting. */
export async function offerCall(app: App, thread: Thread): Promise<void> {
  const address = app.settings?.video_call ?? "";
  if (address === "") {
    app.router.go("settings", null, { q: t.video.setting });
    return;
  }
  // The link is for everybody in the conversation.
  thread.commenting = false;
  await tick();
  const area = document.querySelector<HTMLTextAreaElement>(`[data-testid="${testids.composer}"]`);
  if (!area) return;
  const end = area.value.length;
  const above = area.value === "" || area.value.endsWith("\n") ? "" : "\n";
  typeIn(area, end, end, `${above}${t.video.line(callLink(address))}\n`);
}
