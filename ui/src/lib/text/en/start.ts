/** Before there is anything to see: the first start, the welcome, the lock, and a start that failed. */

export const first = {
  title: "Welcome to Homing",
  lead: "Talk with your clients and colleagues. It works without a network, and nobody in between can read a word.",
  name: "Your name",
  namePlaceholder: "Ada Lindgren",
  nameHelp: "This is how the people you write with see you.",
  start: "Start",
  or: "Or",
  invitation: "I have an invitation",
  link: "Link to my other device",
  recover: "Use recovery words",
  restore: "Restore a backup",
  demo: "Try demo data",
};

export const welcome = {
  title: (name: string) => `Welcome, ${name}`,
  lead: "This is your inbox. Three things show how it works; nothing you do here can break anything.",
  steps: {
    write: "Write a note to yourself",
    writeHelp: "A conversation with nobody else in it is a notebook that follows you to all your devices.",
    writeDo: "Write a note",
    outbox: "See where unsent things wait",
    outboxHelp: "Without a network you go on as always. What is not sent yet waits in the outbox, and goes by itself.",
    outboxDo: "Look into the outbox",
    invite: "Invite somebody",
    inviteHelp: "There is no directory. People reach each other by an invitation link, and only they can read what is said.",
    inviteDo: "Invite",
  },
  demo: "Try demo data",
  demoHelp: "A small agency with clients, drafts and an outbox, in a profile of its own.",
  putAway: "Put these steps away",
  noteSubject: "Notes to myself",
};

export const lock = {
  title: "Locked",
  lead: "Enter your passphrase to open this profile.",
  passphrase: "Passphrase",
  open: "Open",
};

export const failed = {
  title: "Homing could not start",
  safe: "Your data was not touched.",
  retry: "Try again",
};
