// Deutsch. Die Anrede ist „du“.

export default {
  "credit.heading": "Dein Platz im Pool",
  "credit.day": "Heute",
  "credit.week": "7 Tage",
  "credit.all": "Alle Besuche",
  "credit.units": { one: "{count} Einheit", other: "{count} Einheiten" },
  "credit.place": "Platz {place}",
  "credit.leaderboard": "Rangliste",

  "credit.names": "Name und Team",
  "credit.name": "Name (freiwillig)",
  "credit.team": "Team (freiwillig)",
  "credit.names.help":
    "Bis zu 30 Buchstaben und Ziffern. Zu einem Team gehört, wer denselben Namen wählt. Der Betreiber des Pools kann " +
    "Namen entfernen.",
  "credit.shown": "Zeig mich allen auf der Rangliste",
  "credit.save": "Speichern",
  "credit.saved": "Gespeichert. Du wirst niemandem gezeigt.",
  "credit.saved.shown": "Gespeichert. Du stehst mit deinen Einheiten auf der Rangliste.",
  "credit.removed": "Der Betreiber des Pools hat deinen Namen oder dein Team entfernt. Grund: {reason}",

  "credit.devices": "Ein weiteres Gerät von dir",
  "credit.code.show": "Code anzeigen",
  "credit.code.valid":
    "Gib ihn auf deinem anderen Gerät unter „Ein weiteres Gerät von dir“ ein. Er gilt einmal, bis {until}. Wer ihn " +
    "eingibt, hat deinen Platz: Zeig ihn sonst niemandem.",
  "credit.code.enter": "Code, den dein anderes Gerät zeigt",
  "credit.code.enter.help":
    "Dieser Browser speichert dann die zufällige Kennung deines anderen Geräts anstelle seiner eigenen. Seine " +
    "Einheiten kommen zu deinen hinzu.",
  "credit.code.join": "Verbinden",
  "credit.code.joined": "Verbunden: Beide Geräte gehören jetzt zusammen.",

  "credit.delete": "Meinen Eintrag löschen",
  "credit.delete.help":
    "Beendet das Rechnen und löscht im Pool deinen Namen, dein Team, deine Summen und deinen Platz, dazu alles, was " +
    "dieser Browser gespeichert hat. Ergebnisse, die du berechnet hast, bleiben ohne deinen Namen in ihren Aufgaben.",
  "credit.delete.really": "Endgültig löschen",
  "credit.delete.cancel": "Behalten",

  "credit.refused.taken": "Jemand anderes wird unter diesem oder einem sehr ähnlichen Namen gezeigt.",
  "credit.refused.invalid": "Das nimmt der Pool nicht an: {detail}",
  "credit.refused.forbidden": "Das erlaubt der Betreiber des Pools nicht: {detail}",
  "credit.refused.code": "Dieser Code ist falsch, wurde schon benutzt oder ist älter als fünf Minuten.",
  "credit.refused.limit": "Zu viele Versuche. Warte ein wenig.",
  "credit.refused.offline": "Der Pool ist nicht erreichbar. Es hat sich nichts geändert.",
  "credit.refused.other": "Das hat nicht geklappt: {detail}",
};
