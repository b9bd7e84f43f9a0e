// The address of the clock's worker, alone in a module, since a bundle has the worker in itself (tools/bundle.js).
// Undefined in bundles which are no modules: they have no address.
export const address = import.meta.url ? new URL("./clock-worker.js", import.meta.url) : undefined;
