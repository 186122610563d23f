import { ApiError } from './api-error.js';
import type { ApiKeys, KnownKey } from './api-keys.js';

const WINDOW_MS = 60_000;
/** Wrong keys per address and minute. */
const MAX_FAILURES = 10;
/** Addresses to remember, which bounds the memory. */
const MAX_ADDRESSES = 10_000;

/**
 * Finds the keys of requests and limits guesses. After too many wrong keys from an address, it accepts from there only
 * keys that were used from there before, so that a client behind the same proxy keeps working and a guesser does not
 * learn whether a guess was right.
 */
export class Logins {
  readonly #failures = new Map<string, number>();
  readonly #used = new Set<string>();
  #windowEnd = 0;

  /** @param now returns the time in ms */
  constructor(
    private readonly keys: ApiKeys,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @param authorization value of the header Authorization
   * @param address of the client
   * @throws ApiError `invalid_api_key`; `rate_limited` after too many wrong keys
   */
  expectKey(authorization: string | undefined, address: string): KnownKey {
    const now = this.now();
    if (now >= this.#windowEnd || this.#failures.size > MAX_ADDRESSES) {
      this.#failures.clear();
      this.#windowEnd = now + WINDOW_MS;
    }
    const key = this.keys.find(authorization);
    const failures = this.#failures.get(address) ?? 0;
    if (failures >= MAX_FAILURES && !(key && this.#used.has(`${address} ${key.index}`))) {
      const seconds = Math.ceil((this.#windowEnd - now) / 1000);
      throw new ApiError('rate_limited', 'Too many wrong keys from this address; try again later', seconds);
    }
    if (!key) {
      if (authorization !== undefined) this.#failures.set(address, failures + 1);
      throw new ApiError(
        'invalid_api_key',
        'Expected the header "Authorization: Bearer KEY" with a key of this server',
      );
    }
    if (this.#used.size > MAX_ADDRESSES) this.#used.clear();
    this.#used.add(`${address} ${key.index}`);
    return key;
  }
}
