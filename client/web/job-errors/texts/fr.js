// French.

export default {
  "job-errors.title": "Erreurs · {name}",
  "job-errors.subtitle": "Pourquoi des unités de cette tâche échouent, pour son auteur.",
  "job-errors.job": "La page de la tâche",
  "job-errors.key": "La clé de l’auteur",
  "job-errors.key.help":
    "La clé avec laquelle la tâche a été publiée, ou celle de l’opérateur. Elle reste dans cet onglet jusqu’à " +
    "ce que vous le fermiez ou oubliiez la clé, et n’est envoyée qu’à ce serveur.",
  "job-errors.key.show": "Afficher les erreurs",
  "job-errors.key.forget": "Oublier la clé",
  "job-errors.status.key": "Les erreurs ne sont montrées qu’à l’auteur de la tâche. Saisissez la clé.",
  "job-errors.status.loading": "Chargement…",
  "job-errors.status.none": "Aucune erreur.",
  "job-errors.status.some": { one: "Un type d’erreur.", other: "{count} types d’erreurs." },
  "job-errors.status.offline":
    "Le serveur est injoignable. Nouvelle tentative automatique. Si cela dure, vérifiez votre connexion, et si le " +
    "serveur fonctionne.",
  "job-errors.status.401":
    "Le serveur ne connaît pas cette clé. Vérifiez qu’elle est complète et qu’elle est de ce serveur.",
  "job-errors.status.403":
    "Cette clé n’est pas celle de l’auteur de la tâche. Saisissez la clé avec laquelle elle a été publiée, ou celle " +
    "de l’opérateur.",
  "job-errors.status.404":
    "Le serveur n’a aucune tâche à cette adresse. Elle est peut-être incomplète, ou la tâche a été supprimée.",
  "job-errors.status.blocked":
    "L’opérateur du serveur a bloqué cette clé ou cette adresse : adressez-vous à lui. Motif : {message}",
  "job-errors.status.forgotten": "La clé est oubliée. Saisissez-la pour revoir les erreurs.",
  "job-errors.status.again-done": "L’unité est de nouveau ouverte.",
  "job-errors.status.again-unneeded":
    "Elle est déjà ouverte : les volontaires la reçoivent d’eux-mêmes, ou elle a un résultat.",
  "job-errors.status.again-failed": "Cela n’a pas fonctionné. Essayez encore.",
  "job-errors.again": "Réessayer",
  "job-errors.pause": "Pourquoi la tâche est en pause",
  "job-errors.pause.since": "Depuis : {time}.",
  "job-errors.pause.help":
    "Les volontaires n’en reçoivent aucune unité. Une fonction ne peut pas être changée : publiez une tâche " +
    "corrigée. Si la fonction est juste, relancez la tâche par un PATCH de {\"state\": \"open\"}.",
  "job-errors.counts": "La tâche jusqu’ici",
  "job-errors.state": "état",
  "job-errors.state.open": "ouverte",
  "job-errors.state.paused": "en pause",
  "job-errors.accepted": "résultats acceptés",
  "job-errors.rejected": "résultats rejetés",
  "job-errors.failures": "échecs signalés",
  "job-errors.stuck": "unités bloquées",
  "job-errors.stuck.heading": "Unités bloquées",
  "job-errors.stuck.help":
    "Des unités en erreur qu’aucun volontaire n’a prises depuis une heure. Elles restent ouvertes : corrigez ce qui " +
    "échoue, ou retirez-les.",
  "job-errors.stuck.more": { one: "et une autre", other: "et {count} autres" },
  "job-errors.heading": "Erreurs",
  "job-errors.help":
    "Les plus fréquentes d’abord. Les messages qui ne diffèrent que par des nombres et des textes entre guillemets " +
    "comptent pour un.",
  "job-errors.none":
    "Les échecs et les résultats rejetés apparaîtront ici automatiquement, avec ce qu’il faut changer.",
  "job-errors.count": { one: "une fois", other: "{count} fois" },
  "job-errors.fact.function": "Fonction",
  "job-errors.fact.kind": "Type",
  "job-errors.fact.first": "Première",
  "job-errors.fact.last": "Dernière",
  "job-errors.fact.variable": "Unité d’exemple",
  "job-errors.fact.engine": "Moteur",
  "job-errors.example": "Pile et console",
  "job-errors.example.rejected": "Résultat et console",
  "job-errors.example.message": "Message entier",
  "job-errors.example.stack": "Pile",
  "job-errors.example.console": "Sortie de la console",
  "job-errors.example.result": "Résultat rejeté",
  "job-errors.example.empty": "Cette erreur n’a ni pile ni sortie de la console.",
  "job-errors.kind.code":
    "Le code ne peut pas démarrer : il a une erreur de syntaxe, ou n’est pas une fonction. Corrigez-le ; n’utilisez " +
    "que ce que tous les moteurs connaissent.",
  "job-errors.kind.threw":
    "La fonction a levé une exception. Exécutez-la avec l’unité d’exemple ; la pile montre où.",
  "job-errors.kind.no-result":
    "La fonction s’est terminée sans résultat. Affectez context.result, ou renvoyez {result: …}.",
  "job-errors.kind.not-json":
    "Le résultat ne peut pas être écrit en JSON. Renvoyez des nombres, des textes, true, false, null, des tableaux " +
    "et des objets simples.",
  "job-errors.kind.too-large":
    "Le résultat est trop volumineux pour le serveur. Renvoyez moins, ou divisez l’unité en plusieurs.",
  "job-errors.kind.timeout":
    "Il n’y a pas eu de résultat dans le délai. Cherchez une boucle sans fin, réduisez les unités, ou augmentez " +
    "lease_seconds.",
  "job-errors.kind.memory":
    "Le volontaire a manqué de mémoire. Utilisez moins de mémoire, ou exigez-la : memory_mb dans requirements.",
  "job-errors.kind.crash":
    "Le processus s’est arrêté pendant le calcul. Le plus souvent la mémoire manque, ou une récursion est trop " +
    "profonde ; essayez l’unité d’exemple.",
  "job-errors.kind.misbehaved":
    "La fonction est intervenue dans son environnement isolé. Qu’elle ne fasse que calculer et renvoyer un résultat.",
  "job-errors.kind.thrown-back":
    "D’autres volontaires ou le pool ont calculé un autre résultat. Si des résultats honnêtes diffèrent, comparez-les " +
    "par compare_results.",
  "job-errors.kind.rejected":
    "validate_result a rejeté le résultat. Si le résultat est juste, corrigez le validateur, sinon execute_function.",
};
