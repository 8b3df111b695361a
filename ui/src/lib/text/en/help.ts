/** The sheet of keys and topics. */
import type { KeyId, KeyPlace } from "../../keys";

export const help = {
  title: "Keys and help",
  search: "Search keys and help",
  none: "Nothing by that name",
  noneHelp: "Try another word. What can be done is found by name too: press Ctrl+K.",
  place: { everywhere: "Everywhere", reading: "Reading", writing: "Writing", pictures: "Pictures" } satisfies Record<KeyPlace, string>,
  keys: {
    palette: "Go to or do anything",
    new: "New conversation",
    search: "Search everywhere",
    settings: "Settings",
    help: "This sheet",
    back: "Step out, back",
    previous: "Previous conversation",
    next: "Next conversation",
    find: "Search in this conversation",
    panel: "People and files",
    up: "Message before",
    down: "Message after",
    latest: "The newest message",
    reply: "Reply to the chosen message",
    react: "React to the message you are at",
    answers: "Show what answers it",
    change: "Give it other words, if it is yours",
    forward: "Forward it",
    select: "Select it, to do something with several",
    copy: "Copy the chosen message",
    remove: "Delete the chosen message for everyone",
    archive: "Archive, or move back to the inbox",
    choose: "In the list: select a conversation; Shift with an arrow selects more",
    chooseAll: "In the list: select all of it, also what is not loaded yet",
    pictureBefore: "Picture before",
    pictureAfter: "Next picture",
    zoomIn: "Larger",
    zoomOut: "Smaller",
    zoomFit: "The whole picture",
    send: "Send",
    line: "New line",
    edit: "Edit your last message (in an empty field)",
    emoji: "Emoji by name",
    mention: "Name somebody who can read this",
    bold: "Bold",
    italic: "Italic",
    code: "Code",
  } satisfies Record<KeyId, string>,
  ticksTitle: "What the ticks say",
  here: "About what is open now",
  topicsTitle: "How it works",
  data: "With your data:",
  /** One topic per thing somebody may wonder about: what it is for, and what it does with data. Every route has one. */
  topics: {
    basics: {
      title: "How Homing works",
      text: [
        "Everything is on this device, so reading, writing and searching never wait for a network. What you do offline waits in the outbox and goes by itself.",
      ],
      data: "What you write is sealed here, carried by a relay that can't read it, and opened on the devices of the people in the conversation. The relay sees who writes when and how much, never what.",
    },
    conversations: {
      title: "Conversations",
      text: [
        "The list shows what was written last first. The filters above it show what is unread, begun, archived or waiting.",
        "Archiving takes a conversation out of the way; a new message brings it back, unless it is muted. Snoozing does so until a time of your choice. Pinned ones stay at the top. Marking it unread is for you alone and takes no receipt back.",
        "Select several with X, or Ctrl and a click; Shift selects up to another one, Ctrl+A all of the list. What you do is done with all of them, and one undo takes all of it back. What all of them are already is offered the other way round: back to the inbox, unmute, bring back, mark unread.",
        "Two conversations with the same client can be merged: one goes on in the other, for everybody in it, until somebody separates them in the panel. Properties of both stand beside the whole, and with their own again once they are separated. Any other conversation has members and keys of its own, so it stays apart, also from one with the same people.",
        "What you delete for yourself leaves all of your devices. A new message brings the conversation back, without what was there before. Deleting for everyone takes messages, files and drafts of it off the devices of everybody in it, and nothing written in it meanwhile is shown.",
      ],
      data: "Archived, pinned, muted, snoozed, unread and deleted for you are kept for your own devices: nobody else learns of them. A device that is off deletes for everyone when it comes online again.",
    },
    team: {
      title: "Working as a team",
      text: [
        "A conversation with a client can be assigned to a colleague. Its row shows who looks after it, and the lists Mine and Unassigned show what is left to do. Mentions lists the conversations in which somebody named you.",
        "A comment stands beside what the client reads, marked and in another colour. It has a message field of its own; what you type there follows you to your other devices, stands among your drafts with a mark, and never comes into the field that answers the client. While a colleague answers the same client you see it, and are asked before a second answer goes.",
      ],
      data: "Comments and assignments are written in your team's space. The client's devices never get them, and hold no key that would open them.",
    },
    blocking: {
      title: "Blocking, spam and names",
      text: [
        "Whom you block you don't hear: nothing of theirs is announced, what you have with them alone lies under Blocked, in groups their messages are folded: they are in no number and no preview, bring nothing back, and you don't see them type or be there. Once you unblock them, what you have not read of it is unread. Reporting spam also puts the conversation away, and can keep what was written in a file.",
        "Call people what you like; the panel shows what they call themselves.",
      ],
      data: "Whom you block and what you call people is kept for your own devices. They are not told.",
    },
    messages: {
      title: "Messages and their ticks",
      text: [
        "The arrow keys go from message to message; R replies, C copies, the menu key shows the rest. A reply shows what it answers and leads there.",
        "If you want it so (Settings, off at first, for all your devices), your device asks the page of a link you write for its title and picture. They stand above the message field until you send or take them out, and travel inside the message. Only pages on the open internet are asked, over https; without a network the message goes without.",
        "Homing makes no video calls itself. Name the service you use in the settings, and “Video call link” in a conversation's menu writes a link to a room of its own into your message, for you to send.",
        "It doesn't translate by itself either. With a LibreTranslate service on this computer or in its own network, named in the settings, “Translate” in a message's menu shows what the service makes of it below the message. Nothing of it is kept or sent on.",
        "A message that was written before what you had already read and arrived after it is marked as late, and unread.",
      ],
      data: "Ticks are told by the devices of the others: safe at the relay, on their device, read. Without read receipts (Settings, for all your devices) you neither tell nor see who read: their messages stay at delivered. Turned on again, what others told meanwhile shows, and what you read meanwhile is never told.",
    },
    drafts: {
      title: "Drafts and the outbox",
      text: [
        "What you begin is kept as you type, on all your devices. Sent once, it is finished everywhere, whoever pressed the key.",
        "A conversation may have several drafts: begun on two devices without a network, or because you put one aside (in the menu of the clock beside Send). They stand above the message field. Hold two side by side to keep either, or to make one of both.",
        "The outbox shows what the relay does not have yet. It can be cancelled, edited and tried again until it has gone, and messages of one conversation can change places. Chosen with Space, several go at once: Delete cancels, Alt with the arrow keys moves. What is cancelled is a draft again.",
        "The clock beside Send sends later. The relay keeps the message sealed and sends it at its time, also when your devices are off. Files are brought to the relay first, sealed too, and nobody can fetch them before. Until then it stands below the conversation, on your devices only, and each of them can change its time, send it now or take it back. If somebody joins or leaves meanwhile, it waits for you to say that it may go.",
      ],
      data: "Drafts are sealed for your own devices. Nobody else sees that you are writing one, except “is typing” while you do.",
    },
    quick: {
      title: "Quick replies",
      text: [
        "What you say often you write once: type / in a message and pick it by its title, words or category. Names, days and the property fill themselves in. What can't be filled in is shown, and has to be seen before it is sent.",
        "They can be for everywhere or for one property, and bring files with them: a price list, the house rules. They are taken from a table and written into one (CSV); files stay out of tables.",
      ],
      data: "Quick replies are sealed for your team, or for your own devices if you have none. A client gets only the message you send; that it began as a quick reply is shown to your team alone.",
    },
    files: {
      title: "Files and pictures",
      text: [
        "Attach with the clip, drop files on the conversation, or paste them. They are kept with the draft, on all your devices, until it is sent.",
        "A press on a picture shows it large: the arrows go to the one before and after, + and - make it larger and smaller. “About this conversation” lists everything that was sent in it. The menu of a file opens it in another program, saves it, or shows where you saved it.",
        "Files come by themselves up to the size you set, and go again when their room is needed, those first that you did not open for longest. Their menu keeps them on this device; the menu of a conversation keeps all of its files on all your devices. “Files on this device” in the settings shows what they take.",
        "Record a voice note with the microphone beside the message field, up to half an hour. The arrow sends it at once; the square, Escape and leaving the conversation keep it in the draft, where you can listen to it first. Arrow keys move in a voice note that plays.",
        "Photos lose the place they were taken at and the camera they were taken with before they leave, sent, forwarded, put on a property or shared with one: what is noted in JPEG, PNG, WebP, HEIC and AVIF, not in films and other files. The settings turn that off; photos then go as they are.",
        "Programs that came with a message are never opened from here, and you are asked before anything is that might hold one.",
      ],
      data: "Files are sealed in pieces before they leave, with a key that only the people of the conversation get. Names and kinds are sealed too; the relay sees sizes.",
    },
    records: {
      title: "Properties and sharing",
      text: [
        "A property is kept with your team, on all your devices, with or without a network. If two people change the same field before they hear of each other, both values are kept with who and when: choose one, and it counts for everybody. A field is saved when you leave it, by whatever way; until then what you type is on this device only.",
        "Share it with clients and their copy follows by itself: published, being updated, or waiting for a connection. Write about it to begin a conversation that shows it beside the messages.",
      ],
      data: "Clients get a copy of the fields you see in the preview. Internal notes never leave your team's space. What a client has seen can't be made unseen by taking it back.",
    },
    interests: {
      title: "Interests",
      text: [
        "There is one interest for a client and a property, whoever noted it and wherever. Both of you see and change it.",
        "On the board, drag a card to another column, or focus it and press Alt with the arrow keys.",
      ],
      data: "An interest stands in the space of that client: your team and the client read it, other clients don't.",
    },
    search: {
      title: "Search",
      text: [
        "It looks through everything this device holds: messages, names of files, conversations, people and properties. A word is found by its beginning from three letters on; in Japanese, Chinese, Thai and Korean any two letters in a row are found. In an open conversation it looks there only, and Enter and Shift+Enter go from hit to hit.",
        "Filters are words too: from:ben, in:\"Villa Rosa\", client:maria, record:villa, has:file (image, video, audio, document, link), is:unread, is:mine, before:2026-11-01, after:2w, on:yesterday. Tab takes what is offered.",
        "Newest first shows all of it. Best first ranks the newest 500 hits: how often the words stand there, in how short a text, and whether in a row.",
      ],
      data: "The index and your last searches lie in your encrypted profile. Nothing you search for leaves this device.",
    },
    notices: {
      title: "Notifications",
      text: [
        "The bell holds what you were told of, each thing once: unread conversations, mentions, requests, people who came in or left, changed interests, new devices, what is back from its snooze, messages that arrived late or were not sent, planned messages that are late or wait for you because the members changed, and invitations of yours that nobody used a day before they end. What you read on one device is read on all of them.",
        "While you look at the window you are told in it; else on the desktop, where a notification can be answered or marked as read. In the settings each kind can be shown in the app, on the desktop and with a sound, and quiet hours can be set. Each conversation can announce everything, mentions or nothing. One that is muted, or announces less, counts in its own row only, not in the numbers at the inbox, the bell, the title and the icon; what you asked for yourself is told all the same: the end of a snooze, and messages of yours that were not sent or wait for you.",
      ],
      data: "What to tell you of, and what you have read, is kept encrypted for your own devices. A notification on the desktop shows names and text only if you want that. It is written in the language of the window, and so is the tray.",
    },
    people: {
      title: "People and invitations",
      text: [
        "There is no directory: people come by an invitation link or its QR code, which one person can use once.",
        "A client gets a space that your team can read and other clients can't. A colleague joins the team once you let them in.",
      ],
      data: "The link holds what opens the space: send it by a way you trust. Everybody who can read a conversation is named in its members, and nobody else can.",
    },
    members: {
      title: "Members and roles",
      text: [
        "Whoever is added can read the whole history. Whoever is removed or leaves keeps what they have and gets nothing new.",
        "Without a connection a change of members waits, and says so beside the name; it holds for everybody once the relay is reached.",
      ],
      data: "Removing somebody changes the keys: nothing written from then on can be opened with the old ones.",
    },
    safety: {
      title: "Safety numbers",
      text: ["Compare the digits when you meet or on a call. If they are the same on both sides, nobody stands in between."],
      data: "The digits are made from both accounts' keys. Whether you compared them is kept for your own devices.",
    },
    devices: {
      title: "Devices",
      text: ["Every linked device holds your whole account and works alone. Link one by its code and compare the digits; revoke one that is lost."],
      data: "Linking hands over your account from device to device, sealed. Revoking changes all keys, the recovery words too: write the new ones down.",
    },
    recovery: {
      title: "Recovery words, backup and restore",
      text: [
        "The 24 words bring your account back when all devices are lost. A backup is one file with everything in it.",
        "“Check the data” looks for damage and mends what can be mended.",
      ],
      data: "Whoever has the words is you. A backup is encrypted with a passphrase or with the words; a restored one becomes a new device.",
    },
    lock: {
      title: "Passphrase and lock",
      text: ["With a passphrase, Homing asks for it at the start and after the time you set."],
      data: "The profile is encrypted on the disk in any case. The passphrase protects its key; nobody can reset it.",
    },
    settings: {
      title: "Settings",
      text: ["One page, to be searched. Appearance, language, text size, the lock, what the desktop shows and the room for files are this device's own. How you write and read is the same on all your devices: read receipts, when you are here, what Enter does, undoing, previews of links, video calls, and what to be told of."],
      data: "Notifications show names and text only if you want that. Homing connects to the relay, and otherwise only to what you turn on: pages you make previews of, and a translation service of your own.",
    },
    demo: {
      title: "The demo",
      text: ["A small agency to try things with. It stays as you leave it, can be started over, and can be removed."],
      data: "It is a profile of its own on this computer, talks to no relay, and touches nothing of yours.",
    },
  },
};
