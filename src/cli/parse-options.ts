/**
 * Parsers for option values. Commander turns their errors into `error: option '--k <n>' argument 'x' is invalid. ...`.
 */
import { InvalidArgumentError } from 'commander';

/** Returns a parser for an integer from `min` to `max`. */
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

/** Parses a finite number greater than 0, which may be in scientific notation. */
export function positive(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Expected a number greater than 0.');
  return value;
}

/** Parses a number from 0 to 1. */
export function share(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

/** Parses a share of the nearest rows: above 0 and at most 1. */
export function recall(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value > 0 && value <= 1))
    throw new InvalidArgumentError('Expected a number above 0 and at most 1, as in 0.98.');
  return value;
}

/** Parses integers >= 1, separated by commas; returns them distinct and in ascending order. */
export function integerList(text: string): number[] {
  const values = text.split(',').map((part) => integer(1)(part.trim()));
  return [...new Set(values)].sort((a, b) => a - b);
}

/**
 * Returns a parser for `field=column,...`, which names the input column of each field of a record.
 *
 * @param fields the fields that can be mapped
 */
export function columnMap<F extends string>(fields: readonly F[]): (text: string) => Partial<Record<F, string>> {
  return (text) => {
    const map: Partial<Record<F, string>> = {};
    for (const part of text.split(',')) {
      const [, name, column] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      const field = fields.find((candidate) => candidate === name);
      if (!field || !column) {
        throw new InvalidArgumentError(
          `Expected field=column,... with a field out of ${fields.join(', ')}; got "${part}".`,
        );
      }
      if (map[field] !== undefined) throw new InvalidArgumentError(`"${field}" is given twice.`);
      map[field] = column;
    }
    return map;
  };
}

/** Collects the values of an option that can be repeated. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
