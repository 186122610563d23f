import { describe, expect, it } from 'vitest';
import { describeCheck, describeFailures } from '../../../../packages/bench-gate/src/report/text.js';
import type { CheckEntry } from '../../../../packages/bench-gate/src/verdict/check-entry.js';

const entry: CheckEntry = {
  name: 'parse/small',
  sizes: { bytes: 10 },
  measures: 'time',
  threshold: 0.07,
  status: 'more instructions',
  change: { center: 0.05, low: 0.01, high: 0.09 },
  processorChange: null,
  blocks: 4,
  counters: [],
  instructions: {
    kind: 'counted',
    base: 1_000_000,
    head: 1_081_000,
    growth: 0.081,
    variant: 'AVX2',
    functions: [
      { name: 'split(std::string)', base: 0, head: 82_000 },
      { name: 'copy', base: 2000, head: 1000 },
    ],
  },
  reason: '',
};
const call = { base: '0123456789abcdef', command: 'bench-gate check', accepted: 'bench/accepted.json' };

describe('describeFailures', () => {
  it('says how many more instructions, where they are, and how to accept them', () => {
    expect(describeFailures([entry], call).split('\n')).toEqual([
      'FAILED parse/small: +8.1 % instructions (1,000,000 -> 1,081,000); time +1.0 % to +9.0 %',
      '    +8.2 %       +82,000  split(std::string)',
      '    -0.1 %        -1,000  copy',
      '  Reproduce: bench-gate check --base 0123456789 parse/small',
      '  Accept: end the commit message with "Accept-Slowdown: parse/small [instructions] up to 9 %: REASON",',
      '    or add {"benchmark":"parse/small","counter":"instructions","upTo":0.09,"reason":"...","commit":"..."} ' +
        'to bench/accepted.json',
    ]);
  });

  it('says why a strict check is undecided', () => {
    const undecided: CheckEntry = { ...entry, status: 'undecided', reason: 'the time is too uncertain' };
    expect(describeFailures([undecided], call)).toMatch(/^FAILED parse\/small: undecided: the time is too uncertain\n/);
  });
});

describe('describeCheck', () => {
  it('names the instruction set that was counted, and what was not counted', () => {
    const uncounted = (name: string): CheckEntry => ({
      ...entry,
      name,
      instructions: { kind: 'not counted', reason: 'it starts other processes' },
    });
    const text = describeCheck([entry, uncounted('a'), uncounted('b')]);
    expect(text).toContain('Instructions are those of AVX2, one thread, under Valgrind.');
    expect(text).toContain('Not counted: a, b (it starts other processes)');
  });
});
