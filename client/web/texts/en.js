// English, which the others are measured by. What stands in braces is filled in; an object holds plural forms.

export default {
  skip: "Skip to the content",
  tagline: "Lend this device’s spare time to computations too large for one computer.",
  "tagline.short": "Lend this device’s spare time.",

  // The start.
  "whose.none":
    "There is nothing to compute here yet. You can start all the same: work is fetched as soon as there is some.",
  "whose.jobs": {
    one: "One job for {owners}: {jobs}.",
    other: "{count} jobs for {owners}: {jobs}.",
  },
  "whose.more": { one: "one more", other: "{count} more" },
  "whose.nobody": "an owner without a name",
  "button.start": "Start computing",
  "button.pause": "Pause",
  "button.resume": "Resume",
  "button.again": "Try again",
  "button.forget": "Stop and forget",
  "notice.resumed": "You were computing last time, so it goes on by itself. Pause whenever you like.",
  "notice.forgotten": "Stopped. Nothing of it is remembered any more.",

  // The state, as it is announced.
  "status.new": "Nothing runs until you press the button.",
  "status.starting": "Starting…",
  "status.computing": "Computing.",
  "status.nothing": "There is nothing to compute at the moment. The pool is asked again by itself.",
  "status.offline": "The pool can’t be reached. Trying again by itself.",
  "status.pausing": "Pausing. What is being computed may come to its end.",
  "status.paused": "Paused.",
  "status.unplugged": "Waiting until this device is plugged in.",
  "status.elsewhere": "Another tab of this browser is computing. This one takes over when that is closed.",
  "status.impossible": "Computing can’t start here.",
  "title.computing": "Computing · {name}",
  "title.paused": "Paused · {name}",
  "obstacle.platform":
    "This browser doesn’t let the page build the sandbox that jobs run in, so nothing can be computed safely. " +
    "Another browser, a newer version or a window without extensions may do. It says: {message}",
  "obstacle.pool": "The pool doesn’t let this browser take part. It says: {message}",

  // What happens now.
  "live.heading": "Your contribution",
  "live.units": "units done this visit",
  "live.total": "units over all visits",
  "live.rate": "units in the last minute",
  "live.time": "time computed",
  "live.workers": "Workers",
  "worker.name": "Worker {number}",
  "worker.idle": "at rest",
  "worker.waiting": "waiting for work",
  "worker.waiting.job": "sending a result of {job}",
  "worker.fetching": "fetching a unit",
  "worker.computing": "computing",
  "worker.computing.job": "computing {job}",
  "worker.resting": "resting",
  "live.troubles": "What went wrong",
  "live.troubles.help": "The newest first. Work that couldn’t be done here is offered to others.",

  // What went wrong: in plain words, then what the job or the pool said.
  "trouble.offline": "The pool couldn’t be reached.",
  "trouble.pool": "The pool refused a request.",
  "trouble.rejected": "The pool rejected a result of {job}. That is mostly the job’s fault, not yours.",
  "trouble.late": "Somebody else was faster with a unit of {job}.",
  "trouble.refused": "The pool didn’t take a result of {job}.",
  "trouble.aside": "{job} keeps failing and is left aside for a while.",
  "trouble.code": "The code of {job} can’t be run.",
  "trouble.threw": "{job} broke off with an error.",
  "trouble.no-result": "{job} ended without a result.",
  "trouble.not-json": "{job} gave a result that can’t be sent.",
  "trouble.too-large": "{job} gave a result that is too large.",
  "trouble.timeout": "A unit of {job} took too long and was ended.",
  "trouble.memory": "{job} wanted too much memory and was ended.",
  "trouble.crash": "{job} brought its worker down. A new one takes its place.",
  "trouble.misbehaved": "{job} did what it may not and was ended.",
  "trouble.cage": "The sandbox had to be made anew. Its units were given back.",
  "trouble.platform": "This browser can’t build the sandbox.",
  "trouble.other": "Something went wrong with {job}.",
  "trouble.aJob": "a job",
  "trouble.times": "{count} times",

  // What holds while it computes.
  "terms.heading": "What will happen",
  "terms.plan": {
    one: "It uses the one core of this device, {share} of the time.",
    other: "It uses {workers} of {count} cores, {share} of the time.",
  },
  "terms.sandbox":
    "The jobs’ code runs in your browser, in a sandbox that can do nothing but compute: no network, no files.",
  "terms.stop": "You can pause or stop at any time.",
  "terms.remembered":
    "This browser remembers your choices, a random id and your totals. “Stop and forget” deletes them all.",

  // The choices.
  "choices.heading": "Your choices",
  "choices.workers": "Cores to use",
  "choices.workers.value": "{workers} of {count}",
  "choices.throttle": "Share of the time",
  "choices.throttle.help": "Less keeps the device cool and quiet.",
  "choices.plugged": "Only while plugged in",
  "choices.gpu": "Allow the graphics card (WebGPU)",
  "choices.gpu.help": "For jobs that need it. After a stop, such a job can keep the card busy for up to half a minute.",
  "choices.owners": "Whom to support",
  "choices.owners.everyone": "None ticked: you support everyone.",
  "choices.owners.some": "Only jobs of those ticked are computed.",

  // What the pool computes.
  "jobs.heading": "What this pool computes",
  "jobs.loading": "Loading the jobs…",
  "jobs.none": "Nobody has posted a job yet.",
  "jobs.failed": "The jobs couldn’t be loaded. The pool may be down, or this device offline.",
  "jobs.retry": "Try again",
  "jobs.more": { one: "Show one more", other: "Show {count} more" },
  "job.owner": "for {owner}",
  "job.nobody": "owner not named",
  "job.undescribed": "The owner has written no description.",
  "job.details": "More, and the code that will run",
  "job.code": "This very code runs in your browser, once for each unit:",
  "job.code.label": "Code of {job}",
  "job.code.loading": "Loading the code…",
  "job.code.failed": "The code couldn’t be loaded. Close and open this to try again.",
  "job.progress": "{done} of {total} units done",
  "job.progress.label": "Progress of {job}",
  "job.progress.none": "no units yet",
  "job.paused": "paused",
  "job.complete": "finished",
  "job.needs.webgpu": "graphics card",
  "job.needs.wasm": "WebAssembly",
  "job.needs.wasm_simd": "WebAssembly SIMD",
  "job.needs.memory_mb": "{count} MB of memory",
  "job.needs": "Needs: {needs}",

  // The foot.
  "foot.widget": "Put this on your own site",
  "foot.widget.help":
    "This one line lets visitors of your site compute for this pool. They are asked first, and the code is " +
    "isolated in the same way.",

  // The widget.
  "widget.whose": { one: "One job for {owners}.", other: "{count} jobs for {owners}." },
  "widget.plan": {
    one: "{share} of the one core of this device, in a sandbox that can do nothing but compute.",
    other: "{workers} of {count} cores, {share} of the time, in a sandbox that can do nothing but compute.",
  },
  "widget.page": "What is this?",
  "widget.page.label": "What is this? (opens a new tab)",
  "widget.units": { one: "{count} unit done", other: "{count} units done" },
};
