// Checks that a source is a function expression, in a context that `boot.js` has prepared: the response is an error with
// line and column, or the value true.
(function (source) {
  'use strict';

  const {stringify} = JSON;
  const evaluate = globalThis.eval; // Indirect eval: it sees globals only.
  const makeFunction = globalThis.Function;
  const {apply} = Reflect;
  const {match, startsWith} = String.prototype;
  const text = String;

  // Compiles without running. `Function` puts two lines before the source.
  function syntaxError(code, open = '(', close = ')') {
    try {
      makeFunction(`return ${open}${code}\n${close}`);
      return null;
    } catch (error) {
      const position = apply(match, error.stack, [/<input>:(\d+):/]);
      return {message: error.message, line: position ? position[1] - 2 : 1};
    }
  }

  // The engine reports the line of a syntax error, but only roughly its column. A line break inserted before the wrong
  // token, or before an earlier one, changes the error; one inserted behind it does not. So the last token before which
  // a line break changes the error is the wrong one.
  function column(code, error) {
    const lines = code.split('\n');
    const line = lines[error.line - 1] ?? '';
    const starts = [...line.matchAll(/[\w$]+|[^\w$\s]/g)].map((token) => token.index).slice(0, 500);
    for (const start of starts.reverse()) {
      const broken = line.slice(0, start) + '\n' + line.slice(start);
      const now = syntaxError(lines.with(error.line - 1, broken).join('\n'));
      if (now === null || now.line !== error.line || now.message !== error.message) {
        return start + 1;
      }
    }
    return 1;
  }

  function refusal(message, line, at) {
    return {__proto__: null, error: stringify({__proto__: null, kind: 'syntax', message, line, column: at})};
  }

  const error = syntaxError(source);
  if (error !== null) {
    // The engine reports an unfinished function at the parenthesis behind it: that is the end of the source.
    const last = source.split('\n');
    const line = Math.min(error.line, last.length);
    const at = line < error.line ? last[line - 1].length + 1 : column(source, error);
    return refusal(error.message, line, at);
  }
  // `1); (2` is an expression between parentheses, but not between brackets.
  if (syntaxError(source, '[', ']') !== null) {
    return refusal('is not a function expression', 1, 1);
  }
  try {
    const value = evaluate(`(${source}\n)`);
    if (typeof value === 'function' && !apply(startsWith, text(value), ['class'])) {
      return {__proto__: null, value: 'true'};
    }
    return refusal('is not a function expression', 1, 1);
  } catch (thrown) {
    let message = 'an error that cannot be shown';
    try {
      message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : text(thrown);
    } catch {
      // It stays what it is.
    }
    return {__proto__: null, error: stringify({__proto__: null, kind: 'throw', message, stack: ''})};
  }
})
