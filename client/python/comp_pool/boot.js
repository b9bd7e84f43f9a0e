// Runs job.js for the Python client, and returns a mailbox: Python sets and reads its plain fields and calls `compute`
// without arguments. mini-racer passes arguments, and awaits promises, by methods of prototypes that a job may replace.
(function boot(openJob) {
  "use strict";
  const { stringify } = JSON;
  // mini-racer's timers. A class declaration is no property of the global object: job.js can't delete it.
  (0, eval)("if (typeof __TimerManager !== 'undefined') __TimerManager = undefined;");
  const compute = openJob({});
  const mailbox = { __proto__: null, source: "", variable: "", context: null, limit: 0, outcome: null };
  mailbox.compute = function () {
    mailbox.outcome = null;
    compute(mailbox.source, mailbox.variable, mailbox.context, mailbox.limit, (outcome) => {
      mailbox.outcome = stringify(outcome);
    });
  };
  return mailbox;
})
