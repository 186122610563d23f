/**
 * How many of the points a frame draws. While the map moves on a machine without a GPU, all of a million points would
 * take seconds per frame. Points are in random order, so that a part of them looks like all; once the map rests, all
 * are drawn.
 */
const SLOW_MS = 30;
const FAST_MS = 18;
/** Frames further apart than this are not of one movement. */
const REST_MS = 250;
const SMALLEST_SHARE = 0.02;

export class FrameBudget {
  #share = 1;
  #last = -Infinity;

  /**
   * Called before each frame.
   *
   * @param now time in ms
   * @returns the share of the points to draw: 1 for the first frame after a rest
   */
  next(now: number): number {
    const passed = now - this.#last;
    this.#last = now;
    if (passed > REST_MS && this.#share === 1) return 1;
    if (passed <= REST_MS) {
      // Goes down at once to what would have been fast enough, and up slowly.
      if (passed > SLOW_MS) this.#share = Math.max(SMALLEST_SHARE, (this.#share * SLOW_MS) / passed / 1.2);
      else if (passed < FAST_MS) this.#share = Math.min(1, this.#share * 1.1);
    }
    return this.#share;
  }

  /**
   * Tells how long the machine takes to draw all points. If that is longer than a rest, moving would not show it: every
   * frame would seem to be the first one.
   */
  learn(msForAll: number): void {
    if (msForAll > SLOW_MS) this.#share = Math.max(SMALLEST_SHARE, SLOW_MS / msForAll / 1.2);
  }

  /** After a rest, when all points are drawn. The next movement begins with the share of the last one. */
  rest(): void {
    this.#last = -Infinity;
  }
}
