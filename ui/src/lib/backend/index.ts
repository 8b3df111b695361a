import type { ApiError } from "../bindings/ApiError";
import type { Calls } from "../bindings/calls";
import type { Code } from "../bindings/Code";
import type { Event as EngineEvent } from "../bindings/Event";
import type { Status } from "../bindings/Status";
import type { DesktopWords } from "../desktop";

export type { EngineEvent };
export type CallName = keyof Calls;
export type Answer<N extends CallName> = Calls[N]["answer"];

type NullableKeys<A> = { [K in keyof A]: null extends A[K] ? K : never }[keyof A];

/** Arguments of a call; what the engine takes as absent may be left out. */
export type Args<N extends CallName> = Omit<Calls[N]["args"], NullableKeys<Calls[N]["args"]>> &
  Partial<Pick<Calls[N]["args"], NullableKeys<Calls[N]["args"]>>>;

export interface ShellInfo {
  platform: string;
  profile: string;
  deep_link: string | null;
  notification_target: OpenConversation | null;
}

/** Where a notification leads; without a conversation to the centre. */
export interface OpenConversation {
  conversation: string | null;
  message: string | null;
  /** Somebody wants to answer at once. */
  write: boolean;
}

/** A file that was chosen, dropped on the window or pasted. The shell holds it; calls name it by its number. */
export interface HandedFile {
  id: number;
  name: string;
  mime: string;
  size: number;
}

/** Files held over the window, or let go there; the place as parts of its width and height. */
export type FileDrag =
  | { kind: "over"; x: number; y: number }
  | { kind: "leave" }
  | { kind: "drop"; x: number; y: number; files: HandedFile[] };

/** A recording that was ended: the shell holds it like a file. */
export interface VoiceNote {
  file: HandedFile;
  duration_ms: number;
}

/** How a recording goes. `level`: how loud it is just now, 0 to 255. */
export interface VoiceProgress {
  duration_ms: number;
  level: number;
  /** Nothing more is recorded: it is as long as it may be, or the microphone is gone. */
  ended: "full" | "gone" | null;
}

/** What the window around the page can do and tells. */
export interface Shell {
  info(): Promise<ShellInfo>;
  onDeepLink(handler: (link: string) => void): Promise<() => void>;
  onOpenConversation(handler: (target: OpenConversation) => void): Promise<() => void>;
  onMenu(handler: (item: string) => void): Promise<() => void>;
  onFileDrag(handler: (drag: FileDrag) => void): Promise<() => void>;
  /** Gives the shell a file that the page holds itself. */
  keepFile(file: File): Promise<HandedFile>;
  clipboardFiles(): Promise<HandedFile[]>;
  /** Whether there is a microphone. */
  microphone(): Promise<boolean>;
  onVoice(handler: (progress: VoiceProgress) => void): Promise<() => void>;
  voiceStart(): Promise<void>;
  /** Ends the recording; null if there was none. */
  voiceStop(name: string): Promise<VoiceNote | null>;
  /** A voice note as WAV. */
  voiceSound(id: string): Promise<ArrayBuffer>;
  pickFiles(): Promise<HandedFile[]>;
  /** One file, for a call that takes its path. */
  pickPath(): Promise<string | null>;
  savePath(name: string): Promise<string | null>;
  /** Opens a file in the program set for it; false: the person has to be asked first. */
  openFile(id: string, sure: boolean): Promise<boolean>;
  /** Shows where a file was saved; false: it was not since the app started. */
  showFile(id: string): Promise<boolean>;
  /** Puts a picture (PNG) into the clipboard. */
  copyPicture(png: Promise<Blob>): Promise<void>;
  openExternal(url: string): Promise<void>;
  /** Percent, as a browser's zoom: the layout follows. */
  setZoom(percent: number): Promise<void>;
  setBadge(count: number): Promise<void>;
  /** What is said outside the window from now on. */
  setWords(words: DesktopWords): Promise<void>;
  /** Back to the own profile; the demo stays to be gone on with. */
  leaveDemo(): Promise<Status>;
  quit(): Promise<void>;
}

/** The engine and the shell, as the page sees them. */
export interface Backend {
  call<N extends CallName>(name: N, args: Args<N>): Promise<Answer<N>>;
  listen(handler: (event: EngineEvent) => void): Promise<() => void>;
  shell: Shell;
}

/** A call that failed, with the engine's stable code. */
export class CallError extends Error {
  readonly code: Code;

  constructor(error: ApiError) {
    super(error.message);
    this.name = "CallError";
    this.code = error.code;
  }
}

/** Whatever was thrown, as something that can be shown. */
export function asCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    return new CallError(thrown as ApiError);
  }
  return new CallError({ code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) });
}
