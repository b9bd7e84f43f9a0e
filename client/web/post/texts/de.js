// Deutsch.

export default {
  "post.heading": "Eine Aufgabe stellen",
  "post.subtitle":
    "Eine Aufgabe ist eine Funktion mit ihren Eingaben. Freiwillige berechnen die Funktion für jede Eingabe, und der " +
    "Pool sammelt die Ergebnisse.",
  "post.replaces":
    "Eine neue Fassung der Aufgabe {job}: Was noch nicht fertig ist, zieht zu ihr um; Ergebnisse bleiben, wo sie sind.",
  "post.about": "Worum es geht",
  "post.name": "Name",
  "post.name.help": "Er wird auch zur Adresse: Aus „Prime gaps“ wird /jobs/prime-gaps.",
  "post.name.missing": "Gib der Aufgabe einen Namen.",
  "post.description": "Was Freiwillige lesen (optional)",
  "post.description.help": "Ein Satz: was berechnet wird, und wofür.",
  "post.owner": "Dein Name (optional)",
  "post.owner.help": "Freiwillige können wählen, nur für dich zu rechnen.",
  "post.functions": "Was berechnet wird",
  "post.functions.help": "JavaScript. Beginne mit einem Beispiel, und probiere es neben dem Formular aus.",
  "post.example.compute": "Beispiel: einen Wert berechnen",
  "post.example.search": "Beispiel: eine lange Suche mit billiger Probe",
  "post.example.simulate": "Beispiel: eine Simulation",
  "post.more": "Weitere Funktionen",
  "post.template": "Vorlage einsetzen",
  "post.editor": "Editor; Tab verlässt ihn",
  "post.execute_function": "execute_function",
  "post.execute_function.help":
    "Läuft auf den Geräten der Freiwilligen: einmal für jede Einheit, ohne Netz, Dateien und Seite. Sie gibt ein Objekt " +
    "mit dem Feld result zurück oder setzt context.result.",
  "post.validate_result": "validate_result",
  "post.validate_result.help":
    "Läuft im Pool, für jedes Ergebnis: true nimmt es an. Nur du kannst sie lesen. Ohne validate_variable wird sie auch " +
    "mit einem undefinierten Ergebnis aufgerufen, wenn eine Einheit gestellt wird.",
  "post.validate_variable": "validate_variable",
  "post.validate_variable.help": "Läuft im Pool, für jede Einheit, die gestellt wird: true nimmt sie an.",
  "post.compare_results": "compare_results",
  "post.compare_results.help":
    "Läuft im Pool, wo Freiwillige übereinstimmen müssen: ob zwei Ergebnisse dasselbe sind.",
  "post.variable_scheduler": "variable_scheduler",
  "post.variable_scheduler.help":
    "Läuft im Pool: welche Einheit ein Freiwilliger als nächste bekommt. Ohne sie irgendeine offene.",
  "post.render": "render",
  "post.render.help":
    "Läuft in den Browsern der Freiwilligen und Zuschauer: wie die Ergebnisse aussehen, als Daten. Ohne " +
    "sie eine Tabelle.",
  "post.inputs": "Die Eingaben",
  "post.inputs.help":
    "Jede Eingabe ist eine Arbeitseinheit: das erste Argument der Funktion. Eine Einheit sollte einige Sekunden bis " +
    "einige Minuten dauern.",
  "post.settings": "Einstellungen",
  "post.settings.show": "Zeit, Fehler, Vertrauen, Voraussetzungen",
  "post.posting": "Stellen",
  "post.who.key": "Dieser Pool nimmt Aufgaben von allen, die einen Schlüssel haben.",
  "post.who.open":
    "Hier darf jeder Aufgaben stellen. Ohne Schlüssel bekommt die Aufgabe einen eigenen, mit dem du sie verwaltest.",
  "post.who.review":
    "Hier darf jeder Aufgaben stellen. Ohne Schlüssel sieht der Betreiber sie erst an, und sie bekommt einen eigenen, " +
    "mit dem du sie verwaltest.",
  "post.offline": "Der Pool ist nicht erreichbar. Prüfe deine Verbindung.",
  "post.key": "Dein Schlüssel",
  "post.key.optional": "Dein Schlüssel, wenn du einen hast",
  "post.key.forget": "Einen anderen Schlüssel als den dieses Tabs nehmen",
  "post.key.help":
    "Vom Betreiber des Pools. Er bleibt in diesem Tab, bis du ihn schließt, und geht nur an diesen Pool.",
  "post.key.invalid": "Das kann kein Schlüssel sein. Prüfe, ob er vollständig ist.",
  "post.submit": "Aufgabe stellen",
  "post.continue": "Weitermachen",
  "post.watch": "Der Aufgabe zusehen",
  "post.progress": {
    one: "{posted} von {count} Einheit gestellt.",
    other: "{posted} von {count} Einheiten gestellt.",
  },
  "post.done": { one: "Gestellt, mit einer Einheit.", other: "Gestellt, mit {count} Einheiten." },
  "post.done.review":
    "Gestellt. Der Betreiber sieht sie erst an: Danach nimmt sie Einheiten an, und Freiwillige bekommen sie. Füge die " +
    "Einheiten dann auf der Seite der Aufgabe hinzu.",
  "post.unit.refused": "Einheit {number} wurde abgelehnt: {message}",
  "post.problem.field": "Nicht gestellt: {message}",
  "post.problem.inputs":
    "Die Aufgabe ist gestellt. Berichtige die Eingaben, lass weg, was schon gestellt ist, und mach weiter.",
  "post.problem.goes-on": "Die Aufgabe ist gestellt. Nichts ist verloren: Mach weiter, wo es stehen blieb.",
  "post.new-key": "Der Schlüssel dieser Aufgabe",
  "post.new-key.help":
    "Sichere ihn jetzt: Er wird nur hier gezeigt. Mit ihm wird die Aufgabe pausiert, geändert und gelöscht. Dieser " +
    "Tab behält ihn, bis du ihn schließt.",
  "post.new-key.copy": "Kopieren",
  "post.new-key.copied": "Kopiert",
  "post.trial": "Hier ausprobieren",
  "post.trial.help":
    "Berechnet eine Einheit in diesem Browser, in der abgeschotteten Umgebung der Freiwilligen, und fragt den " +
    "Validator. Nichts wird gestellt.",
  "post.trial.unit": "Nummer der Einheit",
  "post.trial.try": "Ausprobieren",
  "post.trial.stop": "Anhalten",
  "post.trial.running": "Rechnet…",
  "post.trial.stopped": "Angehalten.",
  "post.trial.accepted": "Angenommen nach {duration}.",
  "post.trial.rejected": "In {duration} berechnet und vom Validator abgelehnt.",
  "post.trial.refused": "Der Validator lehnt diese Einheit ab: Sie ließe sich nicht stellen.",
  "post.trial.failed": "Die Funktion ist gescheitert: {error}",
  "post.trial.no-sandbox": "Hier lässt es sich nicht ausprobieren: {message}",
  "post.trial.no-validator": "Ohne validate_result wird jedes Ergebnis angenommen.",
  "post.trial.unrepeatable":
    "Ein zweiter Lauf hatte ein anderes Ergebnis: Freiwillige würden nie übereinstimmen. Es sollte nur von der Einheit " +
    "abhängen.",
  "post.trial.disagrees": "compare_results sagt, das Ergebnis unterscheide sich von sich selbst.",
  "post.trial.variable": "Einheit",
  "post.trial.result": "Ergebnis",
  "post.trial.verdict": "Das Wort des Validators",
  "post.trial.valid": "Angenommen.",
  "post.trial.valid.reason": "Angenommen: {reason}",
  "post.trial.invalid": "Abgelehnt: {reason}",
  "post.trial.stored": "An seiner Stelle gespeichert",
  "post.trial.picture": "Wie render es zeigt",
  "post.trial.console": "Konsole",
  "post.trial.printed": "Konsole des Validators",
  "post.trial.stack": "Aufrufe",
};
