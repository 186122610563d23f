import { EngineError } from '../core/errors.js';

const LONGEST_WAIT = 60;

/** `ERR_OVERLOADED` with the time after which the client can retry. */
export class OverloadedError extends EngineError {
  /** Integral seconds, 1 to 60. */
  readonly retryAfter: number;

  constructor(message: string, seconds: number) {
    super('ERR_OVERLOADED', message);
    this.retryAfter = Math.min(LONGEST_WAIT, Math.max(1, Math.ceil(seconds)));
  }
}
