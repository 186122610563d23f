const CHECK_MS = 10_000;
/** Growth since the last time that is worth another one. */
const GROWTH_BYTES = 16 * 2 ** 20;

export interface MemoryTrimmerOptions {
  /** Whether the server is working on a request. */
  isBusy: () => boolean;
  /** Returns the resident memory of the process in bytes. */
  residentBytes: () => number;
  /** Gives unused memory back to the system. */
  free: () => Promise<void>;
}

/**
 * Gives memory back to the system after a burst of large requests. V8 and the allocator would keep it, which may be
 * hundreds of megabytes. It is done only while no request is in progress, because requests would wait for it.
 */
export class MemoryTrimmer {
  readonly #timer: NodeJS.Timeout;
  #afterLast = 0;
  #isFreeing = false;

  constructor(private readonly options: MemoryTrimmerOptions) {
    this.#timer = setInterval(() => void this.#check(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const { isBusy, residentBytes, free } = this.options;
    if (this.#isFreeing || isBusy() || residentBytes() < this.#afterLast + GROWTH_BYTES) return;
    this.#isFreeing = true;
    await free().finally(() => (this.#isFreeing = false));
    this.#afterLast = residentBytes();
  }
}
