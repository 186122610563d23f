import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { ComparisonResult } from './compare.js';
import { describeMachine } from './machine.js';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** Prints one line per comparison and writes them with the machine and the command to bench/results/NAME-SIMD.json. */
export function report(name: string, results: readonly ComparisonResult[], extra: Record<string, unknown> = {}): void {
  const machine = describeMachine();
  console.log(`${machine.cpu}, ${machine.simd}, ${machine.threads} threads`);
  for (const result of results) {
    const sizes = Object.entries(result.sizes).map(([key, value]) => `${key}=${value}`).join(' ');
    const target = result.target === null ? '' : `  target ${result.target}`;
    console.log(
      `${result.name.padEnd(36)} ${sizes.padEnd(34)} ` +
        `${format(result.subject.rate)} vs ${format(result.peer.rate)} ${result.unit}/s (${result.peer.name})  ` +
        `ratio ${result.ratio.toFixed(2)} +- ${(result.ratioSpread / 2).toFixed(2)}${target}`,
    );
  }
  mkdirSync(RESULTS, { recursive: true });
  const command = `npm run bench -- ${name}`;
  writeFileSync(`${RESULTS}${name}-${machine.simd}.json`, `${JSON.stringify({ command, machine, results, ...extra }, null, 2)}\n`);
}

function format(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3);
}
