// Français. On vouvoie.

export default {
  skip: "Aller au contenu",
  tagline: "Prêtez le temps libre de votre appareil à des calculs trop lourds pour un seul ordinateur.",
  "tagline.short": "Prêtez le temps libre de votre appareil.",

  "subtitle.none":
    "Il n’y a encore rien à calculer ici. Vous pouvez commencer quand même : le calcul démarrera dès qu’il y aura du " +
    "travail.",
  "subtitle.jobs": {
    one: "Une tâche pour {owners} : {jobs}.",
    other: "{count} tâches pour {owners} : {jobs}.",
  },
  "subtitle.more": "{count} de plus",
  "subtitle.unnamed": "un auteur sans nom",
  "button.start": "Commencer à calculer",
  "button.pause": "Pause",
  "button.resume": "Reprendre",
  "button.again": "Réessayer",
  "button.forget": "Arrêter et oublier",
  "notice.resumed":
    "Vous calculiez lors de votre dernière visite : le calcul a repris automatiquement. Vous pouvez le mettre en " +
    "pause à tout moment.",
  "notice.forgotten": "Arrêté. Tout ce que ce navigateur avait enregistré est effacé.",

  "status.new": "Rien ne s’exécute tant que vous n’appuyez pas sur le bouton.",
  "status.starting": "Démarrage…",
  "status.computing": "Calcul en cours.",
  "status.no-work": "Il n’y a rien à calculer pour le moment. Le calcul reprendra dès qu’il y aura du travail.",
  "status.offline": "Le serveur est injoignable. Une nouvelle tentative suivra automatiquement.",
  "status.foreign":
    "Quelque chose entre cet appareil et le serveur répond à sa place. Si le réseau demande une connexion, " +
    "connectez-vous. Une nouvelle tentative suivra automatiquement.",
  "status.pausing": "Pause dès que les unités en cours seront terminées.",
  "status.paused": "En pause.",
  "status.unplugged": "En attente que l’appareil soit branché sur secteur.",
  "status.other-tab": "Un autre onglet calcule déjà. Celui-ci prendra le relais quand vous fermerez l’autre.",
  "status.blocked": "Impossible de calculer ici.",
  "status.unseen": "Le calcul reprendra quand ce widget aura été visible pendant une seconde.",
  "title.computing": "Calcul en cours · {name}",
  "title.paused": "En pause · {name}",
  "blocked.platform":
    "Ce navigateur ne peut pas créer l’environnement isolé où s’exécutent les tâches : on ne peut donc pas calculer " +
    "ici en sécurité. Essayez un autre navigateur, une version plus récente ou une fenêtre sans extensions. " +
    "Erreur : {message}",
  "blocked.pool": "Le serveur n’accepte pas ce navigateur. Erreur : {message}",
  "blocked.outdated": "Cette page est plus ancienne que le serveur. Rechargez-la pour continuer.",
  "blocked.blocked": "L’administrateur du serveur a bloqué cet ordinateur. Motif : {message}",

  "activity.heading": "Votre contribution",
  "activity.units": "unités pendant cette visite",
  "activity.total": "unités au total",
  "activity.rate": "unités pendant la dernière minute",
  "activity.time": "temps de calcul",
  "activity.workers": "Cœurs",
  "worker.name": "Cœur {number}",
  "worker.idle": "inactif",
  "worker.waiting": "attend du travail",
  "worker.waiting.job": "envoie un résultat de {job}",
  "worker.fetching": "télécharge une unité",
  "worker.computing": "calcule",
  "worker.computing.job": "calcule {job}",
  "worker.resting": "se repose",
  "activity.errors": "Ce qui n’a pas marché",
  "activity.errors.help":
    "Du plus récent au plus ancien. Ce qui échoue ici est signalé à son auteur et proposé à d’autres volontaires.",

  "error.offline": "Le serveur était injoignable.",
  "error.foreign": "Autre chose a répondu à la place du serveur, comme une page de connexion du réseau.",
  "error.pool": "Le serveur a refusé une requête.",
  "error.limit": "Le serveur limite pour l’instant ce qu’il donne à cet ordinateur. Cela reprendra automatiquement.",
  "error.blocked": "L’administrateur du serveur a bloqué cet ordinateur.",
  "error.outdated": "Cette page est plus ancienne que le serveur. Rechargez-la.",
  "error.rejected":
    "Le serveur a rejeté un résultat de la tâche {job}. C’est presque toujours la faute de la tâche, pas la vôtre.",
  "error.late": "Quelqu’un d’autre a été plus rapide pour une unité de la tâche {job}.",
  "error.refused": "Le serveur n’a pas accepté un résultat de la tâche {job}.",
  "error.not-extended": "Le temps réservé pour une unité de {job} n’a pas pu être prolongé.",
  "error.backoff": "La tâche {job} échoue sans cesse : elle est laissée de côté un moment.",
  "error.code": "Le code de la tâche {job} ne peut pas être exécuté.",
  "error.threw": "La tâche {job} s’est arrêtée sur une erreur.",
  "error.no-result": "La tâche {job} s’est terminée sans résultat.",
  "error.not-json": "La tâche {job} a donné un résultat qui ne peut pas être envoyé.",
  "error.too-large": "La tâche {job} a donné un résultat trop volumineux.",
  "error.timeout": "Une unité de la tâche {job} a duré trop longtemps et a été arrêtée.",
  "error.memory": "La tâche {job} a utilisé trop de mémoire et a été arrêtée.",
  "error.crash": "La tâche {job} a fait planter son processus. Un autre l’a remplacé.",
  "error.misbehaved": "La tâche {job} a fait quelque chose d’interdit et a été arrêtée.",
  "error.sandbox": "Il a fallu redémarrer l’environnement isolé. Ses unités ont été rendues au serveur.",
  "error.platform": "Ce navigateur ne peut pas créer l’environnement isolé.",
  "error.other": "Quelque chose n’a pas marché avec la tâche {job}.",
  "error.unnamed": "sans nom",
  "error.times": "{count} fois",

  "terms.heading": "Ce qui va se passer",
  "terms.usage": {
    one: "Utilise l’unique cœur de cet appareil, {share} du temps.",
    other: "Utilise {workers} de vos {count} cœurs, {share} du temps.",
  },
  "terms.sandbox":
    "Les tâches s’exécutent dans votre navigateur, isolées : elles ne peuvent que calculer, sans accès au réseau ni " +
    "aux fichiers.",
  "terms.stop": "Vous pouvez mettre en pause ou arrêter à tout moment.",
  "terms.storage":
    "Ce navigateur enregistre vos choix, un identifiant aléatoire et vos totaux. « Arrêter et oublier » efface tout.",

  "choices.heading": "Vos choix",
  "choices.workers": "Cœurs à utiliser",
  "choices.workers.value": "{workers} sur {count}",
  "choices.throttle": "Part du temps",
  "choices.throttle.help": "Une part plus petite garde l’appareil frais et silencieux.",
  "choices.plugged": "Seulement sur secteur",
  "choices.gpu": "Autoriser la carte graphique (WebGPU)",
  "choices.gpu.help":
    "Pour les tâches qui en ont besoin. Elles peuvent encore occuper la carte jusqu’à une demi-minute après l’arrêt.",
  "choices.owners": "Qui soutenez-vous ?",
  "choices.owners.everyone": "Personne n’est coché : vous soutenez tout le monde.",
  "choices.owners.some": "Seules les tâches des auteurs cochés sont calculées.",

  "jobs.heading": "Ce que l’on calcule ici",
  "jobs.loading": "Chargement des tâches…",
  "jobs.none": "Personne n’a encore proposé de tâche.",
  "jobs.failed":
    "Les tâches n’ont pas pu être chargées. Le serveur est peut-être arrêté, ou votre appareil hors ligne.",
  "jobs.retry": "Réessayer",
  "jobs.more": { one: "En afficher une de plus", other: "En afficher {count} de plus" },
  "job.owner": "pour {owner}",
  "job.unnamed": "pour un auteur sans nom",
  "job.no-description": "Aucune description.",
  "job.details": "Détails et code",
  "job.code": "C’est exactement ce code qui s’exécute dans votre navigateur, une fois par unité :",
  "job.code.label": "Code de {job}",
  "job.code.loading": "Chargement du code…",
  "job.code.failed": "Le code n’a pas pu être chargé. Fermez et rouvrez les détails pour réessayer.",
  "job.progress": "{done} unités faites sur {total}",
  "job.progress.label": "Progression de {job}",
  "job.progress.none": "pas encore d’unités",
  "job.paused": "en pause",
  "job.complete": "terminée",
  "job.needs.webgpu": "carte graphique",
  "job.needs.wasm": "WebAssembly",
  "job.needs.wasm_simd": "WebAssembly SIMD",
  "job.needs.browser_syntax": "le JavaScript d’un navigateur récent",
  "job.needs.memory_mb": "{count} Mo de mémoire",
  "job.needs": "Nécessite : {needs}",

  "flows.heading": "Flux",
  "flows.help": "Des tâches qui se transmettent leurs résultats. Voici les flux les plus récents.",
  "flows.running": "en cours",
  "flows.done": "terminé",
  "flows.failed": "échec",
  "flows.cancelled": "annulé",

  "footer.widget": "L’ajouter à votre propre site",
  "footer.widget.help":
    "Avec cette ligne, les visiteurs de votre site peuvent calculer pour ce serveur. On leur demande d’abord leur " +
    "accord, et les tâches sont isolées de la même façon.",

  "widget.subtitle": { one: "Une tâche pour {owners}.", other: "{count} tâches pour {owners}." },
  "widget.usage": {
    one: "L’unique cœur de cet appareil, {share} du temps, isolé : le code ne peut que calculer.",
    other: "{workers} de vos {count} cœurs, {share} du temps, isolé : le code ne peut que calculer.",
  },
  "widget.page": "Qu’est-ce que c’est ?",
  "widget.page.label": "Qu’est-ce que c’est ? (ouvre un nouvel onglet)",
  "widget.units": { one: "{count} unité faite", other: "{count} unités faites" },
  "widget.new": "Rien ne s’exécute tant que vous n’acceptez pas dans une fenêtre de ce serveur, ouverte par le bouton.",
  "widget.asked":
    "Ce serveur vous demande votre accord dans sa propre fenêtre, car un site peut couvrir ce widget. Si aucune ne " +
    "s’est ouverte :",
  "widget.open": "Ouvrir {host}",
  "widget.open.label": "Ouvrir {host} (ouvre un nouvel onglet)",
  "widget.ask":
    "Le site d’où vous venez demande le temps libre de cet appareil. Le calcul se fait tant qu’une page avec le widget " +
    "est ouverte, maintenant et à vos prochaines visites, jusqu’à ce que vous le mettiez en pause là-bas.",
  "widget.again": "Cette fenêtre vient de passer au premier plan. Appuyez encore une fois sur le bouton.",
  "widget.given": "Le calcul a commencé sur la page d’où vous venez. Vous pouvez fermer cette fenêtre.",

  "flow.title": "Flux",
  "flow.title.running": "En cours · {name}",
  "flow.title.done": "Terminé · {name}",
  "flow.title.failed": "Échec · {name}",
  "flow.title.cancelled": "Annulé · {name}",
  "flow.owner": "Un flux créé par {owner} le {created}.",
  "flow.unnamed": "Un flux créé par un auteur sans nom le {created}.",
  "flow.status.loading": "Chargement…",
  "flow.status.offered": "Proposé aux volontaires.",
  "flow.status.computing": "Des volontaires calculent.",
  "flow.status.unclaimed": "Aucun volontaire n’y travaille encore.",
  "flow.status.blocked": "Attend une variable en échec.",
  "flow.status.paused": { one: "La tâche {jobs} est en pause.", other: "Les tâches {jobs} sont en pause." },
  "flow.status.done": "Terminé.",
  "flow.status.failed": "Échec.",
  "flow.status.cancelled": "Annulé.",
  "flow.status.offline": "Le serveur est injoignable. Une nouvelle tentative suivra automatiquement.",
  "flow.status.missing": "Rien à afficher.",
  "flow.missing": "Flux introuvable",
  "flow.missing.help": "Ce serveur n’a aucun flux à cette adresse. Elle est peut-être incomplète.",
  "flow.failure": "Raison de l’échec",
  "flow.failure.show": "Afficher dans l’arbre",
  "flow.blocked": "Ce qu’il attend",
  "flow.blocked.until": "Il continue quand son propriétaire libère la variable et qu’elle obtient un résultat. Échec le {until}.",
  "flow.progress": "Progression",
  "flow.share": "terminé",
  "flow.finished": "entrées terminées",
  "flow.finished.value": "{finished} sur {total}",
  "flow.results": "résultats au total",
  "flow.results.so-far": "résultats jusqu’ici",
  "flow.time": "du début à la fin",
  "flow.time.so-far": "jusqu’ici",
  "flow.tree": "Arbre",

  "flow.result": "Résultat",
  "flow.result.running": "Le résultat de la dernière étape s’affichera ici.",
  "flow.result.failed": "Le flux a échoué avant de donner un résultat.",
  "flow.result.cancelled": "Le flux a été annulé avant de donner un résultat.",
  "flow.result.cut": "Ce n’est que le début. Le fichier contient tout.",
  "flow.result.save": "Enregistrer dans un fichier",
  "flow.stage": "Étape {number} sur {count}",
  "flow.stage.first": "S’exécute en premier.",
  "flow.stage.later": "Reçoit les résultats fusionnés de l’étape {number}.",
  "flow.more": { one: "Afficher la dernière", other: "En afficher {count} de plus sur {rest}" },
  "flow.merge.waiting": { one: "un résultat à venir", other: "{count} résultats à venir" },
  "flow.merge.running": { one: "il en manque un", other: "il en manque {count}" },
  "flow.merge.done": "fusionnés",
  "flow.merge.ended": "non fusionnés",
  "flow.count.waiting": "{count} en attente",
  "flow.count.offered": { one: "{count} proposée", other: "{count} proposées" },
  "flow.count.computing": "{count} en calcul",
  "flow.count.done": { one: "{count} terminée", other: "{count} terminées" },
  "flow.count.skipped": { one: "{count} ignorée", other: "{count} ignorées" },
  "flow.count.failed": "{count} en échec",
  "flow.count.cancelled": { one: "{count} annulée", other: "{count} annulées" },

  "flow.state.waiting": "en attente",
  "flow.state.offered": "proposée",
  "flow.state.computing": "en calcul",
  "flow.state.done": "terminée",
  "flow.state.skipped": "ignorée",
  "flow.state.failed": "en échec",
  "flow.state.cancelled": "annulée",
  "flow.iterations": { one: "{count} itération", other: "{count} itérations" },
  "flow.times": "De {started} à {finished}.",
  "flow.since": "Depuis {started}.",
  "flow.steps": { one: "Sa seule exécution :", other: "Ses {count} dernières exécutions :" },
  "flow.steps.waiting": "Pas encore d’exécution.",
  "flow.steps.skipped": "Sa condition n’était pas remplie.",
  "flow.steps.never": "Elle n’a jamais commencé.",
  "flow.steps.none": "Ses exécutions ne sont plus disponibles.",
  "flow.iteration": "Itération {number}",
  "flow.step.open": "en attente d’un volontaire",
  "flow.step.leased": "en calcul",
  "flow.step.held": "calculé, en attente de confirmation",
  "flow.step.done": "terminée",
  "flow.step.failed": "en échec",
  "flow.step.stuck": "en échec chez un volontaire, en attente d’un autre",
  "flow.step.withdrawn": "retirée",
  "flow.run": "calculée en {time}",
  "flow.run.last": "la dernière en {time}",
  "flow.waited": "{time} d’attente",
  "flow.link.job": "Tâche {id} (JSON)",
  "flow.link.variable": "Variable {id} (JSON)",
  "flow.link.taken": "Variable {id}, prise dans la tâche (JSON)",
  "flow.link.step": "Variable (JSON)",
  "flow.link.result": "Résultat (JSON)",

  "job-errors.link": "Erreurs (pour son auteur)",
  "job-errors.paused": "Mise en pause par le serveur : {reason}",
  "job-errors.title": "Erreurs · {name}",
  "job-errors.subtitle": "Pourquoi des unités de cette tâche échouent, pour son auteur.",
  "job-errors.key": "La clé de l’auteur",
  "job-errors.key.help":
    "La clé avec laquelle la tâche a été proposée, ou celle de l’administrateur. Elle reste dans cet onglet jusqu’à " +
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
    "Cette clé n’est pas celle de l’auteur de la tâche. Saisissez la clé avec laquelle elle a été proposée, ou celle " +
    "de l’administrateur.",
  "job-errors.status.404":
    "Le serveur n’a aucune tâche à cette adresse. Elle est peut-être incomplète, ou la tâche a été supprimée.",
  "job-errors.status.blocked":
    "L’administrateur du serveur a bloqué cette clé ou cette adresse : adressez-vous à lui. Motif : {message}",
  "job-errors.status.forgotten": "La clé est oubliée. Saisissez-la pour revoir les erreurs.",
  "job-errors.pause": "Pourquoi la tâche est en pause",
  "job-errors.pause.since": "Depuis : {time}.",
  "job-errors.pause.help":
    "Les volontaires n’en reçoivent aucune unité. Une fonction ne peut pas être changée : proposez une tâche " +
    "corrigée. Si la fonction est juste, relancez la tâche par un PATCH de {\"state\": \"open\"}.",
  "job-errors.counts": "La tâche jusqu’ici",
  "job-errors.state": "état",
  "job-errors.state.open": "ouverte",
  "job-errors.state.paused": "en pause",
  "job-errors.accepted": "résultats acceptés",
  "job-errors.rejected": "résultats rejetés",
  "job-errors.failures": "échecs signalés",
  "job-errors.stuck": "variables bloquées",
  "job-errors.stuck.heading": "Variables bloquées",
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
  "job-errors.fact.variable": "Variable d’exemple",
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
    "La fonction a levé une exception. Exécutez-la avec la variable d’exemple ; la pile montre où.",
  "job-errors.kind.no-result":
    "La fonction s’est terminée sans résultat. Affectez context.result, ou renvoyez {result: …}.",
  "job-errors.kind.not-json":
    "Le résultat ne peut pas être écrit en JSON. Renvoyez des nombres, des textes, true, false, null, des tableaux " +
    "et des objets simples.",
  "job-errors.kind.too-large":
    "Le résultat est trop volumineux pour le serveur. Renvoyez moins, ou divisez la variable en plusieurs.",
  "job-errors.kind.timeout":
    "Il n’y a pas eu de résultat dans le délai. Cherchez une boucle sans fin, réduisez les variables, ou augmentez " +
    "lease_seconds.",
  "job-errors.kind.memory":
    "Le volontaire a manqué de mémoire. Utilisez moins de mémoire, ou exigez-la : memory_mb dans requirements.",
  "job-errors.kind.crash":
    "Le processus s’est arrêté pendant le calcul. Le plus souvent la mémoire manque, ou une récursion est trop " +
    "profonde ; essayez la variable d’exemple.",
  "job-errors.kind.misbehaved":
    "La fonction est intervenue dans son environnement isolé. Qu’elle ne fasse que calculer et renvoyer un résultat.",
  "job-errors.kind.thrown-back":
    "D’autres volontaires ou le pool ont calculé un autre résultat. Si des résultats honnêtes diffèrent, comparez-les " +
    "par compare_results.",
  "job-errors.kind.rejected":
    "validate_result a rejeté le résultat. Si le résultat est juste, corrigez le validateur, sinon execute_function.",
};
