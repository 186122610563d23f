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
          'Requests in progress use all the memory that is set aside for bodies and responses',
          RETRY_SECONDS,
        );
      this.#used += bytes;
    });
  }
}

/** The bytes that one request holds. */
export class HeldBytes {
  #bytes = 0;
  #isReleased = false;

  /** @param charge adds bytes to the budget; throws if there is no room */
  constructor(private readonly charge: (bytes: number) => void) {}

  /**
   * Does nothing after the release: the client can leave before the handler notices, and nobody would give these bytes
   * back.
   *
   * @throws OverloadedError if the budget has no room
   */
  add(bytes: number): void {
    if (this.#isReleased) return;
    const total = this.#bytes + bytes;
    this.charge(chargeable(total) - chargeable(this.#bytes));
    this.#bytes = total;
  }

  /** Gives everything back. Idempotent. */
  release(): void {
    this.add(-this.#bytes);
    this.#isReleased = true;
  }
}

function chargeable(bytes: number): number {
  return Math.max(0, bytes - FREE_BYTES);
}
