// Français.

export default {
  skip: "Aller au contenu",
  tagline: "Prêtez le temps libre de votre appareil à des calculs trop grands pour un seul ordinateur.",
  "tagline.short": "Prêtez le temps libre de votre appareil.",

  "whose.none":
    "Il n’y a encore rien à calculer ici. Vous pouvez commencer quand même : du travail sera demandé dès qu’il y " +
    "en aura.",
  "whose.jobs": {
    one: "Une tâche, de {owners} : {jobs}.",
    other: "{count} tâches, de {owners} : {jobs}.",
  },
  "whose.more": { one: "une de plus", other: "{count} de plus" },
  "whose.nobody": "quelqu’un sans nom",
  "button.start": "Commencer à calculer",
  "button.pause": "Pause",
  "button.resume": "Reprendre",
  "button.again": "Réessayer",
  "button.forget": "Arrêter et oublier",
  "notice.resumed":
    "La dernière fois, vous calculiez : cela continue donc tout seul. Mettez en pause quand vous voulez.",
  "notice.forgotten": "Arrêté. Plus rien n’en est gardé en mémoire.",

  "status.new": "Rien ne s’exécute avant que vous n’appuyiez sur le bouton.",
  "status.starting": "Démarrage…",
  "status.computing": "Calcul en cours.",
  "status.nothing": "Il n’y a rien à calculer pour le moment. La question sera reposée automatiquement.",
  "status.offline": "Le serveur est injoignable. Un nouvel essai suivra automatiquement.",
  "status.pausing": "Bientôt en pause. Le calcul en cours peut encore se terminer.",
  "status.paused": "En pause.",
  "status.unplugged": "En attente que l’appareil soit branché.",
  "status.elsewhere":
    "Un autre onglet de ce navigateur calcule déjà. Celui-ci prendra le relais quand vous le fermerez.",
  "status.impossible": "Impossible de calculer ici.",
  "title.computing": "Calcul · {name}",
  "title.paused": "En pause · {name}",
  "obstacle.platform":
    "Ce navigateur ne laisse pas la page préparer l’espace isolé où s’exécutent les tâches ; on ne peut donc pas " +
    "calculer ici en sécurité. Un autre navigateur, une version plus récente ou une fenêtre sans extensions peut " +
    "convenir. Le message : {message}",
  "obstacle.pool": "Le serveur ne laisse pas ce navigateur participer. Le message : {message}",

  "live.heading": "Votre contribution",
  "live.units": "unités lors de cette visite",
  "live.total": "unités, toutes visites comprises",
  "live.rate": "unités pendant la dernière minute",
  "live.time": "de calcul",
  "live.workers": "Cœurs",
  "worker.name": "Cœur {number}",
  "worker.idle": "à l’arrêt",
  "worker.waiting": "attend du travail",
  "worker.waiting.job": "envoie un résultat de {job}",
  "worker.fetching": "demande une unité",
  "worker.computing": "calcule",
  "worker.computing.job": "calcule {job}",
  "worker.resting": "se repose",
  "live.troubles": "Ce qui n’a pas marché",
  "live.troubles.help": "Le plus récent d’abord. Ce qui n’a pas pu se faire ici est proposé à d’autres.",

  "trouble.offline": "Le serveur était injoignable.",
  "trouble.pool": "Le serveur a refusé une requête.",
  "trouble.rejected":
    "Le serveur a rejeté un résultat de {job}. C’est presque toujours la faute de la tâche, pas la vôtre.",
  "trouble.late": "Quelqu’un d’autre a été plus rapide pour une unité de {job}.",
  "trouble.refused": "Le serveur n’a pas pris un résultat de {job}.",
  "trouble.aside": "{job} échoue sans cesse ; cette tâche est laissée de côté un moment.",
  "trouble.code": "Le code de {job} ne peut pas être exécuté.",
  "trouble.threw": "{job} s’est interrompu sur une erreur.",
  "trouble.no-result": "{job} s’est terminé sans résultat.",
  "trouble.not-json": "{job} a donné un résultat qui ne peut pas être envoyé.",
  "trouble.too-large": "{job} a donné un résultat trop grand.",
  "trouble.timeout": "Une unité de {job} a duré trop longtemps ; elle a été arrêtée.",
  "trouble.memory": "{job} voulait trop de mémoire et a été arrêté.",
  "trouble.crash": "{job} a fait tomber un cœur. Un autre prend sa place.",
  "trouble.misbehaved": "{job} a fait ce qui lui est interdit et a été arrêté.",
  "trouble.cage": "Il a fallu préparer à nouveau l’espace isolé. Ses unités ont été rendues.",
  "trouble.platform": "Ce navigateur ne peut pas préparer l’espace isolé.",
  "trouble.other": "Quelque chose n’a pas marché avec {job}.",
  "trouble.aJob": "une tâche",
  "trouble.times": "{count} fois",

  "terms.heading": "Ce qui va se passer",
  "terms.plan": {
    one: "L’unique cœur de cet appareil, {share} du temps.",
    other: "{workers} de vos {count} cœurs, {share} du temps.",
  },
  "terms.sandbox":
    "Le code des tâches s’exécute dans votre navigateur, isolé : il ne peut que calculer, sans réseau et sans " +
    "fichiers.",
  "terms.stop": "Vous pouvez mettre en pause ou arrêter à tout moment.",
  "terms.remembered":
    "Ce navigateur garde vos choix, un identifiant aléatoire et vos totaux. « Arrêter et oublier » efface tout.",

  "choices.heading": "Vos choix",
  "choices.workers": "Cœurs utilisés",
  "choices.workers.value": "{workers} sur {count}",
  "choices.throttle": "Part du temps",
  "choices.throttle.help": "Avec moins, l’appareil reste frais et silencieux.",
  "choices.plugged": "Seulement sur secteur",
  "choices.gpu": "Autoriser la carte graphique (WebGPU)",
  "choices.gpu.help":
    "Pour les tâches qui en ont besoin. Après l’arrêt, une telle tâche peut encore occuper la carte jusqu’à une " +
    "demi-minute.",
  "choices.owners": "Qui soutenez-vous ?",
  "choices.owners.everyone": "Personne de coché : vous soutenez tout le monde.",
  "choices.owners.some": "Seules les tâches des personnes cochées sont calculées.",

  "jobs.heading": "Ce que l’on calcule ici",
  "jobs.loading": "Chargement des tâches…",
  "jobs.none": "Personne n’a encore proposé de tâche.",
  "jobs.failed":
    "Les tâches n’ont pas pu être chargées. Le serveur est peut-être arrêté, ou votre appareil hors ligne.",
  "jobs.retry": "Réessayer",
  "jobs.more": { one: "En montrer une de plus", other: "En montrer {count} de plus" },
  "job.owner": "de {owner}",
  "job.nobody": "de quelqu’un sans nom",
  "job.undescribed": "Il n’y a pas de description.",
  "job.details": "En savoir plus, et voir le code exécuté",
  "job.code": "C’est exactement ce code qui s’exécute dans votre navigateur, une fois par unité :",
  "job.code.label": "Code de {job}",
  "job.code.loading": "Chargement du code…",
  "job.code.failed": "Le code n’a pas pu être chargé. Fermez et rouvrez pour réessayer.",
  "job.progress": "{done} unités faites sur {total}",
  "job.progress.label": "Avancement de {job}",
  "job.progress.none": "pas encore d’unités",
  "job.paused": "en pause",
  "job.complete": "terminée",
  "job.needs.webgpu": "carte graphique",
  "job.needs.wasm": "WebAssembly",
  "job.needs.wasm_simd": "WebAssembly SIMD",
  "job.needs.memory_mb": "{count} Mo de mémoire",
  "job.needs": "Nécessite : {needs}",

  "foot.widget": "Sur votre propre site",
  "foot.widget.help":
    "Cette seule ligne permet aux visiteurs de votre site de calculer ici. On leur demande d’abord leur accord, " +
    "et le code est isolé de la même façon.",

  "widget.whose": { one: "Une tâche, de {owners}.", other: "{count} tâches, de {owners}." },
  "widget.plan": {
    one: "{share} de l’unique cœur de cet appareil, isolé : le code ne peut que calculer.",
    other: "{workers} de vos {count} cœurs, {share} du temps, isolé : le code ne peut que calculer.",
  },
  "widget.page": "Qu’est-ce que c’est ?",
  "widget.page.label": "Qu’est-ce que c’est ? (ouvre un nouvel onglet)",
  "widget.units": { one: "{count} unité faite", other: "{count} unités faites" },
};
