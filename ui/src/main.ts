import { mount } from "svelte";

import AppView from "./App.svelte";
import type { Backend } from "./lib/backend";
import { tauriBackend } from "./lib/backend/tauri";
import { speak } from "./lib/text";

async function backend(): Promise<Backend> {
  if (import.meta.env.DEV && !("__TAURI_INTERNALS__" in window)) {
    const { devBackend } = await import("./lib/backend/fake/dev");
    return devBackend(new URLSearchParams(window.location.search));
  }
  return tauriBackend();
}

speak();
const target = document.getElementById("app");
if (target) void backend().then((chosen) => mount(AppView, { target, props: { backend: chosen } }));
