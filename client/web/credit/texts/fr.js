// Français.

export default {
  "credit.heading": "Votre place dans le pool",
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
    "Jusqu’à 30 lettres et chiffres. Forment une équipe ceux qui choisissent le même nom. L’opérateur du pool peut " +
    "retirer des noms.",
  "credit.shown": "M’afficher pour tous dans le classement",
  "credit.save": "Enregistrer",
  "credit.saved": "Enregistré. Vous n’êtes affiché nulle part.",
  "credit.saved.shown": "Enregistré. Vous êtes dans le classement, avec vos unités.",
  "credit.removed": "L’opérateur du pool a retiré votre nom ou votre équipe. Motif : {reason}",

  "credit.devices": "Un autre de vos appareils",
  "credit.code.show": "Afficher un code",
  "credit.code.valid":
    "Saisissez-le sur votre autre appareil, sous « Un autre de vos appareils ». Il est valable une fois, jusqu’à {until}. " +
    "Qui le saisit prend votre place : ne le montrez à personne d’autre.",
  "credit.code.enter": "Code affiché par votre autre appareil",
  "credit.code.enter.help":
    "Ce navigateur enregistre alors l’identifiant aléatoire de votre autre appareil à la place du sien, et ses unités " +
    "s’ajoutent aux vôtres.",
  "credit.code.join": "Rejoindre",
  "credit.code.joined": "C’est fait : les deux appareils ne font plus qu’un volontaire.",

  "credit.delete": "Supprimer mes données",
  "credit.delete.help":
    "Arrête le calcul et supprime du pool votre nom, votre équipe, vos sommes et votre place, ainsi que tout ce que ce " +
    "navigateur a enregistré. Les résultats que vous avez calculés restent dans leurs tâches, sans votre nom.",
  "credit.delete.really": "Supprimer définitivement",
  "credit.delete.cancel": "Les garder",

  "credit.refused.taken": "Quelqu’un d’autre est déjà affiché sous ce nom, ou sous un nom qui lui ressemble.",
  "credit.refused.invalid": "Le pool n’accepte pas cela : {detail}",
  "credit.refused.forbidden": "L’opérateur du pool ne le permet pas : {detail}",
  "credit.refused.code": "Ce code est faux, a déjà servi ou date de plus de cinq minutes.",
  "credit.refused.limit": "Trop de tentatives. Patientez un peu.",
  "credit.refused.offline": "Le pool est injoignable. Rien n’a changé.",
  "credit.refused.other": "Cela n’a pas marché : {detail}",
};
