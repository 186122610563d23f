import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { compileModule } from '../../../../packages/bench-gate/src/process/typescript.js';
import { folderWith } from '../../../support/temporary-folder.js';

describe('compileModule', () => {
  it('keeps the addresses of a module, of its TypeScript, its JavaScript and its packages', async () => {
    const root = folderWith({
      'bench/a.ts': `import place from 'place';
        import { own } from './support/own.js';
        import { here } from '../lib/here.js';
        export const places: string[] = [import.meta.url, own, here, place];`,
      'bench/support/own.ts': 'export const own: string = import.meta.url;',
      'lib/here.js': 'export const here = import.meta.url;',
      'node_modules/place/package.json': '{ "name": "place", "type": "module", "exports": "./index.js" }',
      'node_modules/place/index.js': 'export default import.meta.url;',
      'package.json': '{ "type": "module" }',
    });
    const compiled = (await compileModule(join(root, 'bench/a.ts'), join(root, 'elsewhere')))!;
    const script = `const { places } = await import(${JSON.stringify(compiled)}); console.log(JSON.stringify(places))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const paths = ['bench/a.ts', 'bench/support/own.ts', 'lib/here.js', 'node_modules/place/index.js'];
    expect(JSON.parse(printed)).toEqual(paths.map((path) => pathToFileURL(join(root, path)).href));
    expect(await compileModule(join(root, 'bench/a.ts'), join(root, 'elsewhere'))).toBe(compiled);
  });

  it('leaves alone what would fail later: CommonJS', async () => {
    const root = folderWith({ 'bench/a.ts': 'export const place = (): string => __dirname;' });
    expect(await compileModule(join(root, 'bench/a.ts'), join(root, 'elsewhere'))).toBeUndefined();
  });
});
