// Español.

export default {
  "credit.heading": "Tu puesto en el pool",
  "credit.day": "Hoy",
  "credit.week": "7 días",
  "credit.all": "Todas las visitas",
  "credit.units": { one: "{count} unidad", other: "{count} unidades" },
  "credit.place": "puesto {place}",
  "credit.leaderboard": "Clasificación",

  "credit.names": "Nombre y equipo",
  "credit.name": "Nombre (opcional)",
  "credit.team": "Equipo (opcional)",
  "credit.names.help":
    "Hasta 30 letras y cifras. Forman un equipo quienes eligen el mismo nombre. Quien gestiona el pool puede quitar " +
    "nombres.",
  "credit.shown": "Mostrarme a todos en la clasificación",
  "credit.save": "Guardar",
  "credit.saved": "Guardado. No se te muestra a nadie.",
  "credit.saved.shown": "Guardado. Estás en la clasificación con tus unidades.",
  "credit.removed": "Quien gestiona el pool ha quitado tu nombre o tu equipo. Motivo: {reason}",

  "credit.devices": "Otro dispositivo tuyo",
  "credit.code.show": "Mostrar un código",
  "credit.code.valid":
    "Escríbelo en tu otro dispositivo, en «Otro dispositivo tuyo». Vale una sola vez, hasta las {until}. Quien lo " +
    "escriba tendrá tu puesto: no se lo enseñes a nadie más.",
  "credit.code.enter": "Código que muestra tu otro dispositivo",
  "credit.code.enter.help":
    "Este navegador guarda entonces el identificador aleatorio de tu otro dispositivo en lugar del suyo, y sus " +
    "unidades se suman a las tuyas.",
  "credit.code.join": "Unir",
  "credit.code.joined": "Listo: los dos dispositivos son ahora un solo voluntario.",

  "credit.delete": "Borrar mi registro",
  "credit.delete.help":
    "Detiene el cálculo y borra en el pool tu nombre, tu equipo, tus sumas y tu puesto, y todo lo que este navegador " +
    "ha guardado. Los resultados que calculaste permanecen en sus tareas, sin tu nombre.",
  "credit.delete.really": "Borrar para siempre",
  "credit.delete.cancel": "Conservarlo",

  "credit.refused.taken": "Ya se muestra a otra persona con este nombre o con uno que se le parece.",
  "credit.refused.invalid": "El pool no lo acepta: {detail}",
  "credit.refused.forbidden": "Quien gestiona el pool no lo permite: {detail}",
  "credit.refused.code": "Este código es incorrecto, ya se usó o tiene más de cinco minutos.",
  "credit.refused.limit": "Demasiados intentos. Espera un poco.",
  "credit.refused.offline": "No se puede contactar con el pool. No ha cambiado nada.",
  "credit.refused.other": "No ha funcionado: {detail}",
};
