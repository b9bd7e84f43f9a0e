// English.

export default {
  "credit.heading": "Your place in the pool",
  "credit.day": "Today",
  "credit.week": "7 days",
  "credit.all": "All visits",
  "credit.units": { one: "{count} unit", other: "{count} units" },
  "credit.place": "place {place}",
  "credit.leaderboard": "Leaderboard",

  "credit.names": "Name and team",
  "credit.name": "Name (optional)",
  "credit.team": "Team (optional)",
  "credit.names.help":
    "Up to 30 letters and digits. A team is whoever chooses the same name. The pool’s operator can remove names.",
  "credit.shown": "Show me on the leaderboard, to everybody",
  "credit.save": "Save",
  "credit.saved": "Saved. You are not shown to anybody.",
  "credit.saved.shown": "Saved. You are on the leaderboard, with your units.",
  "credit.removed": "The pool’s operator has removed your name or team. Reason: {reason}",

  "credit.devices": "Another device of yours",
  "credit.code.show": "Show a code",
  "credit.code.valid":
    "Type it on your other device, under “Another device of yours”. It is valid once, until {until}. Whoever types it " +
    "has your place: show it to nobody else.",
  "credit.code.enter": "Code that your other device shows",
  "credit.code.enter.help": "This browser then stores the random id of your other device in place of its own, and its units are added to yours.",
  "credit.code.join": "Join",
  "credit.code.joined": "Joined: both devices are one volunteer now.",

  "credit.delete": "Delete my record",
  "credit.delete.help":
    "Stops, and deletes your name, team, sums and place at the pool, and everything that this browser has stored. " +
    "Results that you computed stay in their jobs, without your name.",
  "credit.delete.really": "Delete for good",
  "credit.delete.cancel": "Keep it",

  "credit.refused.taken": "Somebody else is shown under this name, or one that looks like it.",
  "credit.refused.invalid": "The pool doesn’t accept this: {detail}",
  "credit.refused.forbidden": "The pool’s operator doesn’t allow this: {detail}",
  "credit.refused.code": "This code is wrong, was used, or is older than five minutes.",
  "credit.refused.limit": "Too many attempts. Wait a little.",
  "credit.refused.offline": "The pool can’t be reached. Nothing was changed.",
  "credit.refused.other": "That didn’t work: {detail}",
};
