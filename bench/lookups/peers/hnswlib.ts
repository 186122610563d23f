/** Compiles the program of hnswlib, a peer only for this benchmark, for this CPU. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('hnswlib.cc', import.meta.url));
const HEADER = '/usr/include/hnswlib/hnswlib.h';
const FLAGS = ['-O3', '-march=native', '-std=c++17', '-pthread'];

/** @returns the path of the program */
export function compileHnswlib(folder: string): string {
  if (!existsSync(HEADER)) throw new Error(`${HEADER} is missing: apt-get install libhnswlib-dev`);
  const program = join(folder, 'hnswlib');
  const { status, error } = spawnSync('g++', [...FLAGS, SOURCE, '-o', program], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`g++ could not compile ${SOURCE}`, { cause: error });
  return program;
}

/** Describes the peer, for results files. */
export function describeHnswlib(): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'libhnswlib-dev'], { encoding: 'utf8' });
  return `hnswlib ${stdout}, g++ ${FLAGS.join(' ')}`;
}
