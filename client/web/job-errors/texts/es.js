// Spanish.

export default {
  "job-errors.title": "Errores · {name}",
  "job-errors.subtitle": "Por qué fallan unidades de esta tarea, para su autor.",
  "job-errors.job": "La página de la tarea",
  "job-errors.key": "La clave del autor",
  "job-errors.key.help":
    "La clave con la que se publicó la tarea, o la del operador. Se queda en esta pestaña hasta que la cierres " +
    "u olvides la clave, y solo se envía a este servidor.",
  "job-errors.key.show": "Mostrar los errores",
  "job-errors.key.forget": "Olvidar la clave",
  "job-errors.status.key": "Los errores solo se muestran al autor de la tarea. Introduce la clave.",
  "job-errors.status.loading": "Cargando…",
  "job-errors.status.none": "No hay errores.",
  "job-errors.status.some": { one: "Un tipo de error.", other: "{count} tipos de errores." },
  "job-errors.status.offline":
    "No se puede contactar con el servidor. Se reintentará automáticamente. Si sigue así, comprueba tu conexión y si " +
    "el servidor funciona.",
  "job-errors.status.401": "El servidor no conoce esta clave. Comprueba que esté completa y que sea de este servidor.",
  "job-errors.status.403":
    "Esta clave no es la del autor de la tarea. Introduce la clave con la que se publicó, o la del operador.",
  "job-errors.status.404":
    "El servidor no tiene ninguna tarea en esta dirección. Quizá esté incompleta, o la tarea se haya eliminado.",
  "job-errors.status.blocked":
    "El operador del servidor ha bloqueado esta clave o esta dirección: pregúntale. Motivo: {message}",
  "job-errors.status.forgotten": "La clave se ha olvidado. Introdúcela para volver a ver los errores.",
  "job-errors.status.again-done": "La unidad está abierta de nuevo.",
  "job-errors.status.again-unneeded":
    "Ya está abierta: los voluntarios la reciben por sí solos, o tiene un resultado.",
  "job-errors.status.again-failed": "No ha funcionado. Inténtalo otra vez.",
  "job-errors.again": "Reintentar",
  "job-errors.pause": "Por qué la tarea está en pausa",
  "job-errors.pause.since": "Desde: {time}.",
  "job-errors.pause.help":
    "Los voluntarios no reciben unidades de ella. Una función no se puede cambiar: publica una tarea corregida. Si " +
    "la función es correcta, reanuda la tarea con un PATCH de {\"state\": \"open\"}.",
  "job-errors.counts": "La tarea hasta ahora",
  "job-errors.state": "estado",
  "job-errors.state.open": "abierta",
  "job-errors.state.paused": "en pausa",
  "job-errors.accepted": "resultados aceptados",
  "job-errors.rejected": "resultados rechazados",
  "job-errors.failures": "fallos comunicados",
  "job-errors.stuck": "unidades atascadas",
  "job-errors.stuck.heading": "Unidades atascadas",
  "job-errors.stuck.help":
    "Unidades con errores que ningún voluntario ha tomado desde hace una hora. Siguen abiertas: corrige lo que falla " +
    "o retíralas.",
  "job-errors.stuck.more": { one: "y una más", other: "y {count} más" },
  "job-errors.heading": "Errores",
  "job-errors.help":
    "Los más frecuentes primero. Los mensajes que solo difieren en números y textos entre comillas cuentan como uno.",
  "job-errors.none":
    "Los fallos y los resultados rechazados aparecerán aquí automáticamente, con lo que hay que cambiar.",
  "job-errors.count": { one: "una vez", other: "{count} veces" },
  "job-errors.fact.function": "Función",
  "job-errors.fact.kind": "Tipo",
  "job-errors.fact.first": "Primero",
  "job-errors.fact.last": "Último",
  "job-errors.fact.variable": "Unidad de ejemplo",
  "job-errors.fact.engine": "Motor",
  "job-errors.example": "Pila y consola",
  "job-errors.example.rejected": "Resultado y consola",
  "job-errors.example.message": "Mensaje completo",
  "job-errors.example.stack": "Pila",
  "job-errors.example.console": "Salida de la consola",
  "job-errors.example.result": "Resultado rechazado",
  "job-errors.example.empty": "Este error no tiene pila ni salida de la consola.",
  "job-errors.kind.code":
    "El código no se puede iniciar: tiene un error de sintaxis o no es una función. Corrígelo; usa solo lo que todos " +
    "los motores conocen.",
  "job-errors.kind.threw":
    "La función lanzó una excepción. Ejecútala con la unidad de ejemplo; la pila muestra dónde.",
  "job-errors.kind.no-result": "La función terminó sin resultado. Asigna context.result o devuelve {result: …}.",
  "job-errors.kind.not-json":
    "El resultado no se puede escribir como JSON. Devuelve números, textos, true, false, null, arrays y objetos " +
    "simples.",
  "job-errors.kind.too-large":
    "El resultado es demasiado grande para el servidor. Devuelve menos o divide la unidad en varias.",
  "job-errors.kind.timeout":
    "No hubo resultado antes de que acabara el plazo. Busca un bucle sin fin, haz las unidades más pequeñas o " +
    "aumenta lease_seconds.",
  "job-errors.kind.memory":
    "El voluntario se quedó sin memoria. Usa menos memoria o exígela: memory_mb en requirements.",
  "job-errors.kind.crash":
    "El proceso terminó mientras calculaba. Casi siempre se agota la memoria o una recursión es demasiado profunda; " +
    "prueba la unidad de ejemplo.",
  "job-errors.kind.misbehaved":
    "La función interfirió con su entorno aislado. Haz que solo calcule y devuelva un resultado.",
  "job-errors.kind.thrown-back":
    "Otros voluntarios o el pool calcularon otro resultado. Si los resultados honestos difieren, compáralos con " +
    "compare_results.",
  "job-errors.kind.rejected":
    "validate_result rechazó el resultado. Si el resultado es correcto, corrige el validador; si no, execute_function.",
};
