// How the isolate computes: Python sets and gets plain fields of the desk and calls without arguments, since mini-racer
// passes arguments, and awaits promises, by methods of prototypes that a job may have changed.
(function boot(openJob) {
  "use strict";
  const { stringify } = JSON;
  (0, eval)("if (typeof __TimerManager !== 'undefined') __TimerManager = undefined;");
  const compute = openJob({});
  const desk = { __proto__: null, source: "", variable: "", context: null, limit: 0, answer: null };
  desk.compute = function () {
    desk.answer = null;
    compute(desk.source, desk.variable, desk.context, desk.limit, (answer) => {
      desk.answer = stringify(answer);
    });
  };
  return desk;
})
