/** Values that a JSON schema accepts, and values beside them. */
import fc from 'fast-check';

import type { Choices } from './choices.js';

export interface JsonSchema {
  type?: string;
  const?: unknown;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Returns a value for a property whose schema does not say everything; undefined if the schema does. */
export type Knowledge = (property: string, choices: Choices) => unknown;

const LONGEST = 400;
const MOST = 20;

/** Returns a value that fits a schema. */
export function valueOf(schema: JsonSchema, choices: Choices, knows: Knowledge, property = ''): unknown {
  const known = knows(property, choices);
  if (known !== undefined) return known;
  if (schema.anyOf) return valueOf(choices.of(schema.anyOf), choices, knows);
  if ('const' in schema) return schema.const;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) === true || choices.chance(0.3))
          .map(([name, inner]) => [name, valueOf(inner, choices, knows, name)]),
      );
    case 'array':
      return Array.from({ length: lengthFrom(schema.minItems, schema.maxItems, MOST, choices) }, () =>
        valueOf(schema.items!, choices, knows),
      );
    case 'string':
      return textOf(lengthFrom(schema.minLength, schema.maxLength, LONGEST, choices), choices);
    case 'boolean':
      return choices.chance(0.5);
    default:
      return numberOf(schema, choices);
  }
}

/** Mostly short, sometimes the shortest or the longest. */
function lengthFrom(least = 0, most = Infinity, bound: number, choices: Choices): number {
  const last = Math.min(most, bound);
  if (choices.chance(0.05)) return least;
  if (choices.chance(0.03)) return last;
  return Math.min(last, least + choices.below(3));
}

function textOf(length: number, choices: Choices): string {
  if (choices.chance(0.5)) return `w${choices.below(300)} `.repeat(Math.ceil(length / 4)).slice(0, length);
  return choices
    .sample(fc.string({ unit: 'binary', minLength: length, maxLength: length }))
    .slice(0, Math.max(1, length));
}

function numberOf({ type, minimum = -1000, maximum = 1000 }: JsonSchema, choices: Choices): number {
  if (choices.chance(0.1)) return minimum;
  if (choices.chance(0.05)) return maximum;
  const number =
    minimum + (Math.min(maximum, minimum + 20) - minimum) * choices.sample(fc.double({ min: 0, max: 1, noNaN: true }));
  return type === 'integer' ? Math.floor(number) : number;
}

const AWKWARD: readonly unknown[] = [
  null,
  true,
  false,
  '',
  ' ',
  '0',
  '\ud800',
  '\0',
  '__proto__',
  'x'.repeat(301),
  'x'.repeat(5000),
  0,
  -0,
  -1,
  1,
  1.5,
  20,
  21,
  1e308,
  -1e308,
  1e-320,
  2 ** 31,
  2 ** 53,
  {},
  { a: 1 },
  [],
  [[]],
  [null],
  [{}],
  [[[[[[[[[[]]]]]]]]]],
  { length: 3 },
  Array.from({ length: 17 }, () => 'w1'),
  Array.from({ length: 1001 }, () => 'w1'),
];

/** Returns a copy of `value` with something wrong at a random node. */
export function spoil(value: unknown, choices: Choices): unknown {
  if (Array.isArray(value) && value.length > 0 && choices.chance(0.75)) {
    const copy = [...(value as unknown[])];
    const at = choices.below(copy.length);
    if (choices.chance(0.15)) copy.splice(at, 1);
    else if (choices.chance(0.15)) copy.splice(at, 0, choices.of([...copy, ...AWKWARD]));
    else copy[at] = spoil(copy[at], choices);
    return copy;
  }
  if (typeof value === 'object' && value !== null && choices.chance(0.85)) {
    const copy: Record<string, unknown> = { ...value };
    const names = Object.keys(copy);
    if (names.length === 0 || choices.chance(0.1)) copy[choices.of(['unknown', '', '__proto_', 'toString'])] = 1;
    else if (choices.chance(0.15)) Reflect.deleteProperty(copy, choices.of(names));
    else {
      const name = choices.of(names);
      copy[name] = spoil(copy[name], choices);
    }
    return copy;
  }
  if (typeof value === 'number' && choices.chance(0.4))
    return choices.of([value + 1, value - 1, -value, value * 1e6, value + 0.5, String(value)]);
  return choices.chance(0.7) ? choices.of(AWKWARD) : choices.sample(fc.jsonValue({ maxDepth: 3 }));
}

/** Returns a text with something wrong at a random place, most often not JSON any more. */
export function garble(text: string, choices: Choices): string {
  const at = choices.below(text.length + 1);
  const change = choices.of([
    () => text.slice(0, at),
    () => text.slice(at),
    () =>
      text.slice(0, at) +
      choices.of([
        ',',
        '}',
        ']',
        '{',
        '[',
        '"',
        '\\',
        '\0',
        '\u2028',
        '\ufeff',
        '1e999',
        'NaN',
        '/**/',
        '\\ud800',
        '\\u0000',
      ]) +
      text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text + text,
    () => `${' '.repeat(choices.below(5000))}${text}`,
    () => text.replace('{', '{"__proto__": {"polluted": 1}, '),
    () => text.replace('{', '{"constructor": {"prototype": {"polluted": 1}}, '),
    () => text.replace(/"(\w+)":/, '"$1": 1, "$1":'),
    () => text.replace(/\d+/, choices.of(['1e400', '-0', '0x1', '9'.repeat(400), '01', '.5', '1e-400'])),
    () => `${'['.repeat(choices.below(3000))}${text}`,
  ]);
  return change();
}
