// The functions that a job may have, by the names of their fields, the most usual first.

export const FUNCTIONS = [
  "execute_function",
  "validate_result",
  "validate_variable",
  "compare_results",
  "variable_scheduler",
  "render",
];
