// Runs job.js for the Python client, and returns a mailbox: Python sets and reads its plain fields and calls `compute`,
// or `computeTogether` for several units at once, without arguments. mini-racer passes arguments, and awaits promises, by methods of prototypes that a job may replace.
// `printed` is memory that Python can read while a job runs, even in an endless loop: what the unit has printed, its
// length in UTF-16 code units before it.
(function boot(openJob, maxPrinted) {
  "use strict";
  const { parse, stringify } = JSON;
  const { now } = Date;
  const { apply } = Reflect;
  const { charCodeAt } = String.prototype;
  const { store } = Atomics;
  const printed = new SharedArrayBuffer(4 + 2 * maxPrinted);
  const [printedLength, printedText] = [new Uint32Array(printed, 0, 1), new Uint16Array(printed, 4)];
  // mini-racer's timers. A class declaration is no property of the global object: job.js can't delete it.
  (0, eval)("if (typeof __TimerManager !== 'undefined') __TimerManager = undefined;");
  const compute = openJob({}, print);
  const mailbox = {
    __proto__: null, source: "", variable: "", context: null, units: "", lossy: false, seed: 0, limit: 0,
    outcome: null, printed,
  };
  // In milliseconds, and in characters: then the units that are left are for another message.
  const maxTogether = 100;
  const maxTogetherText = 65536;
  // What a unit among others prints, null while one runs alone.
  let console = null;

  function print(text) {
    if (console !== null) {
      console += text;
      return;
    }
    const start = printedLength[0];
    for (let index = 0; index < text.length; index += 1) printedText[start + index] = apply(charCodeAt, text, [index]);
    // Only now, so that Python reads whole lines.
    store(printedLength, 0, start + text.length);
  }

  mailbox.compute = function () {
    mailbox.outcome = null;
    const { source, variable, context, lossy, limit, seed } = mailbox;
    const done = (outcome) => {
      mailbox.outcome = stringify(outcome);
    };
    compute(source, variable, context, lossy, limit, done, seed);
  };

  // A list of [variable, context, seed], JSON of JSON; the outcomes are those of the first units.
  mailbox.computeTogether = function () {
    mailbox.outcome = null;
    const { source, lossy, limit } = mailbox;
    const units = parse(mailbox.units);
    const began = now();
    let text = "";
    let index = 0;
    let started;

    function next() {
      console = "";
      started = now();
      compute(source, units[index][0], units[index][1], lossy, limit, end, units[index][2]);
    }

    function end(outcome) {
      outcome.seconds = (now() - started) / 1000;
      if (console !== "") outcome.console = console;
      text += (index > 0 ? "," : "") + stringify(outcome);
      index += 1;
      if (index < units.length && now() - began < maxTogether && text.length < maxTogetherText) {
        next();
      } else {
        console = null;
        mailbox.outcome = '{"outcomes":[' + text + "]}";
      }
    }

    next();
  };
  return mailbox;
})
