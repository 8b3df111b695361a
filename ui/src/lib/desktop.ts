/**
 * What the shell says outside the window: on the tray, and in notifications of the desktop. It gets the catalogue's words
 * with places for names in them, when the page comes up and when another language is chosen.
 */
import { noticeKinds } from "./notices";
import type { Catalogue } from "./text";

/** Files of one message, at most: each number has its own words, whatever plurals a language has. */
const FILES = 20;

/** As the shell takes it. */
export interface DesktopWords {
  app: string;
  show: string;
  quit: string;
  open: string;
  reply: string;
  read: string;
  hidden_message: string;
  hidden: string;
  alone: string;
  somebody: string;
  device: string;
  /** By kind of notice; `{name}` and `{title}` stand for what is only known then. */
  says: Record<string, string>;
  /** By kind of file, from one on. */
  files: Record<string, string[]>;
  /** `{length}` stands for how long it is. */
  voice: string;
}

export function desktopWords(t: Catalogue): DesktopWords {
  const [name, title] = ["{name}", "{title}"];
  const { says } = t.notices;
  const { voiceOf, ...files } = t.file.said;
  const counted = (words: (n: number) => string): string[] => Array.from({ length: FILES }, (_, at) => words(at + 1));
  return {
    app: t.app,
    show: t.desktop.show,
    quit: t.desktop.quit,
    open: t.notices.open,
    reply: t.desktop.reply,
    read: t.notices.read,
    hidden_message: t.desktop.hiddenMessage,
    hidden: t.desktop.hidden,
    alone: t.list.alone,
    somebody: t.common.somebody,
    device: t.common.device,
    says: {
      ...Object.fromEntries(noticeKinds.map((kind) => [kind, kind === "message" ? name : says[kind](name, title)])),
      came_in: says.cameIn(name),
      you_joined: says.youJoined(title),
      you_left: says.youLeft(title),
      an_invite_ends: says.anInviteEnds,
    },
    files: Object.fromEntries(Object.entries(files).map(([kind, words]) => [kind, counted(words)])),
    voice: voiceOf("{length}"),
  };
}
