// English: the other languages have the same keys and placeholders.

export default {
  "job-errors.title": "Errors · {name}",
  "job-errors.subtitle": "Why units of this job fail, for its owner.",
  "job-errors.job": "The page of the job",
  "job-errors.key": "The owner’s key",
  "job-errors.key.help":
    "The key that the job was posted with, or the operator’s. It stays in this tab until you close it or forget the " +
    "key, and is sent to this pool alone.",
  "job-errors.key.show": "Show errors",
  "job-errors.key.forget": "Forget the key",
  "job-errors.status.key": "Errors are shown to the job’s owner alone. Enter the key.",
  "job-errors.status.loading": "Loading…",
  "job-errors.status.none": "No errors.",
  "job-errors.status.some": { one: "One kind of error.", other: "{count} kinds of errors." },
  "job-errors.status.offline":
    "The pool can’t be reached. Retrying automatically. If it stays like this, check your connection, and whether " +
    "the pool is running.",
  "job-errors.status.401": "This pool doesn’t know this key. Check that it is complete, and a key of this pool.",
  "job-errors.status.403":
    "This key belongs to somebody else than the job. Enter the key that the job was posted with, or the operator’s.",
  "job-errors.status.404":
    "This pool has no job at this address. The address may be incomplete, or the job has been deleted.",
  "job-errors.status.blocked": "The pool’s operator has blocked this key or address: ask there. Reason: {message}",
  "job-errors.status.forgotten": "The key is forgotten. Enter it to see errors again.",
  "job-errors.status.again-done": "The unit is open again.",
  "job-errors.status.again-unneeded":
    "It is open already: volunteers get it by themselves, or it has a result.",
  "job-errors.status.again-failed": "That did not work. Try once more.",
  "job-errors.again": "Try again",
  "job-errors.pause": "Why the job is paused",
  "job-errors.pause.since": "Since {time}.",
  "job-errors.pause.help":
    "Volunteers get no units of it. A function can’t be changed: post a corrected job. If the function is right, " +
    "resume the job by a PATCH with {\"state\": \"open\"}.",
  "job-errors.counts": "The job so far",
  "job-errors.state": "state",
  "job-errors.state.open": "open",
  "job-errors.state.paused": "paused",
  "job-errors.accepted": "results accepted",
  "job-errors.rejected": "results rejected",
  "job-errors.failures": "failures reported",
  "job-errors.stuck": "units stuck",
  "job-errors.stuck.heading": "Stuck units",
  "job-errors.stuck.help":
    "Units with errors that no volunteer has taken for an hour since. They stay open: correct what fails, or " +
    "withdraw them.",
  "job-errors.stuck.more": { one: "and one more", other: "and {count} more" },
  "job-errors.heading": "Errors",
  "job-errors.help":
    "The most frequent first. Messages that differ only in numbers and quoted texts are counted as one.",
  "job-errors.none": "Failures and rejected results will appear here by themselves, with what to change.",
  "job-errors.count": { one: "once", other: "{count} times" },
  "job-errors.fact.function": "Function",
  "job-errors.fact.kind": "Kind",
  "job-errors.fact.first": "First",
  "job-errors.fact.last": "Last",
  "job-errors.fact.variable": "Example unit",
  "job-errors.fact.engine": "Engine",
  "job-errors.example": "Stack and console",
  "job-errors.example.rejected": "Result and console",
  "job-errors.example.message": "Whole message",
  "job-errors.example.stack": "Stack",
  "job-errors.example.console": "Console output",
  "job-errors.example.result": "Rejected result",
  "job-errors.example.empty": "This error brought neither a stack nor console output.",
  "job-errors.kind.code":
    "The source can’t be started: it has a syntax error, or is no function. Correct it; use only what all engines " +
    "know.",
  "job-errors.kind.threw": "The function threw an exception. Run it with the example unit; the stack shows where.",
  "job-errors.kind.no-result": "The function ended without a result. Set context.result, or return {result: …}.",
  "job-errors.kind.not-json":
    "The result can’t be written as JSON. Return numbers, texts, true, false, null, arrays and plain objects.",
  "job-errors.kind.too-large":
    "The result is too large for the pool. Return less, or divide the unit into several.",
  "job-errors.kind.timeout":
    "There was no result before the lease ended. Look for an endless loop, make units smaller, or raise " +
    "lease_seconds.",
  "job-errors.kind.memory":
    "The volunteer ran out of memory. Keep less in memory, or require it: memory_mb in requirements.",
  "job-errors.kind.crash":
    "The worker ended while it computed. Usually memory runs out or a recursion is too deep; try the example unit.",
  "job-errors.kind.misbehaved": "The function interfered with its sandbox. Let it only compute and return a result.",
  "job-errors.kind.thrown-back":
    "Other volunteers or the pool computed another result. If honest results differ, compare them by compare_results.",
  "job-errors.kind.rejected":
    "validate_result refused the result. If the result is right, correct the validator, else execute_function.",
};
