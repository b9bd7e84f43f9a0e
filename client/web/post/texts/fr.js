// Français.

export default {
  "post.heading": "Publier une tâche",
  "post.subtitle":
    "Une tâche est une fonction avec ses entrées. Des volontaires calculent la fonction pour chaque entrée, et le " +
    "serveur rassemble les résultats.",
  "post.replaces":
    "Une nouvelle version de la tâche {job} : ce qui n’est pas fini passe à elle, les résultats restent où ils sont.",
  "post.about": "De quoi il s’agit",
  "post.name": "Nom",
  "post.name.help": "C’est aussi son adresse : « Prime gaps » devient /jobs/prime-gaps.",
  "post.name.missing": "Donnez un nom à la tâche.",
  "post.description": "Ce que lisent les volontaires (facultatif)",
  "post.description.help": "Une phrase : ce qui est calculé, et dans quel but.",
  "post.owner": "Votre nom (facultatif)",
  "post.owner.help": "Les volontaires peuvent choisir de ne calculer que pour vous.",
  "post.functions": "Ce qui est calculé",
  "post.functions.help": "JavaScript. Commencez par un exemple, et essayez-le à côté du formulaire.",
  "post.example.compute": "Exemple : calculer une valeur",
  "post.example.search": "Exemple : une longue recherche, facile à vérifier",
  "post.example.simulate": "Exemple : une simulation",
  "post.more": "Autres fonctions",
  "post.template": "Insérer un modèle",
  "post.editor": "éditeur de code ; Tab en sort",
  "post.execute_function": "execute_function",
  "post.execute_function.help":
    "S’exécute sur les appareils des volontaires : une fois par unité, sans réseau, ni fichiers, ni page. Elle renvoie " +
    "un objet avec le champ result, ou affecte context.result.",
  "post.validate_result": "validate_result",
  "post.validate_result.help":
    "S’exécute sur le serveur, pour chaque résultat : true l’accepte. Vous seul pouvez la lire. Sans validate_variable, " +
    "elle est aussi appelée avec un résultat indéfini, quand une unité est publiée.",
  "post.validate_variable": "validate_variable",
  "post.validate_variable.help": "S’exécute sur le serveur, pour chaque unité publiée : true l’accepte.",
  "post.compare_results": "compare_results",
  "post.compare_results.help":
    "S’exécute sur le serveur, où des volontaires doivent s’accorder : si deux résultats sont les mêmes.",
  "post.variable_scheduler": "variable_scheduler",
  "post.variable_scheduler.help":
    "S’exécute sur le serveur : quelle unité un volontaire reçoit ensuite. Sans elle, n’importe laquelle.",
  "post.render": "render",
  "post.render.help":
    "S’exécute dans les navigateurs des volontaires et des spectateurs : l’aspect des résultats, en " +
    "données. Sans elle, un tableau.",
  "post.inputs": "Les entrées",
  "post.inputs.help":
    "Chaque entrée est une unité de travail : le premier argument de la fonction. Une unité devrait durer de quelques " +
    "secondes à quelques minutes.",
  "post.settings": "Réglages",
  "post.settings.show": "Temps, erreurs, confiance, exigences",
  "post.posting": "Publier",
  "post.who.key": "Ce serveur accepte les tâches de ceux qui ont une clé.",
  "post.who.open": "Ici, tout le monde peut publier. Sans clé, la tâche en reçoit une à elle, qui permet de la gérer.",
  "post.who.review":
    "Ici, tout le monde peut publier. Sans clé, l’opérateur regarde d’abord la tâche, et elle reçoit une clé à elle, " +
    "qui permet de la gérer.",
  "post.offline": "Le serveur est injoignable. Vérifiez votre connexion.",
  "post.key": "Votre clé",
  "post.key.optional": "Votre clé, si vous en avez une",
  "post.key.forget": "Prendre une autre clé que celle de cet onglet",
  "post.key.help":
    "De l’opérateur du serveur. Elle reste dans cet onglet jusqu’à sa fermeture, et n’est envoyée qu’à ce serveur.",
  "post.key.invalid": "Ceci ne peut pas être une clé. Vérifiez qu’elle est complète.",
  "post.submit": "Publier la tâche",
  "post.continue": "Continuer",
  "post.watch": "Suivre la tâche",
  "post.progress": {
    one: "{posted} unité publiée sur {count}.",
    other: "{posted} unités publiées sur {count}.",
  },
  "post.done": { one: "Publiée, avec une unité.", other: "Publiée, avec {count} unités." },
  "post.done.review":
    "Publiée. L’opérateur la regarde d’abord : ensuite elle accepte des unités, et les volontaires la reçoivent. Ajoutez " +
    "alors les unités sur la page de la tâche.",
  "post.unit.refused": "L’unité {number} a été refusée : {message}",
  "post.problem.field": "Non publiée : {message}",
  "post.problem.inputs":
    "La tâche est publiée. Corrigez les entrées, retirez celles qui sont publiées, et continuez.",
  "post.problem.goes-on": "La tâche est publiée. Rien n’est perdu : continuez là où cela s’est arrêté.",
  "post.new-key": "La clé de cette tâche",
  "post.new-key.help":
    "Conservez-la maintenant : elle n’est montrée qu’ici. Elle permet de suspendre, de modifier et de supprimer cette " +
    "tâche. Cet onglet la garde jusqu’à sa fermeture.",
  "post.new-key.copy": "Copier",
  "post.new-key.copied": "Copiée",
  "post.trial": "Essayer ici",
  "post.trial.help":
    "Calcule une unité dans ce navigateur, dans l’environnement isolé des volontaires, et interroge le validateur. Rien " +
    "n’est publié.",
  "post.trial.unit": "Numéro de l’unité",
  "post.trial.try": "Essayer",
  "post.trial.stop": "Arrêter",
  "post.trial.running": "Calcul en cours…",
  "post.trial.stopped": "Arrêté.",
  "post.trial.accepted": "Accepté après {duration}.",
  "post.trial.rejected": "Calculé en {duration}, et rejeté par le validateur.",
  "post.trial.refused": "Le validateur refuse cette unité : elle ne pourrait pas être publiée.",
  "post.trial.failed": "La fonction a échoué : {error}",
  "post.trial.no-sandbox": "L’essai est impossible ici : {message}",
  "post.trial.no-validator": "Sans validate_result, tout résultat est accepté.",
  "post.trial.unrepeatable":
    "Une seconde exécution a donné un autre résultat : des volontaires ne s’accorderaient jamais. Faites-le dépendre de " +
    "l’unité seule.",
  "post.trial.disagrees": "compare_results dit que le résultat diffère de lui-même.",
  "post.trial.variable": "Unité",
  "post.trial.result": "Résultat",
  "post.trial.verdict": "L’avis du validateur",
  "post.trial.valid": "Accepté.",
  "post.trial.valid.reason": "Accepté : {reason}",
  "post.trial.invalid": "Rejeté : {reason}",
  "post.trial.stored": "Enregistré à sa place",
  "post.trial.picture": "Comme render le montre",
  "post.trial.console": "Console",
  "post.trial.printed": "Console du validateur",
  "post.trial.stack": "Pile",
};
