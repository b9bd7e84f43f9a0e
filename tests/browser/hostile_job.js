async function (variable, context) {
  // Each probe attempts one thing that a job must not be able to do, by every way that was thought of. It returns what
  // it got, or throws. `there` is an address on which somebody listens; it carries the probe's name.
  const there = `http://127.0.0.1:${variable.port}/${variable.probe}`;
  const evaluate = eval;

  // A global by every way to it: by name, by the sloppy `this`, by constructors of functions, by its prototypes.
  function find(name) {
    const ways = [
      () => globalThis[name],
      () => evaluate("this")[name],
      () => Function(`return typeof ${name} === "undefined" ? undefined : ${name}`)(),
      () => (function () { return this; })()?.[name],
      () => (async () => {}).constructor("return this")()[name],
      () => Reflect.get(Object.getPrototypeOf(globalThis), name, globalThis),
      () => Reflect.get(Object.getPrototypeOf(Object.getPrototypeOf(globalThis)), name, globalThis),
      () => globalThis.navigator[name],
    ];
    for (const way of ways) {
      let found;
      try {
        found = way();
      } catch {
        continue;
      }
      if (found !== undefined) return found;
    }
    throw new Error(`there is no ${name}`);
  }

  // All that can be reached by property names, prototypes and getters, with the way to it.
  function* reachable(...starts) {
    const seen = new Set();
    const ahead = starts.map((start, index) => [start, `start${index}`]);
    while (ahead.length > 0) {
      const [value, way] = ahead.pop();
      yield [value, way];
      if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue;
      seen.add(value);
      if (ArrayBuffer.isView(value)) continue;
      for (const key of Reflect.ownKeys(value)) {
        try {
          ahead.push([value[key], `${way}.${String(key)}`]);
        } catch {
          // A getter that wants another `this`.
        }
        const { get, set } = Reflect.getOwnPropertyDescriptor(value, key) ?? {};
        ahead.push([get, `${way}.get ${String(key)}`], [set, `${way}.set ${String(key)}`]);
      }
      ahead.push([Object.getPrototypeOf(value), `${way}.__proto__`]);
    }
  }

  function callSites() {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = new Error().stack;
    Error.prepareStackTrace = before;
    return Array.isArray(sites) ? sites : [];
  }

  const probes = {
    "fetch": async () => (await find("fetch")(there)).status,
    "XMLHttpRequest": () => {
      const request = new (find("XMLHttpRequest"))();
      request.open("GET", there, false);
      request.send();
      return request.status;
    },
    "WebSocket": () => new (find("WebSocket"))(there.replace("http", "ws")).readyState,
    "EventSource": () => new (find("EventSource"))(there).readyState,
    "WebTransport": () => new (find("WebTransport"))(there.replace("http", "https")).ready,
    "sendBeacon": () => find("sendBeacon").call(navigator, there, "x"),
    "importScripts": () => find("importScripts")(there),
    "importScripts-data": () => find("importScripts")("data:text/javascript,globalThis.smuggled=1"),
    "import": async () => Object.keys(await import(there)),
    "import-by-eval": async () => Object.keys(await evaluate(`import(${JSON.stringify(there)})`)),
    "import-data": async () => (await import("data:text/javascript,export default fetch")).default.name,
    "nested-worker": () => new (find("Worker"))(`data:text/javascript,fetch(${JSON.stringify(there)})`) && "started",
    "nested-worker-blob": () => {
      const blob = new (find("Blob"))([`fetch(${JSON.stringify(there)})`]);
      return new (find("Worker"))(find("URL").createObjectURL(blob)) && "started";
    },
    "SharedWorker": () => new (find("SharedWorker"))(there) && "started",
    "ServiceWorker": () => find("serviceWorker").register(there),
    "BroadcastChannel": () => new (find("BroadcastChannel"))("overheard").postMessage("from the job") ?? "sent",
    "MessageChannel": () => new (find("MessageChannel"))().port1 && "made",
    "RTCPeerConnection": async () => {
      const servers = [{ urls: `stun:127.0.0.1:${variable.port}` }];
      const connection = new (find("RTCPeerConnection"))({ iceServers: servers });
      connection.createDataChannel("x");
      await connection.setLocalDescription(await connection.createOffer());
      return "offered";
    },
    "cookies": () => find("document").cookie,
    "cookieStore": async () => (await find("cookieStore").getAll()).length,
    "localStorage": () => find("localStorage").getItem("comp-pool"),
    "sessionStorage": () => find("sessionStorage").length,
    "IndexedDB": () => find("indexedDB").open("pool").readyState,
    "caches": async () => (await find("caches").keys()).length,
    "OPFS": async () => (await find("storage").getDirectory()).name,
    "DOM": () => find("document").body.append("overwritten by the job"),
    "window": () => find("window").pageSecret,
    "parent": () => find("parent").pageSecret,
    "top": () => find("top").pageSecret,
    "navigation": () => {
      find("location").href = there;
      return "gone";
    },
    "navigation-of-the-page": () => find("top").location.assign(there),
    "popup": () => find("open")(there) && "opened",
    "Notification": () => find("Notification").permission,
    "FontFace": () => new (find("FontFace"))("x", `url(${there})`).load(),
    "Image": () => (new (find("Image"))().src = there),
    "timers": () => find("setTimeout")(() => {}, 0),
    "postMessage": () => find("postMessage")({ unit: 1, seconds: 0, result: "\"forged\"" }) ?? "sent",
    "listening": () => find("addEventListener")("message", () => {}) ?? "listening",
    "onmessage": () => {
      globalThis.onmessage = () => {};
      const { set } = Object.getOwnPropertyDescriptor(globalThis, "onmessage");
      delete globalThis.onmessage;
      return set ? "listening" : find("listener");
    },
    "dispatchEvent": () => find("dispatchEvent")(new (find("MessageEvent"))("message", { data: {} })),
    "close": () => find("close")() ?? "closed",
    "another-result": async () => {
      const answer = await find("fetch")(variable.other, { method: "POST", body: "\"forged\"" });
      return answer.status;
    },
    "lease-token": () => {
      const suspicious = /lease=|post_result|_links|[A-Za-z0-9_-]{40,}/;
      for (const [value, way] of reachable(globalThis, variable, context, new Error().stack)) {
        if (typeof value === "string" && suspicious.test(value)) return `${way}: ${value}`;
        if (typeof value === "function" && /lease|post_result/.test(Function.prototype.toString.call(value))) {
          if (!way.startsWith("start1") && value.name !== "find" && !/probe/.test(String(value))) return `${way}: ${value}`;
        }
      }
      throw new Error("there is no token to be found");
    },
    "page-secret": () => {
      for (const [value, way] of reachable(globalThis, variable, context)) {
        if (value === "a secret of the page") return way;
      }
      throw new Error("there is no secret to be found");
    },
    "anything-else": () => {
      const inner = [WebAssembly, Intl, globalThis.Temporal ?? {}].flatMap(Object.getOwnPropertyNames);
      const known = new Set([...variable.language, ...inner, "TypedArray"]);
      const found = new Set();
      for (const [value] of reachable(globalThis)) {
        if (typeof value !== "function" || !/^[A-Z]/.test(value.name)) continue;
        if (Object.hasOwn(value, "prototype") && !known.has(value.name)) found.add(value.name);
      }
      if (found.size > 0) return [...found].join(", ");
      throw new Error("there is nothing but the language");
    },
    "globals": () => {
      const known = new Set([...variable.language, "console", "navigator"]);
      const names = new Set();
      for (let holder = globalThis; holder && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
        for (const name of Reflect.ownKeys(holder)) {
          if (typeof name !== "string" || known.has(name)) continue;
          let value;
          try {
            value = globalThis[name];
          } catch {
            value = "a getter";
          }
          // Constants of the browser's can't be deleted: two numbers, in Chromium.
          if (value !== undefined && typeof value !== "number") names.add(name);
        }
      }
      if (names.size > 0) return [...names].join(", ");
      throw new Error("there is nothing but the language");
    },
    "navigator": () => {
      const names = Reflect.ownKeys(navigator).concat(Reflect.ownKeys(Object.getPrototypeOf(navigator)));
      const more = names.filter((name) => !Object.hasOwn(Object.prototype, name) && name !== "hardwareConcurrency");
      if (more.length > 0) return more.map(String).join(", ");
      throw new Error("there is nothing but the number of cores");
    },
    "gpu": async () => Boolean(await find("gpu").requestAdapter()),
    "call-sites": () => {
      for (const site of callSites()) {
        const [self, callee] = [site.getThis?.(), site.getFunction?.()];
        if (callee && /compute|openJob|relay/.test(callee.name)) return callee.name;
        if (self && self !== globalThis && self !== probes) return `this: ${Object.prototype.toString.call(self)}`;
      }
      throw new Error("stack traces hold nothing");
    },
    "callers": () => probes.callers.caller ?? (() => { throw new Error("there is no caller"); })(),
    "two-results": () => {
      // A thenable that answers twice, and prototypes that answer for others: one result must come of it.
      Object.prototype.toJSON = function () { return "poisoned"; };
      Array.prototype.toJSON = Object.prototype.toJSON;
      Promise.prototype.then = function (resolve) { resolve("poisoned"); resolve("again"); };
      throw new Error("poisoned and thrown");
    },
    "setters": () => {
      for (const name of ["unit", "result", "kind", "message", "seconds", "data"]) {
        Object.defineProperty(Object.prototype, name, { set() { globalThis.caught = name; }, get: () => 7, configurable: true });
      }
      throw new Error("set and thrown");
    },
  };

  let outcome;
  try {
    outcome = `DONE: ${String(await probes[variable.probe]())}`;
  } catch (ex) {
    outcome = `refused: ${ex.name}: ${ex.message}`;
  }
  return { result: { probe: variable.probe, outcome: outcome.slice(0, 400) } };
}
