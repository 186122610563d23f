import { EngineError, type ErrorCode } from '../../src/core/errors.js';
import type { Draw } from './draw.js';

/** Something that a program does with the addon, in a random variant. It rejects if a result is wrong. */
export type Activity = (draw: Draw) => Promise<void>;

/** Waits for a call that can be aborted or overtaken by a disposal. Returns its result, or undefined if it was. */
export async function settled<T>(call: Promise<T>): Promise<T | undefined> {
  const expected: ErrorCode[] = ['ERR_ABORTED', 'ERR_DISPOSED'];
  try {
    return await call;
  } catch (error) {
    if (error instanceof EngineError && expected.includes(error.code)) return undefined;
    throw error;
  }
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Wrong result: ${what}`);
}

export function checkFinite(numbers: ArrayLike<number>, what: string): void {
  for (let i = 0; i < numbers.length; i++) check(Number.isFinite(numbers[i]), `${what}[${i}] is ${numbers[i]}`);
}

export function checkEqual(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  check(actual.length === expected.length, `${what} has ${actual.length} entries, not ${expected.length}`);
  for (let i = 0; i < actual.length; i++)
    check(Object.is(actual[i], expected[i]), `${what}[${i}] is ${actual[i]}, not ${expected[i]}`);
}
