/** Parameters in the URL of a GET request, which are texts. */
import { EngineError } from '../../../core/errors.js';
import { fail } from '../../../core/validate.js';

/** @throws EngineError `ERR_ARG_RANGE` for anything but an integer from `min` to `max` */
export function integerParameter(text: string, name: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : fail('ERR_ARG_RANGE', `an integer from ${min} to ${max}`, name, text);
}

/** Parses `1,2,3`. @throws EngineError `ERR_ARG_RANGE` */
export function integerList(text: string, name: string, { most, max }: { most: number; max: number }): number[] {
  const parts = text.split(',');
  if (parts.length > most)
    throw new EngineError('ERR_ARG_RANGE', `Expected at most ${most} numbers for "${name}", got ${parts.length}`);
  return parts.map((part) => integerParameter(part, name, 0, max));
}
