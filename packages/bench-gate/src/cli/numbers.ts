import { BenchError } from '../errors.js';

/** @throws BenchError `ERR_ARG_RANGE` naming the option */
export function seconds(name: string, text: string): number {
  const value = Number(text);
  if (!(value >= 1)) throw new BenchError('ERR_ARG_RANGE', `Expected a number of seconds for --${name}, got "${text}"`);
  return value;
}
