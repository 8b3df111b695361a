export interface Entry {
  name: string;
  emoji: string;
}

export interface EmojiHit {
  from: number;
  to: number;
  list: Entry[];
}

const ALL =
  "smile 😄|grin 😁|joy 😂|laughing 😆|slight_smile 🙂|wink 😉|blush 😊|heart_eyes 😍|kiss 😘|thinking 🤔|neutral 😐|unamused 😒|relieved 😌|sleepy 😴|sweat 😅|cry 😢|sob 😭|angry 😠|scream 😱|flushed 😳|sunglasses 😎|confused 😕|worried 😟|tada 🎉|party 🥳|thumbsup 👍|thumbsdown 👎|ok_hand 👌|clap 👏|wave 👋|pray 🙏|handshake 🤝|muscle 💪|point_up ☝️|point_right 👉|point_down 👇|eyes 👀|raised_hands 🙌|crossed_fingers 🤞|shrug 🤷|heart ❤️|broken_heart 💔|sparkles ✨|star ⭐|fire 🔥|hundred 💯|check ✅|cross ❌|warning ⚠️|question ❓|exclamation ❗|bulb 💡|bell 🔔|lock 🔒|key 🔑|house 🏠|home_garden 🏡|office 🏢|construction 🏗️|bricks 🧱|hammer 🔨|wrench 🔧|toolbox 🧰|paint 🎨|ladder 🪜|door 🚪|window 🪟|bed 🛏️|couch 🛋️|bath 🛁|shower 🚿|toilet 🚽|plug 🔌|boiler ♨️|snowflake ❄️|sun ☀️|rain 🌧️|storm ⛈️|rainbow 🌈|tree 🌳|flower 🌸|garden 🌻|car 🚗|parking 🅿️|train 🚆|plane ✈️|bike 🚲|ship 🚢|map 🗺️|pin 📍|suitcase 🧳|calendar 📅|clock 🕐|hourglass ⏳|phone 📞|mobile 📱|mail 📧|envelope ✉️|paperclip 📎|page 📄|clipboard 📋|chart 📈|money 💶|bank 🏦|receipt 🧾|card 💳|pen 🖊️|memo 📝|camera 📷|video 🎥|music 🎵|coffee ☕|wine 🍷|cake 🎂|pizza 🍕|apple 🍎|dog 🐶|cat 🐱|bird 🐦|pigeon 🕊️|baby 👶|family 👪|wheelchair ♿|recycle ♻️|sos 🆘|flag 🏁|rocket 🚀|gift 🎁|trophy 🏆|medal 🏅"
    .split("|")
    .map((entry): Entry => {
      const [name = "", emoji = ""] = entry.split(" ");
      return { name, emoji };
    });

const SHOWN = 7;

/** All emoji whose names fit, for a picker. */
export function search(query: string): Entry[] {
  const wanted = query.trim().toLowerCase().replaceAll(" ", "_");
  return ALL.filter((entry) => entry.name.includes(wanted));
}

/** The emoji whose names fit the `:word` before the caret. */
export function complete(text: string, caret: number, least = 2): EmojiHit | null {
  const word = /(?:^|\s):([a-z_]*)$/iu.exec(text.slice(0, caret));
  if (!word) return null;
  const query = (word[1] ?? "").toLowerCase();
  if (query.length < least) return null;
  const starts = ALL.filter((entry) => entry.name.startsWith(query));
  const holds = ALL.filter((entry) => !entry.name.startsWith(query) && entry.name.includes(query));
  return { from: caret - query.length - 1, to: caret, list: [...starts, ...holds].slice(0, SHOWN) };
}
