// Français.

export default {
  "credit.heading": "Ta place dans le pool",
  "credit.day": "Aujourd’hui",
  "credit.week": "7 jours",
  "credit.all": "Toutes les visites",
  "credit.units": { one: "{count} unité", other: "{count} unités" },
  "credit.place": "rang {place}",
  "credit.leaderboard": "Classement",

  "credit.names": "Nom et équipe",
  "credit.name": "Nom (facultatif)",
  "credit.team": "Équipe (facultatif)",
  "credit.names.help":
    "Jusqu’à 30 lettres et chiffres. Forment une équipe ceux qui choisissent le même nom. L’exploitant du pool peut " +
    "retirer des noms.",
  "credit.shown": "M’afficher pour tous dans le classement",
  "credit.save": "Enregistrer",
  "credit.saved": "Enregistré. Tu n’es affiché nulle part.",
  "credit.saved.shown": "Enregistré. Tu es dans le classement, avec tes unités.",
  "credit.removed": "L’exploitant du pool a retiré ton nom ou ton équipe. Motif : {reason}",

  "credit.devices": "Un autre de tes appareils",
  "credit.code.show": "Afficher un code",
  "credit.code.valid":
    "Saisis-le sur ton autre appareil, sous « Un autre de tes appareils ». Il est valable une fois, jusqu’à {until}. " +
    "Qui le saisit prend ta place : ne le montre à personne d’autre.",
  "credit.code.enter": "Code affiché par ton autre appareil",
  "credit.code.enter.help":
    "Ce navigateur enregistre alors l’identifiant aléatoire de ton autre appareil à la place du sien, et ses unités " +
    "s’ajoutent aux tiennes.",
  "credit.code.join": "Rejoindre",
  "credit.code.joined": "C’est fait : les deux appareils ne font plus qu’un bénévole.",

  "credit.delete": "Supprimer mes données",
  "credit.delete.help":
    "Arrête le calcul et supprime du pool ton nom, ton équipe, tes sommes et ta place, ainsi que tout ce que ce " +
    "navigateur a enregistré. Les résultats que tu as calculés restent dans leurs tâches, sans ton nom.",
  "credit.delete.really": "Supprimer définitivement",
  "credit.delete.cancel": "Les garder",

  "credit.refused.taken": "Quelqu’un d’autre est déjà affiché sous ce nom, ou sous un nom qui lui ressemble.",
  "credit.refused.invalid": "Le pool n’accepte pas cela : {detail}",
  "credit.refused.forbidden": "L’exploitant du pool ne le permet pas : {detail}",
  "credit.refused.code": "Ce code est faux, a déjà servi ou date de plus de cinq minutes.",
  "credit.refused.limit": "Trop de tentatives. Patiente un peu.",
  "credit.refused.offline": "Le pool est injoignable. Rien n’a changé.",
  "credit.refused.other": "Cela n’a pas marché : {detail}",
};
