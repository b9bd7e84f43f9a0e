// Whether the visitor can see a part of the widget: it lies wholly in the viewport and, where the browser can tell, is
// neither covered nor transparent nor scaled down (version 2 of IntersectionObserver, which Chromium has). That is a
// sign for honest sites and no proof: a CSS mask hides a frame and goes unnoticed. To a frame that observes this,
// Chromium passes no click for half a second after the site has moved it.

/** Milliseconds in view. */
const MIN_VIEW = 1000;
/** Not 1: fractions of pixels are rounded. */
const WHOLE = 0.99;
/** Milliseconds between two checks; version 2 demands at least so many. */
const INTERVAL = 100;

export class View {
  /** Whether it has been in view for a second, and still is. */
  isSeen = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onseen;

  /** @param {Element} element @param {() => void} onseen */
  constructor(element, onseen) {
    this.#onseen = onseen;
    const options = { threshold: WHOLE, trackVisibility: true, delay: INTERVAL };
    new IntersectionObserver((entries) => this.#update(entries[entries.length - 1]), options).observe(element);
  }

  /** @param {IntersectionObserverEntry & {isVisible?: boolean}} entry */
  #update({ intersectionRatio, isVisible = true }) {
    clearTimeout(this.#timer);
    this.isSeen = false;
    if (intersectionRatio >= WHOLE && isVisible) this.#timer = setTimeout(() => this.#see(), MIN_VIEW);
  }

  #see() {
    this.isSeen = true;
    this.#onseen();
  }
}
