/** The English catalogue, put together from its features: one module each in `en/`. */
import { pick } from "./en/pick";
import { backup, devices, linking, recovery } from "./en/account";
import { compare, composer, drafts, later, outbox, unsaved } from "./en/composing";
import { choices, create, list, panel, remove } from "./en/conversations";
import { error } from "./en/errors";
import { file, gallery, keep, voice } from "./en/files";
import { help } from "./en/help";
import { answers, comments, forward, history, message, reactions, receipts, select, state, thread } from "./en/messages";
import { notices } from "./en/notices";
import { invite, join, members, people, persons, role, roleHelp, safety, space } from "./en/people";
import { quick } from "./en/quick";
import { ask, interests, record, records, share } from "./en/records";
import { search } from "./en/search";
import { doctor, passphrase, settings } from "./en/settings";
import { banner, common, desktop, link, nav, palette, toast } from "./en/shell";
import { failed, first, lock, welcome } from "./en/start";
import { translate } from "./en/translate";
import { video } from "./en/video";

export const en = {
  app: "Homing",
  common,
  nav,
  banner,
  link,
  desktop,
  toast,
  palette,
  pick,
  first,
  welcome,
  lock,
  failed,
  list,
  create,
  choices,
  panel,
  remove,
  thread,
  message,
  reactions,
  history,
  answers,
  forward,
  select,
  state,
  receipts,
  comments,
  composer,
  drafts,
  unsaved,
  compare,
  later,
  outbox,
  quick,
  file,
  keep,
  gallery,
  voice,
  video,
  translate,
  role,
  roleHelp,
  space,
  invite,
  join,
  people,
  safety,
  members,
  persons,
  record,
  records,
  share,
  interests,
  ask,
  notices,
  search,
  settings,
  passphrase,
  doctor,
  devices,
  linking,
  recovery,
  backup,
  help,
  error,
};
