/** How a wrong value gets into a list of valid arguments. */
import fc from 'fast-check';

import { CHANGES, isPlain } from './hostile-changes.js';
import { VALUES } from './hostile-values.js';

export const KINDS = [...Object.keys(VALUES), ...Object.keys(CHANGES)];

/** An earlier mutation can have put an array of billions of entries there, whose copy would take minutes. */
const LARGEST = 10_000;

/** One wrong value at one place of a list of arguments: an argument, or something within it. */
export interface Mutation {
  argument: number;
  /** Key by key, each by its number. */
  path: readonly number[];
  kind: string;
}

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  argument: fc.nat({ max: 11 }),
  path: fc.array(fc.nat({ max: 11 }), { maxLength: 2 }),
  kind: fc.constantFrom(...KINDS),
});

/** The arguments with the mutation. Plain objects and arrays on the way are copied, so that the given ones stay. */
export function mutate(args: readonly unknown[], { argument, path, kind }: Mutation): unknown[] {
  const apply = (value: unknown): unknown => {
    if (!Object.hasOwn(CHANGES, kind)) return VALUES[kind]!();
    return Array.isArray(value) && value.length > LARGEST ? value : CHANGES[kind]!(value);
  };
  if (args.length === 0) return [apply(undefined)];
  const within = (value: unknown, rest: readonly number[]): unknown => {
    const keys = Array.isArray(value) || isPlain(value) ? Object.keys(value) : [];
    if (keys.length === 0 || rest.length === 0) return apply(value);
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
      string,
      unknown
    >;
    const key = keys[rest[0]! % keys.length]!;
    copy[key] = within(copy[key], rest.slice(1));
    return copy;
  };
  return within(args, [argument, ...path]) as unknown[];
}
