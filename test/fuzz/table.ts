import type { Tallies } from './messages.js';

/** What takes no arguments, or takes anything, and so refuses nothing. */
const NEVER_REFUSED = [
  'capabilities',
  'workCounters',
  'new DuplicateCounter',
  ...['records', 'recordBlocks', 'readRecords', 'readEmbeddings', 'openEmbeddings'].map((name) => `Dataset#${name}`),
];
/** Calls that end something are idempotent. */
const ENDINGS = /#(dispose|close)$/;
/** Nothing about these calls is right. */
const WRONG = /^broken HTTP$| of another object$/;

/** Prints the calls of every function and route: all, accepted, refused by code. */
export function printTable(tallies: Tallies): void {
  let total = 0;
  for (const [name, { accepted, refused }] of Object.entries(tallies).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const codes = Object.entries(refused).sort(([, a], [, b]) => b - a);
    const all = accepted + codes.reduce((sum, [, count]) => sum + count, 0);
    total += all;
    const list = codes.map(([code, count]) => `${code.replace('ERR_', '')} ${count}`).join(', ');
    console.log(`${name.padEnd(48)}${String(all).padStart(8)}${String(accepted).padStart(8)}  ${list}`);
  }
  console.log(`${'total'.padEnd(48)}${String(total).padStart(8)}`);
}

/** Names what was never accepted or never refused, and so is not tested. */
export function untested(tallies: Tallies): string[] {
  return Object.entries(tallies).flatMap(([name, { accepted, refused }]) => {
    if (accepted === 0 && !WRONG.test(name)) return [`never accepted: ${name}`];
    const isRefused = Object.keys(refused).length > 0;
    return isRefused || NEVER_REFUSED.includes(name) || ENDINGS.test(name) ? [] : [`never refused: ${name}`];
  });
}
