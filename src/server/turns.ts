/** Pieces of work that take a millisecond or more, at most one per turn of the event loop. */
export class Turns {
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /**
   * Waits for a turn. Between two turns, the server handles everything else that has arrived, so that many large
   * requests do not delay the small ones.
   */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}

/** The turns of all servers in this process, which share an event loop. */
export const turns = new Turns();
