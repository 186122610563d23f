/**
 * How many of the points a frame draws. While the map moves on a machine without a GPU, all of a million points would
 * take seconds per frame. Points are in random order, so that a part of them looks like all; once the map rests, all
 * are drawn.
 */
const SLOW_MS = 30;
const FAST_MS = 18;
/** A frame that is asked for so long after the last one is not of the same movement. */
const REST_MS = 250;
const SMALLEST_SHARE = 0.02;
/** One slow frame, for which something else can be the reason, lowers the share to this part of it at most. */
const LARGEST_STEP = 0.25;

export class FrameBudget {
  #share = 1;
  #last = -Infinity;

  /**
   * Called before each frame.
   *
   * @param now time in ms
   * @param wanted when the frame was asked for: a busy machine can take long to begin it
   * @returns the share of the points to draw: 1 for the first frame after a rest
   */
  next(now: number, wanted = now): number {
    const passed = now - this.#last;
    const isMoving = wanted - this.#last <= REST_MS;
    this.#last = now;
    if (isMoving) {
      // Goes down at once to what would have been fast enough, and up slowly.
      const step = Math.max(LARGEST_STEP, SLOW_MS / passed / 1.2);
      if (passed > SLOW_MS) this.#share = Math.max(SMALLEST_SHARE, this.#share * step);
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
