import { OverloadedError } from './overloaded-error.js';

/** Small requests and responses are always possible: their number is limited. */
const FREE_BYTES = 64 * 2 ** 10;
const RETRY_SECONDS = 1;

/** The bytes that all requests may hold in memory at a time: bodies, and responses that clients have not read. */
export class ByteBudget {
  #used = 0;

  constructor(private readonly limit: number) {}

  /** Bytes that requests hold, without the free ones of each. */
  get used(): number {
    return this.#used;
  }

  /** Opens the account of one request. */
  open(): HeldBytes {
    return new HeldBytes((bytes) => {
      if (bytes > 0 && this.#used + bytes > this.limit)
        throw new OverloadedError(
          'Requests and responses in progress take all memory that is set aside for them',
          RETRY_SECONDS,
        );
      this.#used += bytes;
    });
  }
}

/** The bytes that one request holds. */
export class HeldBytes {
  #bytes = 0;
  #charged = 0;

  /** @param charge adds bytes to the budget; throws if there is no room */
  constructor(private readonly charge: (bytes: number) => void) {}

  /** @throws OverloadedError if the budget has no room */
  add(bytes: number): void {
    const charged = Math.max(0, this.#bytes + bytes - FREE_BYTES);
    this.charge(charged - this.#charged);
    this.#bytes += bytes;
    this.#charged = charged;
  }

  /** Gives everything back. Idempotent. */
  release(): void {
    this.charge(-this.#charged);
    this.#bytes = 0;
    this.#charged = 0;
  }
}
