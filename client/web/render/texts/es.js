// Spanish: see en.js.

export default {
  "render.show": "Mostrar lo encontrado",
  "render.ask":
    "Para mostrarlo se ejecuta un poco de código de la tarea, aislado y durante tres segundos como máximo.",
  "render.loading": "Cargando los resultados…",
  "render.empty": "Aún no hay resultados.",
  "render.outlined": {
    one: "Has calculado {count} de {total} partes: está enmarcada.",
    other: "Has calculado {count} de {total} partes: están enmarcadas.",
  },
  "render.marked": {
    one: "Has calculado {count} de {total}: está marcado.",
    other: "Has calculado {count} de {total}: están marcados.",
  },
  "render.partial": "Dibujado con {count} de los resultados.",
  "render.failed": "La función de la tarea que muestra los resultados ha fallado: {reason}",
  "render.invalid": "Lo que la tarea quiere mostrar no es válido: {reason}",
  "render.unavailable": "Los resultados no se pueden cargar en este momento.",
  "render.numbers": "Los números en una tabla",
  "render.variable": "Unidad",
  "render.result": "Resultado",
  "render.picture": "Imagen de {job}. {caption}",
  "render.series": "Líneas de {job}. {caption}",
  "render.histogram": "Histograma de {job}. {caption}",
  "render.points": "Puntos de {job}. {caption}",
  "render.table": "Tabla de {job}. {caption}",
};
