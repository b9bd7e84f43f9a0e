// Timers that go on in a background tab, where those of a page all but stop. `{id, milliseconds}` sets one, which
// answers with its id; `{id}` alone takes it back.
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
