import { render, waitFor } from "@testing-library/svelte";

import AppView from "../src/App.svelte";
import { FakeBackend } from "../src/lib/backend/fake";
import { agency } from "../src/lib/backend/fake/agency";
import { empty, type World } from "../src/lib/backend/fake/world";
// Read here already: how long that takes is not what tests wait for.
import "../src/lib/views";

/** The whole app on a fake engine, once its views are there. */
export async function start(world: World = agency(), hash = "#/inbox"): Promise<FakeBackend> {
  window.location.hash = hash;
  const backend = new FakeBackend(world);
  render(AppView, { props: { backend } });
  await waitFor(() => {
    if (app().dataset["whole"] !== "true") throw new Error("still loading");
  });
  return backend;
}

export function nobody(): World {
  return empty({ person: null, name: null, device: null, relay: null, connection: "none", online: false, recovery_confirmed: false });
}

export function app(): HTMLElement {
  return one("app");
}

/** The one element with a test id. */
export function one<T extends HTMLElement = HTMLElement>(id: string, more = ""): T {
  const found = document.querySelector<T>(`[data-testid="${id}"]${more}`);
  if (!found) throw new Error(`no ${id}${more}`);
  return found;
}

export function all<T extends HTMLElement = HTMLElement>(id: string, more = ""): T[] {
  return [...document.querySelectorAll<T>(`[data-testid="${id}"]${more}`)];
}

/** Waits until `look` finds something. */
export function soon<T>(look: () => T): Promise<T> {
  return waitFor(look);
}
