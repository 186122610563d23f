import { describe, expect, it } from 'vitest';

import {
  COMPILED_JAVASCRIPT,
  changedFunctions,
  parseProfile,
} from '../../../../packages/bench-gate/src/counting/profile.js';

const FILE = `# callgrind format
version: 1
events: Ir

ob=(1) /build/engine.node
fl=(1) ???
fn=(1) Tokenizer::encode(std::string)
0 100
+3 20
cob=(2) /usr/lib/libc.so.6
cfi=(1)
cfn=(2) malloc'2
calls=7 0
* 999
-2 5

ob=(2)
fn=(2)
0 30

fn=(3) 0x00000000000a1b2c
0 4

ob=(3) ???
fn=(4) 0x0000000004c9e000
0 11
fn=(5) 0x0000000004c9e200
0 6

totals: 176
`;

describe('parseProfile', () => {
  it('sums the instructions of each function without those that it calls', () => {
    expect(Object.fromEntries(parseProfile(FILE))).toEqual({
      'Tokenizer::encode(std::string)': 125,
      malloc: 30,
      '(no symbol) libc.so.6': 4,
      [COMPILED_JAVASCRIPT]: 17,
    });
  });
});

describe('changedFunctions', () => {
  it('returns the changes that matter, most growth first, also of functions that only one build has', () => {
    const base = new Map(Object.entries({ split: 9000, copy: 900, gone: 100, same: 1000 }));
    const head = new Map(Object.entries({ split: 9001, copy: 1000, added: 500, same: 1000 }));
    expect(changedFunctions(base, head)).toEqual([
      { name: 'added', base: 0, head: 500 },
      { name: 'copy', base: 900, head: 1000 },
      { name: 'gone', base: 100, head: 0 },
    ]);
  });
});
