/** Translation by a service of one's own. */
export const translate = {
  do: "Translate",
  hide: "Hide the translation",
  made: "Translated by your own service",
  making: "Your own service translates…",
  at: "Translation service",
  atHelp:
    "Address of a LibreTranslate service on this computer or in its own network, such as http://localhost:5000. “Translate” in a message's menu sends it that message; what it answers is shown below and kept nowhere. A service elsewhere would read your encrypted messages, so it is never asked. For this device.",
  to: "Translate to",
  toHelp: "A language's tag, such as de or pt-BR. Empty: the language of this window. For this device.",
};
