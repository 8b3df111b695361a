/** Links to video calls. */
export const video = {
  menu: "Video call link…",
  setting: "Video calls",
  settingHelp:
    "Address of the service you make video calls with, such as https://meet.example.org/{room}. A new name nobody can guess takes the place of {room} in each link. “Video call link” in a conversation's menu puts a link into your message; nothing is sent or opened by itself. On all your devices.",
  line: (link: string) => `Video call: ${link}`,
};
