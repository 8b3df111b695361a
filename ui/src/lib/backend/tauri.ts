import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

import type { Status } from "../bindings/Status";
import type { Answer, Args, Backend, CallName, EngineEvent, FileDrag, HandedFile, OpenConversation, ShellInfo, VoiceNote, VoiceProgress } from "./index";
import { t } from "../text";
import { asCallError } from "./index";

declare global {
  interface Window {
    __TAURI_INTERNALS__?: { invoke(command: string, args: object): Promise<unknown> };
    /** What was asked before this script was read (`ahead.ts`), by question. */
    homingAhead?: Map<string, Promise<unknown>>;
  }
}

/** The answer to a question that was asked ahead; it is current once. */
function ahead<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N>> | undefined {
  const question = JSON.stringify([name, args]);
  const answer = window.homingAhead?.get(question);
  window.homingAhead?.delete(question);
  return answer as Promise<Answer<N>> | undefined;
}

/** The page inside the desktop window. */
export function tauriBackend(): Backend {
  return {
    async call<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N>> {
      try {
        return await (ahead(name, args) ?? invoke<Answer<N>>("call", { call: { call: name, args } }));
      } catch (thrown) {
        throw asCallError(thrown);
      }
    },
    listen: (handler) => listen<EngineEvent>("engine", (event) => handler(event.payload)),
    shell: {
      info: () => invoke<ShellInfo>("shell_info"),
      onDeepLink: (handler) => listen<string>("deep-link", (event) => handler(event.payload)),
      onOpenConversation: (handler) =>
        listen<OpenConversation>("open-notification", (event) => handler(event.payload)),
      onMenu: (handler) => listen<string>("menu", (event) => handler(event.payload)),
      onFileDrag: (handler) => listen<FileDrag>("file-drag", (event) => handler(event.payload)),
      keepFile: async (file) => {
        const headers = { "x-name": encodeURIComponent(file.name || t.file.unnamed), "x-mime": encodeURIComponent(file.type) };
        return invoke<HandedFile>("keep_file", new Uint8Array(await file.arrayBuffer()), { headers });
      },
      microphone: () => invoke<boolean>("microphone"),
      onVoice: (handler) => listen<VoiceProgress>("voice", (event) => handler(event.payload)),
      voiceStart: () => invoke<void>("voice_start"),
      voiceStop: (name) => invoke<VoiceNote | null>("voice_stop", { name }),
      voiceSound: (id) => invoke<ArrayBuffer>("voice_sound", { id }),
      clipboardFiles: () => invoke<HandedFile[]>("clipboard_files", { name: t.file.unnamed }),
      pickFiles: () => invoke<HandedFile[]>("pick_files"),
      pickPath: () => invoke<string | null>("pick_path"),
      savePath: (name) => invoke<string | null>("save_path", { name }),
      openFile: (id, sure) => invoke<boolean>("open_file", { id, sure }),
      showFile: (id) => invoke<boolean>("show_file", { id }),
      // The webviews let a page put pictures there while a press on the page lasts: what it is may come later.
      copyPicture: (png) => navigator.clipboard.write([new ClipboardItem({ "image/png": png })]),
      openExternal: (url) => invoke<void>("open_external", { url }),
      setZoom: (percent) => invoke<void>("set_zoom", { percent }),
      setBadge: (count) => invoke<void>("set_badge", { count }),
      setWords: (words) => invoke<void>("set_words", { words }),
      leaveDemo: async () => {
        try {
          return await invoke<Status>("leave_demo");
        } catch (thrown) {
          throw asCallError(thrown);
        }
      },
      quit: () => invoke<void>("quit"),
    },
  };
}
