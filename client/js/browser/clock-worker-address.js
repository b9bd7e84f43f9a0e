// The address of the clock's worker, alone in a module, since a bundle has the worker in itself (tools/bundle.js).
export const address = new URL("./clock-worker.js", import.meta.url);
