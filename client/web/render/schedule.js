// When a figure is refreshed: only while it can be seen, and so seldom that it takes a 25th of the time at most.

/** Milliseconds between two times. */
const MIN_INTERVAL = 5000;
const MAX_INTERVAL = 300_000;
/** As the share of the time that it may take. */
const REST_FACTOR = 25;
/** Pixels from the screen at which it is refreshed, so that it is ready when scrolled to. */
const MARGIN = "100px";

export class Schedule {
  #act;
  #isVisible = false;
  #isRequested = false;
  #isActing = false;
  #next = 0;
  #observer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Element} element that must be visible @param {() => Promise<number>} act returns the milliseconds it took */
  constructor(element, act) {
    this.#act = act;
    const onchange = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      this.#isVisible = entries[entries.length - 1].isIntersecting;
      this.#plan();
    };
    this.#observer = new IntersectionObserver(onchange, { rootMargin: MARGIN });
    this.#observer.observe(element);
    document.addEventListener("visibilitychange", this.#plan);
  }

  /** Acts now, or as soon as it may. */
  request() {
    this.#isRequested = true;
    this.#plan();
  }

  /** Forgets a request. */
  cancel() {
    clearTimeout(this.#timer);
    this.#isRequested = false;
  }

  stop() {
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#plan);
    this.cancel();
  }

  #plan = () => {
    clearTimeout(this.#timer);
    if (!this.#isRequested || this.#isActing || !this.#isVisible || document.hidden) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#next - performance.now()));
  };

  async #run() {
    this.#isRequested = false;
    this.#isActing = true;
    const rest = (await this.#act()) * REST_FACTOR;
    this.#next = performance.now() + Math.min(Math.max(rest, MIN_INTERVAL), MAX_INTERVAL);
    this.#isActing = false;
    this.#plan();
  }
}
