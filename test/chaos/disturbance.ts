/** Tells whether a failure can be explained by a fault that overlapped with it. */
export class Disturbance {
  #active = 0;
  #begun = 0;

  begin(): void {
    this.#active++;
    this.#begun++;
  }

  end(): void {
    this.#active--;
  }

  /** Starts an observation. The returned function says whether a fault was active at any time since then. */
  watch(): () => boolean {
    const before = this.#begun;
    const wasActive = this.#active > 0;
    return () => wasActive || this.#begun > before;
  }
}
