// Prepares a context, and then runs one call of one function in it, or several calls of a pure one (purity.py), for which
// the context is kept (`isKept`). Nothing of the host's is in the global object; the one way out while a job's code runs,
// `send`, stays in this closure. So do the built-in functions used after the job's code ran, since a job may replace
// them. The host reads the response from an object that the job never sees.
//
// `send` is there if the job needs a console, `language` (of language.js) if it needs random numbers, `webFunctions` (the
// text of web-functions.js) if it needs these.
(function (send, language, webFunctions, isKept) {
  'use strict';

  const {parse, stringify} = JSON;
  const {defineProperty, deleteProperty, preventExtensions, apply} = Reflect;
  const evaluateText = globalThis.eval; // Indirect eval: it sees globals only.
  const {slice} = String.prototype;
  const {map, join} = Array.prototype;
  const text = String;
  // No JSON text.
  const again = 'again';
  let room = 0;

  // Of the engine alone: volunteers don't have them. One by one, since a loop takes longer.
  deleteProperty(globalThis, 'Atomics');
  deleteProperty(globalThis, 'InternalError');
  deleteProperty(globalThis, 'SharedArrayBuffer');
  deleteProperty(globalThis, 'queueMicrotask');

  // The globals of jobs begin here.

  if (webFunctions !== undefined) {
    // Parsed when first used: that takes as long as all the rest.
    let opened;
    const named = ['DOMException', 'TextDecoder', 'TextEncoder', 'atob', 'btoa', 'crypto', 'structuredClone'];
    for (const name of named) {
      defineProperty(globalThis, name, {
        configurable: true,
        get() {
          opened ??= evaluateText(webFunctions)(language.random32);
          return opened[name];
        },
        set(value) {
          defineProperty(globalThis, name, {value, configurable: true, writable: true});
        },
      });
    }
  }

  if (send !== undefined) {
    // Each line is sent at once, so that it is not lost when the call is killed.
    const write = (...values) => {
      if (room > 0) {
        const line = apply(slice, apply(join, apply(map, values, [shown]), [' ']) + '\n', [0, room]);
        room -= line.length;
        send('console', line);
      }
    };
    globalThis.console = {log: write, info: write, warn: write, error: write, debug: write};
  }

  if (isKept) {
    // A pure function adds nothing to these. If one does all the same, no other call sees it; and if it fails for that
    // reason, it is called again in a context of its own.
    preventExtensions(globalThis);
    preventExtensions(Object.prototype);
    preventExtensions(Array.prototype);
  }

  // The globals of jobs end here.

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
        return failure('throw', message + remark, text(thrown.stack));
      }
      return failure('throw', shown(thrown));
    } catch {
      return failure('throw', 'an error that cannot be shown');
    }
  }

  // Of strings alone, and without a prototype: no `toJSON` of the job's changes it.
  function failure(kind, message, stack = '') {
    const shortened = (value) => apply(slice, value, [0, 2000]);
    return stringify({__proto__: null, kind, message: shortened(message), stack: shortened(stack)});
  }

  function plainJson(value) {
    return {__proto__: null, json: stringify(value)};
  }

  // A result that replaces the posted one is stored, so that it is held to the rules for results of volunteers.
  function verdictJson(verdict, serialise, isLossy) {
    const result = verdict?.valid === true ? verdict.result : undefined;
    if (result === undefined) {
      return {__proto__: null, json: stringify(verdict)};
    }
    if (serialise === undefined) {
      return {__proto__: null, json: again};
    }
    const {text: json, fault} = serialise(result, isLossy);
    if (fault !== undefined) {
      const message = `the verdict has a value that JSON would lose: its result${fault}`;
      return {__proto__: null, error: failure('not-json', message)};
    }
    return {__proto__: null, json: `{"valid":true,"result":${json}}`};
  }

  // `evaluate` returns the job's function. `request` is JSON. A verdict may need serialiser.js: where it turns out to, and
  // there is none, the response has `again`.
  return function call(evaluate, request, isVerdict, openSerialiser) {
    const {args, missing, seed, maxValue, maxConsole, lossy} = parse(request);
    const {serialise} = openSerialiser?.() ?? {};
    const jsonOf = isVerdict ? verdictJson : plainJson;
    if (missing !== undefined) {
      args[missing] = undefined;
    }
    const response = {__proto__: null};
    room = maxConsole;

    function start() {
      const run = evaluate();
      language?.seedRandom(seed);
      return apply(run, undefined, args);
    }

    function settle(value) {
      const {json = 'null', error} = jsonOf(value, serialise, lossy);
      if (json === again) {
        response.again = '';
      } else if (error !== undefined) {
        response.error = error;
      } else if (json.length > maxValue) {
        response.error = failure('size', `the value returned is larger than ${maxValue} bytes`);
      } else {
        response.value = json;
      }
    }

    async function respond() {
      try {
        settle(await start());
      } catch (thrown) {
        response.error = described(thrown);
      }
    }

    // A pure function makes no Promise. What is like one is awaited in a context that is not kept.
    function respondAtOnce() {
      try {
        const value = start();
        if (value?.then !== undefined) {
          throw new Error('not to be awaited');
        }
        settle(value);
      } catch (thrown) {
        response.error = described(thrown);
      }
    }

    if (isKept) {
      respondAtOnce();
    } else {
      respond();
    }
    return response;
  };
})
