// German: see en.js.

export default {
  "render.show": "Zeigen, was gefunden wurde",
  "render.ask": "Zum Anzeigen läuft ein wenig Code der Aufgabe, abgeschottet und höchstens drei Sekunden lang.",
  "render.loading": "Die Ergebnisse werden geladen …",
  "render.empty": "Noch keine Ergebnisse.",
  "render.outlined": {
    one: "Du hast {count} von {total} Teilen berechnet: Es ist umrandet.",
    other: "Du hast {count} von {total} Teilen berechnet: Sie sind umrandet.",
  },
  "render.marked": {
    one: "Du hast {count} von {total} berechnet: Es ist markiert.",
    other: "Du hast {count} von {total} berechnet: Sie sind markiert.",
  },
  "render.partial": "Gezeichnet aus {count} der Ergebnisse.",
  "render.failed": "Die Funktion der Aufgabe, die die Ergebnisse zeigt, ist gescheitert: {reason}",
  "render.invalid": "Was die Aufgabe zeigen will, ist ungültig: {reason}",
  "render.unavailable": "Die Ergebnisse können gerade nicht geladen werden.",
  "render.numbers": "Die Zahlen als Tabelle",
  "render.variable": "Einheit",
  "render.result": "Ergebnis",
  "render.picture": "Bild von {job}. {caption}",
  "render.series": "Linien von {job}. {caption}",
  "render.histogram": "Histogramm von {job}. {caption}",
  "render.points": "Punkte von {job}. {caption}",
  "render.table": "Tabelle von {job}. {caption}",
};
