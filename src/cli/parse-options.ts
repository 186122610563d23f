/**
 * Parsers for option values. Commander turns their errors into `error: option '--k <n>' argument 'x' is invalid. ...`.
 */
import { InvalidArgumentError } from 'commander';

/** An integer from `min` to `max`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `Expected an integer >= ${min}.`
          : `Expected an integer from ${min} to ${max}.`,
      );
    }
    return value;
  };
}

/** A finite number above 0, also in scientific notation. */
export function positive(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

/** A number from 0 to 1. */
export function share(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

/** Ascending distinct integers >= 1, separated by commas. */
export function integerList(text: string): number[] {
  const values = text.split(',').map((part) => integer(1)(part.trim()));
  return [...new Set(values)].sort((a, b) => a - b);
}

/**
 * `field=column,...`: which column of the input holds which field of a record.
 *
 * @param fields the fields that may be named
 */
export function columnMap<F extends string>(fields: readonly F[]): (text: string) => Partial<Record<F, string>> {
  return (text) => {
    const map: Partial<Record<F, string>> = {};
    for (const part of text.split(',')) {
      const [, name, column] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      const field = fields.find((candidate) => candidate === name);
      if (!field || !column) {
        throw new InvalidArgumentError(
          `Expected field=column,... with fields among ${fields.join(', ')}; got "${part}".`,
        );
      }
      if (map[field] !== undefined) throw new InvalidArgumentError(`"${field}" is given twice.`);
      map[field] = column;
    }
    return map;
  };
}
