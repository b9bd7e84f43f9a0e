// English: the other languages have the same keys and placeholders.

export default {
  "render.show": "Show what was found",
  "render.ask": "To show it, a little code of the job runs in the sandbox, for three seconds at most.",
  "render.loading": "Loading the results…",
  "render.empty": "No results yet.",
  "render.outlined": {
    one: "You computed {count} of {total} parts: it is outlined.",
    other: "You computed {count} of {total} parts: they are outlined.",
  },
  "render.marked": {
    one: "You computed {count} of {total}: it is marked.",
    other: "You computed {count} of {total}: they are marked.",
  },
  "render.partial": "Drawn from {count} of the results.",
  "render.failed": "The job’s function that shows the results has failed: {reason}",
  "render.invalid": "What the job wants to show is not valid: {reason}",
  "render.unavailable": "The results can’t be loaded right now.",
  "render.numbers": "The numbers as a table",
  "render.variable": "Unit",
  "render.result": "Result",
  "render.picture": "Picture of {job}. {caption}",
  "render.series": "Lines of {job}. {caption}",
  "render.histogram": "Histogram of {job}. {caption}",
  "render.points": "Points of {job}. {caption}",
  "render.table": "Table of {job}. {caption}",
};
