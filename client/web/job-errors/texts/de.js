// German.

export default {
  "job-errors.title": "Fehler · {name}",
  "job-errors.subtitle": "Warum Einheiten dieser Aufgabe scheitern, für ihren Auftraggeber.",
  "job-errors.job": "Die Seite der Aufgabe",
  "job-errors.key": "Der Schlüssel des Auftraggebers",
  "job-errors.key.help":
    "Der Schlüssel, mit dem die Aufgabe gestellt wurde, oder der des Betreibers. Er bleibt in diesem Tab, bis du ihn " +
    "schließt oder den Schlüssel vergessen lässt, und wird nur an diesen Pool gesendet.",
  "job-errors.key.show": "Fehler anzeigen",
  "job-errors.key.forget": "Schlüssel vergessen",
  "job-errors.status.key": "Fehler sieht nur der Auftraggeber der Aufgabe. Gib den Schlüssel ein.",
  "job-errors.status.loading": "Wird geladen …",
  "job-errors.status.none": "Keine Fehler.",
  "job-errors.status.some": { one: "Eine Art von Fehlern.", other: "{count} Arten von Fehlern." },
  "job-errors.status.offline":
    "Der Pool ist nicht erreichbar. Der nächste Versuch folgt automatisch. Wenn es so bleibt: Prüfe die Verbindung, " +
    "und ob der Pool läuft.",
  "job-errors.status.401":
    "Der Pool kennt diesen Schlüssel nicht. Prüfe, ob er vollständig ist und zu diesem Pool gehört.",
  "job-errors.status.403":
    "Dieser Schlüssel gehört jemand anderem als die Aufgabe. Gib den ein, mit dem sie gestellt wurde, oder den des " +
    "Betreibers.",
  "job-errors.status.404":
    "Unter dieser Adresse hat der Pool keine Aufgabe. Vielleicht ist sie unvollständig, oder die Aufgabe ist gelöscht.",
  "job-errors.status.blocked":
    "Der Betreiber des Pools hat diesen Schlüssel oder diese Adresse gesperrt: Frage dort nach. Grund: {message}",
  "job-errors.status.forgotten": "Der Schlüssel ist vergessen. Gib ihn ein, um wieder Fehler zu sehen.",
  "job-errors.status.again-done": "Die Einheit ist wieder offen.",
  "job-errors.status.again-unneeded":
    "Sie ist schon offen: Freiwillige bekommen sie von selbst, oder sie hat ein Ergebnis.",
  "job-errors.status.again-failed": "Das hat nicht geklappt. Versuche es noch einmal.",
  "job-errors.again": "Noch einmal versuchen",
  "job-errors.pause": "Warum die Aufgabe pausiert ist",
  "job-errors.pause.since": "Seit {time}.",
  "job-errors.pause.help":
    "Freiwillige bekommen keine Einheiten davon. Eine Funktion lässt sich nicht ändern: Stelle eine berichtigte " +
    "Aufgabe. Ist die Funktion richtig, setze die Aufgabe mit einem PATCH von {\"state\": \"open\"} fort.",
  "job-errors.counts": "Die Aufgabe bisher",
  "job-errors.state": "Zustand",
  "job-errors.state.open": "offen",
  "job-errors.state.paused": "pausiert",
  "job-errors.accepted": "Ergebnisse angenommen",
  "job-errors.rejected": "Ergebnisse zurückgewiesen",
  "job-errors.failures": "Fehlschläge gemeldet",
  "job-errors.stuck": "Einheiten festgefahren",
  "job-errors.stuck.heading": "Festgefahrene Einheiten",
  "job-errors.stuck.help":
    "Einheiten mit Fehlern, die seit einer Stunde niemand mehr genommen hat. Sie bleiben offen: Behebe, was " +
    "scheitert, oder ziehe sie zurück.",
  "job-errors.stuck.more": { one: "und eine weitere", other: "und {count} weitere" },
  "job-errors.heading": "Fehler",
  "job-errors.help":
    "Die häufigsten zuerst. Meldungen, die sich nur in Zahlen und zitierten Texten unterscheiden, zählen als eine.",
  "job-errors.none":
    "Fehlschläge und zurückgewiesene Ergebnisse erscheinen hier von selbst, mit dem, was zu tun ist.",
  "job-errors.count": { one: "einmal", other: "{count}-mal" },
  "job-errors.fact.function": "Funktion",
  "job-errors.fact.kind": "Art",
  "job-errors.fact.first": "Zuerst",
  "job-errors.fact.last": "Zuletzt",
  "job-errors.fact.variable": "Einheit als Beispiel",
  "job-errors.fact.engine": "Engine",
  "job-errors.example": "Stack und Konsole",
  "job-errors.example.rejected": "Ergebnis und Konsole",
  "job-errors.example.message": "Ganze Meldung",
  "job-errors.example.stack": "Stack",
  "job-errors.example.console": "Ausgabe in der Konsole",
  "job-errors.example.result": "Zurückgewiesenes Ergebnis",
  "job-errors.example.empty": "Dieser Fehler hat weder Stack noch Ausgabe in der Konsole.",
  "job-errors.kind.code":
    "Der Quelltext lässt sich nicht starten: Er hat einen Syntaxfehler oder ist keine Funktion. Berichtige ihn; " +
    "benutze nur, was alle Engines kennen.",
  "job-errors.kind.threw":
    "Die Funktion hat eine Ausnahme geworfen. Führe sie mit der Einheit als Beispiel aus; der Stack zeigt die " +
    "Stelle.",
  "job-errors.kind.no-result": "Die Funktion endete ohne Ergebnis. Setze context.result, oder gib {result: …} zurück.",
  "job-errors.kind.not-json":
    "Das Ergebnis lässt sich nicht als JSON schreiben. Gib Zahlen, Texte, true, false, null, Arrays und einfache " +
    "Objekte zurück.",
  "job-errors.kind.too-large":
    "Das Ergebnis ist zu groß für den Pool. Gib weniger zurück, oder teile die Einheit in mehrere.",
  "job-errors.kind.timeout":
    "Bis zum Ende der Leihfrist kam kein Ergebnis. Suche nach einer Endlosschleife, mache die Einheiten kleiner, " +
    "oder erhöhe lease_seconds.",
  "job-errors.kind.memory":
    "Dem Freiwilligen ging der Speicher aus. Halte weniger im Speicher, oder verlange ihn: memory_mb in requirements.",
  "job-errors.kind.crash":
    "Der Worker endete beim Rechnen. Meist geht der Speicher aus, oder eine Rekursion ist zu tief; probiere die " +
    "Einheit aus.",
  "job-errors.kind.misbehaved":
    "Die Funktion hat in ihre abgeschottete Umgebung eingegriffen. Lass sie nur rechnen und ein Ergebnis zurückgeben.",
  "job-errors.kind.thrown-back":
    "Freiwillige oder der Pool haben ein anderes Ergebnis berechnet. Unterscheiden sich ehrliche Ergebnisse, vergleiche " +
    "sie mit compare_results.",
  "job-errors.kind.rejected":
    "validate_result hat das Ergebnis abgelehnt. Ist das Ergebnis richtig, berichtige den Validator, sonst " +
    "execute_function.",
};
