// English: the other languages have the same keys and placeholders.

export default {
  "post.heading": "Post a job",
  "post.subtitle":
    "A job is a function and its inputs. Volunteers compute the function for each input, and the pool collects the " +
    "results.",
  "post.replaces":
    "A new version of the job {job}: units that are not finished move to it, results stay where they are.",
  "post.about": "What it is",
  "post.name": "Name",
  "post.name.help": "Also the job’s address: “Prime gaps” becomes /jobs/prime-gaps.",
  "post.name.missing": "Give the job a name.",
  "post.description": "What volunteers read (optional)",
  "post.description.help": "One sentence: what is computed, and what for.",
  "post.owner": "Your name (optional)",
  "post.owner.help": "Volunteers can choose to compute for you alone.",
  "post.functions": "What is computed",
  "post.functions.help": "JavaScript. Begin with an example, and try it beside the form.",
  "post.example.compute": "Example: compute a value",
  "post.example.search": "Example: a long search with a cheap check",
  "post.example.simulate": "Example: a simulation",
  "post.more": "Further functions",
  "post.template": "Insert a template",
  "post.editor": "code editor; press Tab to leave it",
  "post.execute_function": "execute_function",
  "post.execute_function.help":
    "Runs on the volunteers’ devices: once for each unit, without network, files or page. It returns an object with " +
    "the field result, or sets context.result.",
  "post.validate_result": "validate_result",
  "post.validate_result.help":
    "Runs on the pool, for each result: true accepts it. Only you can read it. Without validate_variable it is also " +
    "called with an undefined result, whenever a unit is posted.",
  "post.validate_variable": "validate_variable",
  "post.validate_variable.help": "Runs on the pool, for each unit that is posted: true accepts it.",
  "post.compare_results": "compare_results",
  "post.compare_results.help": "Runs on the pool, where volunteers have to agree: whether two results are the same.",
  "post.variable_scheduler": "variable_scheduler",
  "post.variable_scheduler.help": "Runs on the pool: which unit a volunteer gets next. Without it any open one.",
  "post.render": "render",
  "post.render.help":
    "Runs in the browsers of volunteers and watchers: how the results look, as data. Without it they are " +
    "a table.",
  "post.inputs": "The inputs",
  "post.inputs.help":
    "Each input is one unit of work: the first argument of the function. A unit should take some seconds to some minutes.",
  "post.settings": "Settings",
  "post.settings.show": "Time, errors, trust, requirements",
  "post.posting": "Post it",
  "post.who.key": "This pool takes jobs from owners who have a key.",
  "post.who.open": "Anyone may post here. Without a key the job gets one of its own, which manages it.",
  "post.who.review":
    "Anyone may post here. Without a key the operator looks at the job first, and it gets a key of its own, which " +
    "manages it.",
  "post.offline": "The pool can’t be reached. Check your connection.",
  "post.key": "Your key",
  "post.key.optional": "Your key, if you have one",
  "post.key.forget": "Use another key than this tab has kept",
  "post.key.help": "From the pool’s operator. It stays in this tab until you close it, and is sent to this pool alone.",
  "post.key.invalid": "This can’t be a key. Check that it is complete.",
  "post.submit": "Post the job",
  "post.continue": "Go on",
  "post.watch": "Watch the job",
  "post.progress": { one: "{posted} of {count} unit posted.", other: "{posted} of {count} units posted." },
  "post.done": { one: "Posted, with one unit.", other: "Posted, with {count} units." },
  "post.done.review":
    "Posted. The operator looks at it first: it takes units, and volunteers get it, after that. Add the units then, on " +
    "the job’s page.",
  "post.unit.refused": "Unit {number} was refused: {message}",
  "post.problem.field": "Not posted: {message}",
  "post.problem.inputs": "The job is posted. Correct the inputs, leave out those that are posted, and go on.",
  "post.problem.goes-on": "The job is posted. Nothing is lost: go on where it stopped.",
  "post.new-key": "The key of this job",
  "post.new-key.help":
    "Save it now: it is shown only here. It pauses, changes and deletes this job. This tab keeps it until you close it.",
  "post.new-key.copy": "Copy",
  "post.new-key.copied": "Copied",
  "post.trial": "Try it here",
  "post.trial.help":
    "Computes one unit in this browser, in the sandbox that volunteers use, and asks the validator. Nothing is posted.",
  "post.trial.unit": "Unit number",
  "post.trial.try": "Try",
  "post.trial.stop": "Stop",
  "post.trial.running": "Computing…",
  "post.trial.stopped": "Stopped.",
  "post.trial.accepted": "Accepted after {duration}.",
  "post.trial.rejected": "Computed in {duration}, and rejected by the validator.",
  "post.trial.refused": "The validator refuses this unit: it could not be posted.",
  "post.trial.failed": "The function failed: {error}",
  "post.trial.no-sandbox": "It can’t be tried here: {message}",
  "post.trial.no-validator": "Without validate_result any result is accepted.",
  "post.trial.unrepeatable":
    "A second run had another result: volunteers would never agree. Let it depend on the unit alone.",
  "post.trial.disagrees": "compare_results says that the result differs from itself.",
  "post.trial.variable": "Unit",
  "post.trial.result": "Result",
  "post.trial.verdict": "The validator’s word",
  "post.trial.valid": "Accepted.",
  "post.trial.valid.reason": "Accepted: {reason}",
  "post.trial.invalid": "Rejected: {reason}",
  "post.trial.stored": "Stored in its place",
  "post.trial.picture": "As render shows it",
  "post.trial.console": "Console",
  "post.trial.printed": "Console of the validator",
  "post.trial.stack": "Stack",
};
