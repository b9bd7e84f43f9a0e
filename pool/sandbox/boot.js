// Runs one call of one function in a context that is made for it and dropped after it. Everything the host put into the
// global object is deleted before a job's code is evaluated; the one way out, `send`, stays in this closure. So do the
// built-in functions used after the job's code ran, since a job may replace them. `webFunctions` is the text of
// web-functions.js.
(function (openLanguage, webFunctions) {
  'use strict';

  const {mode, source, args, seed, maxValue, maxConsole, lossy, serialiser} = globalThis.dukpy;
  const send = globalThis.call_python;
  const {stringify} = JSON;
  const evaluate = globalThis.eval; // Indirect eval: it sees globals only.
  const makeFunction = globalThis.Function;
  const {deleteProperty, defineProperty, apply} = Reflect;
  const {slice, match} = String.prototype;
  const text = String;
  // Only where a result is judged: compiling it takes time.
  const serialise = serialiser === undefined ? undefined : evaluate(serialiser)().serialise;

  const HOST = ['dukpy', 'call_python'];
  // Of the engine alone: volunteers don't have them.
  const UNCOMMON = ['InternalError', 'Atomics', 'SharedArrayBuffer', 'DOMException', 'performance', 'queueMicrotask'];
  for (const name of [...HOST, ...UNCOMMON]) {
    deleteProperty(globalThis, name);
  }

  const {random32, seedRandom} = openLanguage();
  // Parsed when first used: that takes as long as all the rest.
  let opened;
  const named = ['DOMException', 'TextDecoder', 'TextEncoder', 'atob', 'btoa', 'crypto', 'structuredClone'];
  for (const name of named) {
    defineProperty(globalThis, name, {
      configurable: true,
      get() {
        opened ??= evaluate(webFunctions)(random32);
        return opened[name];
      },
      set(value) {
        defineProperty(globalThis, name, {value, configurable: true, writable: true});
      },
    });
  }

  // Each line is sent at once, so that it is not lost when the call is killed.
  let room = maxConsole;
  const write = (...values) => {
    if (room > 0) {
      const line = apply(slice, values.map(shown).join(' ') + '\n', [0, room]);
      room -= line.length;
      send('console', line);
    }
  };
  globalThis.console = {log: write, info: write, warn: write, error: write, debug: write};

  function shown(value) {
    try {
      return typeof value === 'string' ? value : stringify(value) ?? text(value);
    } catch {
      return '[not printable]';
    }
  }

  function described(thrown) {
    try {
      if (thrown instanceof Error) {
        const message = `${thrown.name}: ${thrown.message}`;
        const remark = message.includes('WebAssembly is not defined') ? ': it does not exist on the server' : '';
        return {kind: 'throw', message: message + remark, stack: text(thrown.stack)};
      }
      return {kind: 'throw', message: shown(thrown), stack: ''};
    } catch {
      return {kind: 'throw', message: 'an error that cannot be shown', stack: ''};
    }
  }

  // A result that replaces the posted one is stored, so that it is held to the rules for results of volunteers.
  function sendVerdict(verdict) {
    const result = verdict?.valid === true ? verdict.result : undefined;
    if (result === undefined) {
      return sendJson(stringify(verdict));
    }
    const {text: json, fault} = serialise(result, lossy);
    if (fault !== undefined) {
      return sendError({kind: 'not-json', message: `the verdict has a value that JSON would lose: its result${fault}`, stack: ''});
    }
    return sendJson(`{"valid":true,"result":${json}}`);
  }

  function sendJson(json) {
    if (json !== undefined && json.length > maxValue) {
      return sendError({kind: 'size', message: `the value returned is larger than ${maxValue} characters`, stack: ''});
    }
    send('value', json === undefined ? 'null' : json);
  }

  function sendError(error) {
    send('error', error.kind, apply(slice, error.message, [0, 2000]), apply(slice, error.stack, [0, 2000]));
  }

  // Compiles without running. `Function` puts two lines before the source.
  function syntaxError(code) {
    try {
      makeFunction(`return (${code}\n)`);
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

  function check() {
    const error = syntaxError(source);
    if (error !== null) {
      // The engine reports an unfinished function at the parenthesis behind it: that is the end of the source.
      const last = source.split('\n');
      const line = Math.min(error.line, last.length);
      const at = line < error.line ? last[line - 1].length + 1 : column(source, error);
      return send('syntax', error.message, line, at);
    }
    const value = evaluate(`(${source}\n)`);
    if (typeof value !== 'function' || text(value).startsWith('class')) {
      return send('syntax', 'is not a function expression', 1, 1);
    }
    return send('value', 'true');
  }

  async function call() {
    const run = evaluate(`(${source}\n)`);
    seedRandom(seed);
    const value = await run(...args.map((argument) => (argument.undefined ? undefined : argument.value)));
    return serialise === undefined ? sendJson(stringify(value)) : sendVerdict(value);
  }

  const act = mode === 'check' ? async () => check() : call;
  act().catch((thrown) => sendError(described(thrown)));
})
