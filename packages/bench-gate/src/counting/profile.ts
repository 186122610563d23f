/**
 * Reads a file of Callgrind: how many instructions each function executed itself, without those that it calls. The
 * format is documented at https://valgrind.org/docs/manual/cl-format.html.
 */
import { basename } from 'node:path';

/** Instructions by function. */
export type Profile = ReadonlyMap<string, number>;

/** Code that V8 compiled, and other code that belongs to no file. */
export const COMPILED_JAVASCRIPT = '(compiled JavaScript)';

/** One number of a position, then the instructions. Positions are absolute, relative (+3, -2), or the same (*). */
const COST = /^[\d+*-]\S* (\d+)/;
const NAME = /^(c?fn|c?ob)=\((\d+)\)(?: (.*))?$/;

export function parseProfile(text: string): Profile {
  // A name is written once, with its number. Later lines have only the number.
  const names = { fn: new Map<string, string>(), ob: new Map<string, string>() };
  const instructions = new Map<string, number>();
  let [object, current, afterCall] = ['', '', false];
  for (const line of text.split('\n')) {
    const cost = COST.exec(line);
    if (cost) {
      // The line after "calls=" has the cost of the called function, which counts there.
      if (!afterCall) instructions.set(current, (instructions.get(current) ?? 0) + Number(cost[1]));
      afterCall = false;
    } else if (line.startsWith('calls=')) {
      afterCall = true;
    } else {
      const [, kind, id, name] = NAME.exec(line) ?? [];
      if (kind === undefined || id === undefined) continue;
      const known = kind.endsWith('fn') ? names.fn : names.ob;
      if (name !== undefined) known.set(id, name);
      if (kind === 'ob') object = known.get(id) ?? '';
      if (kind === 'fn') current = nameOf(known.get(id) ?? '', object);
    }
  }
  return instructions;
}

/** Code without symbols has its address as its name, which differs between builds. */
function nameOf(name: string, object: string): string {
  if (!/^(0x[0-9a-f]+|\?\?\?)/.test(name)) return name.replace(/'\d+$/, ''); // Callgrind numbers recursive calls.
  return object === '' || object === '???' ? COMPILED_JAVASCRIPT : `(no symbol) ${basename(object)}`;
}

export interface FunctionChange {
  name: string;
  base: number;
  head: number;
}

/** Functions below this share of the base's instructions are left out. */
const LEAST_SHARE = 0.001;
const MOST_FUNCTIONS = 12;

/** Returns the functions whose instructions changed, those that grew most first. */
export function changedFunctions(base: Profile, head: Profile): FunctionChange[] {
  const total = [...base.values()].reduce((sum, value) => sum + value, 0);
  return [...new Set([...base.keys(), ...head.keys()])]
    .map((name) => ({ name, base: base.get(name) ?? 0, head: head.get(name) ?? 0 }))
    .filter((change) => Math.abs(change.head - change.base) > total * LEAST_SHARE)
    .sort((a, b) => Math.abs(b.head - b.base) - Math.abs(a.head - a.base))
    .slice(0, MOST_FUNCTIONS)
    .sort((a, b) => b.head - b.base - (a.head - a.base));
}
