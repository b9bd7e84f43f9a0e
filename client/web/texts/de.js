// Deutsch. Die Anrede ist „du“.

export default {
  skip: "Zum Inhalt springen",
  tagline: "Spende freie Rechenzeit für Berechnungen, die für einen einzelnen Computer zu groß sind.",
  "tagline.short": "Spende freie Rechenzeit.",

  "subtitle.none":
    "Hier gibt es noch nichts zu rechnen. Du kannst trotzdem starten: Sobald es Arbeit gibt, geht es los.",
  "subtitle.jobs": {
    one: "Eine Aufgabe von {owners}: {jobs}.",
    other: "{count} Aufgaben von {owners}: {jobs}.",
  },
  "subtitle.more": "noch {count}",
  "subtitle.unnamed": "jemandem ohne Namen",
  "button.start": "Mitrechnen",
  "button.pause": "Pause",
  "button.resume": "Weiterrechnen",
  "button.again": "Erneut versuchen",
  "button.forget": "Beenden und vergessen",
  "notice.resumed":
    "Beim letzten Besuch hast du mitgerechnet, darum geht es automatisch weiter. Du kannst jederzeit pausieren.",
  "notice.forgotten": "Beendet. Alles, was dieser Browser gespeichert hatte, ist gelöscht.",

  "status.new": "Es läuft nichts, bis du auf den Knopf drückst.",
  "status.starting": "Es geht los …",
  "status.computing": "Dein Gerät rechnet.",
  "status.no-work": "Im Moment gibt es nichts zu rechnen. Mit neuer Arbeit geht es automatisch weiter.",
  "status.offline": "Der Pool ist nicht erreichbar. Der nächste Versuch folgt automatisch.",
  "status.foreign":
    "Etwas zwischen diesem Gerät und dem Pool antwortet an seiner Stelle. Wenn das Netz eine Anmeldung verlangt, " +
    "melde dich an. Der nächste Versuch folgt automatisch.",
  "status.pausing": "Pause, sobald die laufenden Einheiten fertig sind.",
  "status.paused": "Pausiert.",
  "status.unplugged": "Es geht weiter, sobald das Gerät am Stromnetz hängt.",
  "status.other-tab": "Ein anderer Tab rechnet schon. Dieser übernimmt, wenn du den anderen schließt.",
  "status.blocked": "Hier kann nicht gerechnet werden.",
  "status.unseen": "Es geht weiter, sobald dieses Widget eine Sekunde lang zu sehen war.",
  "title.computing": "Rechnet · {name}",
  "title.paused": "Pausiert · {name}",
  "blocked.platform":
    "Dieser Browser kann die abgeschottete Umgebung nicht einrichten, in der die Aufgaben laufen. Darum kann hier " +
    "nicht sicher gerechnet werden. Versuch es mit einem anderen Browser, einer neueren Version oder einem Fenster " +
    "ohne Erweiterungen. Fehler: {message}",
  "blocked.pool": "Der Pool lässt diesen Browser nicht mitrechnen. Fehler: {message}",
  "blocked.outdated": "Diese Seite ist älter als der Pool. Lade sie neu, um weiterzurechnen.",
  "blocked.blocked": "Der Betreiber des Pools hat diesen Computer gesperrt. Grund: {message}",

  "activity.heading": "Dein Beitrag",
  "activity.units": "Einheiten bei diesem Besuch",
  "activity.total": "Einheiten insgesamt",
  "activity.rate": "Einheiten in der letzten Minute",
  "activity.time": "Rechenzeit",
  "activity.workers": "Rechenkerne",
  "worker.name": "Kern {number}",
  "worker.idle": "untätig",
  "worker.waiting": "wartet auf Arbeit",
  "worker.waiting.job": "sendet ein Ergebnis von {job}",
  "worker.fetching": "holt eine Einheit",
  "worker.computing": "rechnet",
  "worker.computing.job": "rechnet an {job}",
  "worker.resting": "ruht sich aus",
  "activity.errors": "Was nicht geklappt hat",
  "activity.errors.help":
    "Das Neueste zuerst. Was hier nicht gelingt, erfährt der Auftraggeber, und andere Freiwillige bekommen es " +
    "angeboten.",

  "error.offline": "Der Pool war nicht erreichbar.",
  "error.foreign": "Etwas anderes hat anstelle des Pools geantwortet, etwa eine Anmeldeseite des Netzes.",
  "error.pool": "Der Pool hat eine Anfrage abgelehnt.",
  "error.limit": "Der Pool begrenzt zurzeit, was dieser Computer bekommt. Es geht von selbst weiter.",
  "error.blocked": "Der Betreiber des Pools hat diesen Computer gesperrt.",
  "error.outdated": "Diese Seite ist älter als der Pool. Lade sie neu.",
  "error.rejected":
    "Der Pool hat ein Ergebnis der Aufgabe {job} zurückgewiesen. Das liegt meist an der Aufgabe, nicht an dir.",
  "error.late": "Jemand anderes war bei einer Einheit der Aufgabe {job} schneller.",
  "error.refused": "Der Pool hat ein Ergebnis der Aufgabe {job} nicht angenommen.",
  "error.not-extended": "Die reservierte Zeit für eine Einheit von {job} ließ sich nicht verlängern.",
  "error.backoff": "Die Aufgabe {job} schlägt immer wieder fehl und wird eine Weile ausgelassen.",
  "error.code": "Der Code der Aufgabe {job} lässt sich nicht ausführen.",
  "error.threw": "Die Aufgabe {job} ist mit einem Fehler abgebrochen.",
  "error.no-result": "Die Aufgabe {job} hat kein Ergebnis geliefert.",
  "error.not-json": "Die Aufgabe {job} hat ein Ergebnis geliefert, das sich nicht senden lässt.",
  "error.too-large": "Die Aufgabe {job} hat ein zu großes Ergebnis geliefert.",
  "error.timeout": "Eine Einheit der Aufgabe {job} hat zu lange gedauert und wurde beendet.",
  "error.memory": "Die Aufgabe {job} hat zu viel Speicher gebraucht und wurde beendet.",
  "error.crash": "Die Aufgabe {job} hat ihren Prozess zum Absturz gebracht. Ein neuer hat ihn ersetzt.",
  "error.misbehaved": "Die Aufgabe {job} hat etwas getan, was sie nicht darf, und wurde beendet.",
  "error.sandbox":
    "Die abgeschottete Umgebung musste neu gestartet werden. Ihre Einheiten wurden an den Pool zurückgegeben.",
  "error.platform": "Dieser Browser kann die abgeschottete Umgebung nicht einrichten.",
  "error.other": "Bei der Aufgabe {job} ist etwas schiefgegangen.",
  "error.unnamed": "ohne Namen",
  "error.times": "{count}-mal",

  "terms.heading": "Was passiert",
  "terms.usage": {
    one: "Nutzt den einzigen Kern dieses Geräts, {share} der Zeit.",
    other: "Nutzt {workers} von {count} Kernen, {share} der Zeit.",
  },
  "terms.sandbox":
    "Die Aufgaben laufen abgeschottet in deinem Browser: Sie können nur rechnen, ohne Zugriff auf Netz oder Dateien.",
  "terms.stop": "Du kannst jederzeit pausieren oder aufhören.",
  "terms.storage":
    "Dieser Browser speichert deine Einstellungen, eine zufällige Kennung und deinen bisherigen Beitrag. „Beenden " +
    "und vergessen“ löscht alles.",

  "choices.heading": "Deine Einstellungen",
  "choices.workers": "Genutzte Kerne",
  "choices.workers.value": "{workers} von {count}",
  "choices.throttle": "Anteil der Zeit",
  "choices.throttle.help": "Ein kleinerer Anteil hält das Gerät kühl und leise.",
  "choices.plugged": "Nur am Stromnetz",
  "choices.gpu": "Grafikkarte erlauben (WebGPU)",
  "choices.gpu.help":
    "Für Aufgaben, die sie brauchen. Nach dem Beenden können sie die Karte noch bis zu einer halben Minute " +
    "beschäftigen.",
  "choices.owners": "Wen unterstützt du?",
  "choices.owners.everyone": "Niemand ist angekreuzt: Du unterstützt alle.",
  "choices.owners.some": "Gerechnet wird nur für die Angekreuzten.",

  "jobs.heading": "Was dieser Pool berechnet",
  "jobs.loading": "Aufgaben werden geladen …",
  "jobs.none": "Noch hat niemand eine Aufgabe gestellt.",
  "jobs.failed":
    "Die Aufgaben konnten nicht geladen werden. Vielleicht ist der Pool nicht erreichbar oder dein Gerät offline.",
  "jobs.retry": "Erneut versuchen",
  "jobs.more": { one: "Eine weitere anzeigen", other: "{count} weitere anzeigen" },
  "job.owner": "von {owner}",
  "job.unnamed": "von jemandem ohne Namen",
  "job.no-description": "Keine Beschreibung.",
  "job.details": "Details und Code",
  "job.code": "Genau dieser Code läuft in deinem Browser, einmal pro Einheit:",
  "job.code.label": "Code von {job}",
  "job.code.loading": "Code wird geladen …",
  "job.code.failed": "Der Code konnte nicht geladen werden. Schließ und öffne die Details, um es neu zu versuchen.",
  "job.progress": "{done} von {total} Einheiten fertig",
  "job.progress.label": "Fortschritt von {job}",
  "job.progress.none": "noch keine Einheiten",
  "job.paused": "pausiert",
  "job.complete": "fertig",
  "job.needs.webgpu": "Grafikkarte",
  "job.needs.wasm": "WebAssembly",
  "job.needs.wasm_simd": "WebAssembly SIMD",
  "job.needs.browser_syntax": "JavaScript eines aktuellen Browsers",
  "job.needs.memory_mb": "{count} MB Speicher",
  "job.needs": "Braucht: {needs}",

  "flows.heading": "Abläufe",
  "flows.help": "Aufgaben, die ihre Ergebnisse aneinander weitergeben. Dies sind die neuesten Abläufe.",
  "flows.running": "läuft",
  "flows.done": "fertig",
  "flows.failed": "gescheitert",
  "flows.cancelled": "abgebrochen",

  "footer.widget": "Auf deiner Website einbinden",
  "footer.widget.help":
    "Mit dieser Zeile können Besucher deiner Website für diesen Pool rechnen. Sie werden vorher gefragt, und die " +
    "Aufgaben laufen genauso abgeschottet.",

  "widget.subtitle": { one: "Eine Aufgabe von {owners}.", other: "{count} Aufgaben von {owners}." },
  "widget.usage": {
    one: "Der einzige Kern dieses Geräts, {share} der Zeit, abgeschottet: Der Code kann nur rechnen.",
    other: "{workers} von {count} Kernen, {share} der Zeit, abgeschottet: Der Code kann nur rechnen.",
  },
  "widget.page": "Was ist das?",
  "widget.page.label": "Was ist das? (öffnet einen neuen Tab)",
  "widget.units": { one: "{count} Einheit fertig", other: "{count} Einheiten fertig" },
  "widget.new": "Es läuft nichts, bis du in einem Fenster dieses Pools zustimmst, das der Knopf öffnet.",
  "widget.asked":
    "Dieser Pool fragt dich in einem eigenen Fenster, denn eine Website kann dieses Widget verdecken. Falls sich keines " +
    "geöffnet hat:",
  "widget.open": "{host} öffnen",
  "widget.open.label": "{host} öffnen (in einem neuen Tab)",
  "widget.ask":
    "Die Website, von der du kommst, bittet um die freie Zeit deines Geräts. Gerechnet wird, solange eine Seite mit dem " +
    "Widget offen ist, jetzt und bei deinen nächsten Besuchen, bis du dort pausierst.",
  "widget.again": "Dieses Fenster ist gerade erst nach vorn gekommen. Bitte drücke den Knopf noch einmal.",
  "widget.given": "Auf der Seite, von der du kommst, wird jetzt gerechnet. Du kannst dieses Fenster schließen.",

  "flow.title": "Ablauf",
  "flow.title.running": "Läuft · {name}",
  "flow.title.done": "Fertig · {name}",
  "flow.title.failed": "Gescheitert · {name}",
  "flow.title.cancelled": "Abgebrochen · {name}",
  "flow.owner": "Ein Ablauf von {owner}, gestartet am {created}.",
  "flow.unnamed": "Ein Ablauf von jemandem ohne Namen, gestartet am {created}.",
  "flow.status.loading": "Wird geladen …",
  "flow.status.offered": "Wird Freiwilligen angeboten.",
  "flow.status.computing": "Freiwillige rechnen.",
  "flow.status.unclaimed": "Noch rechnet kein Freiwilliger daran.",
  "flow.status.blocked": "Wartet auf eine gescheiterte Variable.",
  "flow.status.paused": { one: "Die Aufgabe {jobs} ist pausiert.", other: "Die Aufgaben {jobs} sind pausiert." },
  "flow.status.done": "Fertig.",
  "flow.status.failed": "Gescheitert.",
  "flow.status.cancelled": "Abgebrochen.",
  "flow.status.offline": "Der Pool ist nicht erreichbar. Der nächste Versuch folgt automatisch.",
  "flow.status.missing": "Hier gibt es nichts zu zeigen.",
  "flow.missing": "Ablauf nicht gefunden",
  "flow.missing.help": "Unter dieser Adresse hat der Pool keinen Ablauf. Vielleicht ist sie unvollständig.",
  "flow.failure": "Warum er gescheitert ist",
  "flow.failure.show": "Im Baum zeigen",
  "flow.blocked": "Worauf er wartet",
  "flow.blocked.until": "Er geht weiter, wenn sein Besitzer die Variable freigibt. Am {until} scheitert er.",
  "flow.progress": "Fortschritt",
  "flow.share": "erledigt",
  "flow.finished": "Einträge erledigt",
  "flow.finished.value": "{finished} von {total}",
  "flow.results": "Ergebnisse insgesamt",
  "flow.results.so-far": "Ergebnisse bisher",
  "flow.time": "von Anfang bis Ende",
  "flow.time.so-far": "bisher",
  "flow.tree": "Baum",

  "flow.result": "Ergebnis",
  "flow.result.running": "Hier erscheint das Ergebnis der letzten Stufe.",
  "flow.result.failed": "Der Ablauf ist gescheitert, bevor es ein Ergebnis gab.",
  "flow.result.cancelled": "Der Ablauf wurde abgebrochen, bevor es ein Ergebnis gab.",
  "flow.result.cut": "Dies ist nur der Anfang. Die Datei enthält alles.",
  "flow.result.save": "Als Datei speichern",
  "flow.stage": "Stufe {number} von {count}",
  "flow.stage.first": "Läuft zuerst.",
  "flow.stage.later": "Bekommt die zusammengeführten Ergebnisse von Stufe {number}.",
  "flow.more": { one: "Den letzten anzeigen", other: "{count} von {rest} weiteren anzeigen" },
  "flow.merge.waiting": { one: "ein Ergebnis steht aus", other: "{count} Ergebnisse stehen aus" },
  "flow.merge.running": { one: "wartet noch auf eines", other: "wartet noch auf {count}" },
  "flow.merge.done": "zusammengeführt",
  "flow.merge.ended": "nicht zusammengeführt",
  "flow.count.waiting": { one: "{count} wartet", other: "{count} warten" },
  "flow.count.offered": "{count} angeboten",
  "flow.count.computing": "{count} in Arbeit",
  "flow.count.done": "{count} fertig",
  "flow.count.skipped": "{count} übersprungen",
  "flow.count.failed": "{count} gescheitert",
  "flow.count.cancelled": "{count} abgebrochen",

  "flow.state.waiting": "wartet",
  "flow.state.offered": "angeboten",
  "flow.state.computing": "in Arbeit",
  "flow.state.done": "fertig",
  "flow.state.skipped": "übersprungen",
  "flow.state.failed": "gescheitert",
  "flow.state.cancelled": "abgebrochen",
  "flow.iterations": { one: "{count} Durchgang", other: "{count} Durchgänge" },
  "flow.times": "Von {started} bis {finished}.",
  "flow.since": "Seit {started}.",
  "flow.steps": { one: "Der einzige Schritt:", other: "Die letzten {count} Schritte:" },
  "flow.steps.waiting": "Es gibt noch keine Schritte.",
  "flow.steps.skipped": "Die Bedingung war nicht erfüllt.",
  "flow.steps.never": "Wurde nie gestartet.",
  "flow.steps.none": "Die Schritte sind nicht mehr verfügbar.",
  "flow.iteration": "Durchgang {number}",
  "flow.step.open": "wartet auf Freiwillige",
  "flow.step.leased": "wird berechnet",
  "flow.step.held": "wartet auf Bestätigung",
  "flow.step.done": "fertig",
  "flow.step.failed": "gescheitert",
  "flow.step.stuck": "bei einem Freiwilligen gescheitert, wartet auf einen anderen",
  "flow.step.withdrawn": "zurückgezogen",
  "flow.run": "in {time} berechnet",
  "flow.run.last": "der letzte in {time}",
  "flow.waited": "{time} gewartet",
  "flow.link.job": "Aufgabe {id} (JSON)",
  "flow.link.variable": "Variable {id} (JSON)",
  "flow.link.taken": "Variable {id}, aus der Aufgabe übernommen (JSON)",
  "flow.link.step": "Variable (JSON)",
  "flow.link.result": "Ergebnis (JSON)",

  "job-errors.link": "Fehler (für den Auftraggeber)",
  "job-errors.paused": "Vom Pool pausiert: {reason}",
  "job-errors.title": "Fehler · {name}",
  "job-errors.subtitle": "Warum Einheiten dieser Aufgabe scheitern, für ihren Auftraggeber.",
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
  "job-errors.stuck": "Variablen festgefahren",
  "job-errors.stuck.heading": "Festgefahrene Variablen",
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
  "job-errors.fact.variable": "Variable als Beispiel",
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
    "Die Funktion hat eine Ausnahme geworfen. Führe sie mit der Variablen als Beispiel aus; der Stack zeigt die " +
    "Stelle.",
  "job-errors.kind.no-result": "Die Funktion endete ohne Ergebnis. Setze context.result, oder gib {result: …} zurück.",
  "job-errors.kind.not-json":
    "Das Ergebnis lässt sich nicht als JSON schreiben. Gib Zahlen, Texte, true, false, null, Arrays und einfache " +
    "Objekte zurück.",
  "job-errors.kind.too-large":
    "Das Ergebnis ist zu groß für den Pool. Gib weniger zurück, oder teile die Variable in mehrere.",
  "job-errors.kind.timeout":
    "Bis zum Ende der Leihfrist kam kein Ergebnis. Suche nach einer Endlosschleife, mache die Variablen kleiner, " +
    "oder erhöhe lease_seconds.",
  "job-errors.kind.memory":
    "Dem Freiwilligen ging der Speicher aus. Halte weniger im Speicher, oder verlange ihn: memory_mb in requirements.",
  "job-errors.kind.crash":
    "Der Worker endete beim Rechnen. Meist geht der Speicher aus, oder eine Rekursion ist zu tief; probiere die " +
    "Variable aus.",
  "job-errors.kind.misbehaved":
    "Die Funktion hat in ihre abgeschottete Umgebung eingegriffen. Lass sie nur rechnen und ein Ergebnis zurückgeben.",
  "job-errors.kind.thrown-back":
    "Freiwillige oder der Pool haben ein anderes Ergebnis berechnet. Unterscheiden sich ehrliche Ergebnisse, vergleiche " +
    "sie mit compare_results.",
  "job-errors.kind.rejected":
    "validate_result hat das Ergebnis abgelehnt. Ist das Ergebnis richtig, berichtige den Validator, sonst " +
    "execute_function.",
};
