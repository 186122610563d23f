import { join } from 'node:path';

import { it } from 'vitest';

import { compileProgram, expectAllOk, SANITIZERS } from '../support/native-program.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SOURCES = ['code_points', 'features', 'sort_ids', 'tokens'].map((name) => `native/ngrams/${name}.cc`);

it('n-gram features of random text, with sanitizers', async () => {
  const program = join(temporaryFolder(), 'ngrams');
  await compileProgram([...SANITIZERS, 'test/native-cpp/ngrams_test.cc', ...SOURCES, '-lutf8proc'], program);
  await expectAllOk(program);
});
