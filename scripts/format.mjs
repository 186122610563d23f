/**
 * `npm run format` formats every source file; with `--check`, as in CI, it only names those that differ. Biome formats
 * TypeScript and style sheets and sorts imports; clang-format formats C++ and CUDA. Neither breaks comments and
 * strings, so this script reports the lines that are still too wide.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const MAX_WIDTH = 120;
const NATIVE = /\.(cc|h|cu|cuh|c)$/;
const SCRIPT = /\.(ts|mjs|js|css)$/;
const check = process.argv.includes('--check');
const cwd = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

function run(script, args) {
  return spawnSync(process.execPath, [require.resolve(script), ...args], { cwd, stdio: 'inherit' }).status === 0;
}

/** Files that git tracks or would add. */
function sources() {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const { stdout } = spawnSync('git', list, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  return stdout.split('\n').filter((path) => path !== '' && existsSync(`${cwd}/${path}`));
}

function wideLines(path) {
  const lines = readFileSync(`${cwd}/${path}`, 'utf8').split('\n');
  return lines.flatMap((line, i) => (line.length > MAX_WIDTH ? [`${path}:${i + 1}: ${line.length} characters`] : []));
}

const files = sources();
const native = files.filter((path) => NATIVE.test(path));
const formatted = [
  run('@biomejs/biome/bin/biome', ['check', ...(check ? [] : ['--write']), '.']),
  native.length === 0 ||
    run('clang-format-node/build/cli.js', check ? ['--dry-run', '--Werror', ...native] : ['-i', ...native]),
];
const wide = files.filter((path) => NATIVE.test(path) || SCRIPT.test(path)).flatMap(wideLines);
for (const line of wide) console.error(`${line}; the limit is ${MAX_WIDTH}`);
process.exitCode = formatted.every(Boolean) && wide.length === 0 ? 0 : 1;
