// Where a job begins: complete examples, and what each function looks like. Code, in English as all code.

/** @typedef {Record<string, string>} Functions by the name of their field */

/** @type {Functions} */
export const TEMPLATES = {
  execute_function: `function (variable, context) {
  // Runs on the volunteers' devices, once for each unit.
  context.result = variable * 2;
  return context;
}`,
  validate_result: `function (variable, result, context) {
  // Runs on the pool. Also called without a result, when a unit is posted.
  if (result === undefined) return true;
  return result === variable * 2;
}`,
  validate_variable: `function (variable, context) {
  // Runs on the pool, for each unit that you post.
  return Number.isInteger(variable);
}`,
  compare_results: `function (a, b) {
  // Runs on the pool, where several volunteers have to agree.
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}`,
  variable_scheduler: `function (context) {
  // Runs on the pool: the id of the unit to hand out next, among some of the open ones.
  const [first] = context.variables;
  return first ? first.id : null;
}`,
  render: `function (results, context) {
  // Runs in browsers: each result as a point above its input.
  return {
    type: "points", x_label: "input", y_label: "result",
    x: results.map(({ input }) => input),
    y: results.map(({ result }) => result),
    variables: results.map(({ variable }) => variable),
  };
}`,
};

/** Whole jobs, by the key of their name. @type {Record<string, Functions>} */
export const EXAMPLES = {
  compute: {
    execute_function: `function (n, context) {
  // How many steps the Collatz sequence of n takes to reach 1.
  let steps = 0;
  for (let x = n; x !== 1; x = x % 2 ? 3 * x + 1 : x / 2) steps += 1;
  return { result: steps };
}`,
    validate_result: `function (n, result) {
  // Also called without a result, when a unit is posted.
  if (result === undefined) return Number.isInteger(n) && n > 0;
  return Number.isInteger(result) && result >= Math.floor(Math.log2(n));
}`,
  },
  search: {
    execute_function: `function (n, context) {
  // A search that takes long: the smallest divisor of n.
  let divisor = 2;
  while (divisor * divisor <= n && n % divisor) divisor += 1;
  return { result: n % divisor ? n : divisor };
}`,
    validate_result: `function (n, divisor) {
  // A check that is cheap. Also called without a result, when a unit is posted.
  if (divisor === undefined) return Number.isInteger(n) && n > 1;
  return n % divisor === 0 && divisor > 1;
}`,
  },
  simulate: {
    execute_function: `function (run, context) {
  // A simulation: pi by random points. Whoever computes this unit gets the same random numbers.
  const points = 1000000;
  let inside = 0;
  for (let i = 0; i < points; i += 1) inside += Math.hypot(Math.random(), Math.random()) <= 1 ? 1 : 0;
  return { result: 4 * inside / points };
}`,
    validate_result: `function (run, result) {
  // Also called without a result, when a unit is posted.
  return result === undefined || (result > 3 && result < 3.3);
}`,
    compare_results: `function (a, b) {
  return Math.abs(a - b) < 1e-9;
}`,
  },
};
