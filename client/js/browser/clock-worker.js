// Timers in a worker, since browsers throttle those of a page in a background tab: one at a time. A number of milliseconds
// sets it anew; it posts a message when it fires.
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

addEventListener("message", ({ data: milliseconds }) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), milliseconds);
});
