import { basename, join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { ROOT, readPages } from '../support/markdown-pages.js';

/** Strict, like the tsconfig.json that `tsc --init` writes. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
};
/** Names that a block uses as the reader's own, such as `embeddings`. */
const READERS_NAMES = join(ROOT, 'test', 'fixtures', 'docs', 'readers-names.d.ts');

describe('the TypeScript of the documentation', () => {
  it('compiles against the public types', () => {
    const blocks = readPages().flatMap((page) => page.blocks.filter(({ language }) => language === 'ts'));
    // In the folder of the package, `univar` resolves to its own exports. A name is its place in a page.
    const sources = new Map(
      blocks.map(({ place, content }) => [join(ROOT, `${place.replace(/[:/]/g, '-')}.ts`), `${content}\nexport {};\n`]),
    );
    const disk = ts.createCompilerHost(OPTIONS);
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (path) => sources.has(path) || disk.fileExists(path),
      readFile: (path) => sources.get(path) ?? disk.readFile(path),
      getSourceFile: (path, options, ...rest) => {
        const text = sources.get(path);
        return text === undefined
          ? disk.getSourceFile(path, options, ...rest)
          : ts.createSourceFile(path, text, options);
      },
    };
    const program = ts.createProgram([...sources.keys(), READERS_NAMES], OPTIONS, host);
    const faults = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const line = file ? ts.getLineAndCharacterOfPosition(file, start).line + 1 : 0;
      const text = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${basename(file?.fileName ?? '')}, line ${line} of the block: ${text}`;
    });
    expect(faults).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
  });
});
