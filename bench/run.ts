/** `npm run bench [-- NAME...]`: runs the named files of bench/kernels and bench/pipelines, all of them by default. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const files = ['kernels', 'pipelines'].flatMap((folder) => {
  const path = fileURLToPath(new URL(`${folder}/`, import.meta.url));
  return readdirSync(path).filter((file) => file.endsWith('.ts')).map((file) => path + file);
});
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !files.some((file) => basename(file, '.ts') === name));
if (unknown.length > 0) {
  console.error(`No benchmark named ${unknown.join(', ')}. There are: ${files.map((file) => basename(file, '.ts')).join(', ')}`);
  process.exit(2);
}
for (const file of files) {
  if (wanted.length > 0 && !wanted.includes(basename(file, '.ts'))) continue;
  // A process each: no benchmark inherits another's heap or thread pools.
  execFileSync(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit' });
}
