/**
 * `npm run format` formats every source file; with `--check`, as in CI, it only lists the files that differ. Biome
 * formats TypeScript and sorts its imports, and clang-format formats C++ and CUDA. Neither breaks comments and strings,
 * so this script reports lines of C++ and CUDA that are still too wide.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const MAX_WIDTH = 120;
const check = process.argv.includes('--check');
const cwd = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

function run(script, args) {
  return spawnSync(process.execPath, [require.resolve(script), ...args], { cwd, stdio: 'inherit' }).status === 0;
}

function nativeSources() {
  const { stdout } = spawnSync('git', ['ls-files', '*.cc', '*.h', '*.cu', '*.cuh', '*.c'], { cwd, encoding: 'utf8' });
  return stdout.split('\n').filter((path) => path !== '');
}

function tooWide(path) {
  const lines = readFileSync(`${cwd}/${path}`, 'utf8').split('\n');
  return lines.flatMap((line, i) => (line.length > MAX_WIDTH ? [`${path}:${i + 1}: ${line.length} characters`] : []));
}

const sources = nativeSources();
const wide = sources.flatMap(tooWide);
for (const line of wide) console.error(`${line}; the limit is ${MAX_WIDTH}`);
const results = [
  run('@biomejs/biome/bin/biome', ['check', ...(check ? [] : ['--write']), '.']),
  sources.length === 0 ||
    run('clang-format-node/build/cli.js', check ? ['--dry-run', '--Werror', ...sources] : ['-i', ...sources]),
  wide.length === 0,
];
process.exitCode = results.every(Boolean) ? 0 : 1;
