// French: see en.js.

export default {
  "render.show": "Montrer ce qui a été trouvé",
  "render.ask": "Pour l’afficher, un peu de code de la tâche s’exécute, isolé, trois secondes au plus.",
  "render.loading": "Chargement des résultats…",
  "render.empty": "Pas encore de résultats.",
  "render.outlined": {
    one: "Vous avez calculé {count} partie sur {total} : elle est encadrée.",
    other: "Vous avez calculé {count} parties sur {total} : elles sont encadrées.",
  },
  "render.marked": {
    one: "Vous en avez calculé {count} sur {total} : il est marqué.",
    other: "Vous en avez calculé {count} sur {total} : ils sont marqués.",
  },
  "render.partial": "Dessiné d’après {count} des résultats.",
  "render.failed": "La fonction de la tâche qui montre les résultats a échoué : {reason}",
  "render.invalid": "Ce que la tâche veut montrer n’est pas valide : {reason}",
  "render.unavailable": "Les résultats ne peuvent pas être chargés pour le moment.",
  "render.numbers": "Les nombres en tableau",
  "render.variable": "Unité",
  "render.result": "Résultat",
  "render.picture": "Image de {job}. {caption}",
  "render.series": "Courbes de {job}. {caption}",
  "render.histogram": "Histogramme de {job}. {caption}",
  "render.points": "Points de {job}. {caption}",
  "render.table": "Tableau de {job}. {caption}",
};
