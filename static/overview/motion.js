// Moves what flows, while the system allows motion and somebody can see it.

/** Milliseconds from one step to the next, and the pixels of a step. */
const STEP = 200;
const PIXELS = 3;

/**
 * Steps a few times a second. An animation of the style sheet would be computed sixty
 * times a second, however few of its pictures differ.
 */
export class Motion {
  /** @param {SVGElement} node whose `--phase` counts pixels, and `data-moves` tells if */
  constructor(node) {
    this._node = node;
    this._still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this._still.addEventListener("change", () => this._set());
    document.addEventListener("visibilitychange", () => this._set());
    this._wanted = false;
    this._phase = 0;
    this._timer = 0;
  }

  /**
   * Move from now on, or stand still.
   *
   * @param {boolean} wanted
   */
  want(wanted) {
    this._wanted = wanted;
    this._set();
  }

  _set() {
    const moves = this._wanted && !this._still.matches && !document.hidden;
    if (moves === this._timer > 0) return;
    this._node.dataset.moves = String(moves);
    clearInterval(this._timer);
    this._timer = moves ? window.setInterval(() => this._step(), STEP) : 0;
  }

  _step() {
    this._phase += PIXELS;
    this._node.style.setProperty("--phase", `${-this._phase}px`);
  }
}
