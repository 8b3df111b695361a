import { FakeBackend } from "./index";
import { agency } from "./agency";
import { empty } from "./world";

/** The fake engine for working on the page in a browser: `?world=first|empty|agency|locked|demo`,
 * and as everywhere `?locale=pseudo|pseudo-rtl`. */
export function devBackend(query: URLSearchParams): FakeBackend {
  const world = query.get("world") ?? "agency";
  let fake: FakeBackend;
  if (world === "first") {
    fake = new FakeBackend(empty({ person: null, name: null, device: null, relay: null, connection: "none", online: false, recovery_confirmed: false }));
  } else if (world === "empty") {
    fake = new FakeBackend(empty({ relay: null, connection: "none", online: false, recovery_confirmed: false }));
  } else {
    fake = new FakeBackend(agency());
    if (world === "locked") fake.world.status = { ...fake.world.status, locked: true, key_protection: "passphrase" };
    if (world === "demo") fake.world.status = { ...fake.world.status, demo: true, relay: null, connection: "none", offline_since: null };
    if (world === "online") fake.world.status = { ...fake.world.status, connection: "online", online: true, offline_since: null, outbox: 0, requests: 0 };
  }
  const theme = query.get("theme");
  if (theme === "dark" || theme === "light") fake.world.settings.theme = theme;
  const zoom = Number(query.get("zoom"));
  if (zoom >= 50 && zoom <= 200) fake.world.settings.zoom = zoom;
  if (query.get("compact")) fake.world.settings.compact_list = true;
  return fake;
}
