// Español.

export default {
  "post.heading": "Publicar una tarea",
  "post.subtitle":
    "Una tarea es una función con sus entradas. Los voluntarios calculan la función para cada entrada y el servidor " +
    "reúne los resultados.",
  "post.replaces":
    "Una nueva versión de la tarea {job}: lo que no está terminado pasa a ella; los resultados se quedan donde están.",
  "post.about": "De qué se trata",
  "post.name": "Nombre",
  "post.name.help": "También es su dirección: «Prime gaps» pasa a ser /jobs/prime-gaps.",
  "post.name.missing": "Pon un nombre a la tarea.",
  "post.description": "Lo que leen los voluntarios (opcional)",
  "post.description.help": "Una frase: qué se calcula y para qué.",
  "post.owner": "Tu nombre (opcional)",
  "post.owner.help": "Los voluntarios pueden elegir calcular solo para ti.",
  "post.functions": "Qué se calcula",
  "post.functions.help": "JavaScript. Empieza con un ejemplo y pruébalo junto al formulario.",
  "post.example.compute": "Ejemplo: calcular un valor",
  "post.example.search": "Ejemplo: una búsqueda larga con una comprobación barata",
  "post.example.simulate": "Ejemplo: una simulación",
  "post.more": "Otras funciones",
  "post.template": "Insertar una plantilla",
  "post.editor": "editor de código; Tab sale de él",
  "post.execute_function": "execute_function",
  "post.execute_function.help":
    "Se ejecuta en los dispositivos de los voluntarios: una vez por unidad, sin red, archivos ni página. Devuelve un " +
    "objeto con el campo result, o asigna context.result.",
  "post.validate_result": "validate_result",
  "post.validate_result.help":
    "Se ejecuta en el servidor, con cada resultado: true lo acepta. Solo tú puedes leerla. Sin validate_variable se " +
    "llama también con un resultado indefinido, cuando se publica una unidad.",
  "post.validate_variable": "validate_variable",
  "post.validate_variable.help": "Se ejecuta en el servidor, con cada unidad que se publica: true la acepta.",
  "post.compare_results": "compare_results",
  "post.compare_results.help":
    "Se ejecuta en el servidor, donde los voluntarios deben coincidir: si dos resultados son iguales.",
  "post.variable_scheduler": "variable_scheduler",
  "post.variable_scheduler.help":
    "Se ejecuta en el servidor: qué unidad recibe ahora un voluntario. Sin ella, cualquiera de las abiertas.",
  "post.render": "render",
  "post.render.help":
    "Se ejecuta en los navegadores de voluntarios y espectadores: qué aspecto tienen los resultados, " +
    "como datos. Sin ella, una tabla.",
  "post.inputs": "Las entradas",
  "post.inputs.help":
    "Cada entrada es una unidad de trabajo: el primer argumento de la función. Una unidad debería tardar entre unos " +
    "segundos y unos minutos.",
  "post.settings": "Ajustes",
  "post.settings.show": "Tiempo, errores, confianza, requisitos",
  "post.posting": "Publicar",
  "post.who.key": "Este servidor acepta tareas de quien tiene una clave.",
  "post.who.open": "Aquí cualquiera puede publicar. Sin clave, la tarea recibe una propia, con la que se administra.",
  "post.who.review":
    "Aquí cualquiera puede publicar. Sin clave, el operador mira antes la tarea, y esta recibe una clave propia, con la " +
    "que se administra.",
  "post.offline": "No se puede contactar con el servidor. Comprueba tu conexión.",
  "post.key": "Tu clave",
  "post.key.optional": "Tu clave, si tienes una",
  "post.key.forget": "Usar otra clave que la de esta pestaña",
  "post.key.help": "Del operador del servidor. Se queda en esta pestaña hasta que la cierres y solo se envía a este servidor.",
  "post.key.invalid": "Esto no puede ser una clave. Comprueba que esté completa.",
  "post.submit": "Publicar la tarea",
  "post.continue": "Continuar",
  "post.watch": "Seguir la tarea",
  "post.progress": {
    one: "{posted} de {count} unidad publicada.",
    other: "{posted} de {count} unidades publicadas.",
  },
  "post.done": { one: "Publicada, con una unidad.", other: "Publicada, con {count} unidades." },
  "post.done.review":
    "Publicada. El operador la mira antes: después acepta unidades y los voluntarios la reciben. Añade entonces las " +
    "unidades en la página de la tarea.",
  "post.unit.refused": "Se rechazó la unidad {number}: {message}",
  "post.problem.field": "No se publicó: {message}",
  "post.problem.inputs": "La tarea está publicada. Corrige las entradas, quita las ya publicadas y continúa.",
  "post.problem.goes-on": "La tarea está publicada. No se ha perdido nada: continúa donde se detuvo.",
  "post.new-key": "La clave de esta tarea",
  "post.new-key.help":
    "Guárdala ahora: solo se muestra aquí. Con ella se pausa, se cambia y se borra esta tarea. Esta pestaña la conserva " +
    "hasta que la cierres.",
  "post.new-key.copy": "Copiar",
  "post.new-key.copied": "Copiada",
  "post.trial": "Probar aquí",
  "post.trial.help":
    "Calcula una unidad en este navegador, en el entorno aislado de los voluntarios, y pregunta al validador. No se " +
    "publica nada.",
  "post.trial.unit": "Número de la unidad",
  "post.trial.try": "Probar",
  "post.trial.stop": "Parar",
  "post.trial.running": "Calculando…",
  "post.trial.stopped": "Parado.",
  "post.trial.accepted": "Aceptado tras {duration}.",
  "post.trial.rejected": "Calculado en {duration} y rechazado por el validador.",
  "post.trial.refused": "El validador rechaza esta unidad: no se podría publicar.",
  "post.trial.failed": "La función falló: {error}",
  "post.trial.no-sandbox": "Aquí no se puede probar: {message}",
  "post.trial.no-validator": "Sin validate_result se acepta cualquier resultado.",
  "post.trial.unrepeatable":
    "Una segunda ejecución dio otro resultado: los voluntarios nunca coincidirían. Haz que dependa solo de la unidad.",
  "post.trial.disagrees": "compare_results dice que el resultado es distinto de sí mismo.",
  "post.trial.variable": "Unidad",
  "post.trial.result": "Resultado",
  "post.trial.verdict": "La palabra del validador",
  "post.trial.valid": "Aceptado.",
  "post.trial.valid.reason": "Aceptado: {reason}",
  "post.trial.invalid": "Rechazado: {reason}",
  "post.trial.stored": "Guardado en su lugar",
  "post.trial.picture": "Como lo muestra render",
  "post.trial.console": "Consola",
  "post.trial.printed": "Consola del validador",
  "post.trial.stack": "Pila",
};
