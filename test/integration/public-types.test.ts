import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const ENTRIES = ['index', 'generation/index', 'pgvector'].map((name) => `${DIST}${name}.d.ts`);

/** Lists our types that a public declaration uses but neither its entry nor the main one exports. */
function unexportedTypes(entry: string, program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const resolve = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exportsOf = (path: string): ts.Symbol[] =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)!)!).map(resolve);
  const own = exportsOf(entry);
  const exported = new Set([...own, ...exportsOf(ENTRIES[0]!)]);
  const missing = new Set<string>();
  for (const symbol of own) {
    const visit = (node: ts.Node): void => {
      const name = ts.isTypeReferenceNode(node)
        ? node.typeName
        : ts.isExpressionWithTypeArguments(node)
          ? node.expression
          : undefined;
      const used = name && checker.getSymbolAtLocation(name);
      if (used) {
        const target = resolve(used);
        const [declaration] = target.declarations ?? [];
        const isOurs =
          declaration !== undefined &&
          !ts.isTypeParameterDeclaration(declaration) &&
          declaration.getSourceFile().fileName.startsWith(DIST);
        if (isOurs && !exported.has(target)) missing.add(`${symbol.name} names ${target.name}`);
      }
      ts.forEachChild(node, visit);
    };
    symbol.declarations?.forEach(visit);
  }
  return [...missing].sort();
}

describe('the declarations of the package', () => {
  const program = ts.createProgram(ENTRIES, { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: ['node'] });

  it.each(ENTRIES)('use only exported types: %s', (entry) => {
    expect(existsSync(entry)).toBe(true);
    expect(unexportedTypes(entry, program)).toEqual([]);
  });

  it('compile without skipLibCheck, without @types/node, and need no other package', () => {
    const strict = ts.createProgram(ENTRIES, {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      exactOptionalPropertyTypes: true,
      types: [],
    });
    const problems = ts.getPreEmitDiagnostics(strict).map(({ file, messageText }) => [file?.fileName, messageText]);
    expect(problems).toEqual([]);
    const files = strict.getSourceFiles().map(({ fileName }) => fileName);
    expect(files.filter((name) => !name.startsWith(DIST) && !name.includes('/typescript/lib/'))).toEqual([]);
  });
});
