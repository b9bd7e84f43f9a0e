// Timers in a worker, since browsers throttle those of a page in a background tab. `{id, milliseconds}` sets a timer,
// which posts its id when it fires; `{id}` cancels it.
/** @type {Map<number, ReturnType<typeof setTimeout>>} */
const timers = new Map();

addEventListener("message", ({ data: { id, milliseconds } }) => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (milliseconds === undefined) return;
  timers.set(
    id,
    setTimeout(() => {
      timers.delete(id);
      postMessage(id);
    }, milliseconds),
  );
});
