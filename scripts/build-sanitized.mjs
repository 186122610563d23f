/**
 * Native builds for scripts/soak.mjs: the addon with a sanitizer of GCC, and a program for Valgrind. The folder
 * build/SANITIZER is a second checkout of links, in which node-gyp works without touching the usual build. LDFLAGS can
 * name a folder of instrumented libraries (-L), such as FAISS.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

import { nodeHeaderRoot } from './node-headers.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const FLAGS = { address: '-fsanitize=address,undefined', thread: '-fsanitize=thread' };

/**
 * Builds what is out of date; exits if that fails.
 *
 * @param {'address' | 'thread'} sanitizer
 * @returns the path of the addon
 */
export function buildSanitized(sanitizer) {
  const folder = join(ROOT, 'build', sanitizer);
  mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'native']) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  // The compiler reads these after the flags of binding.gyp, so -O1 wins.
  const CXXFLAGS = `${FLAGS[sanitizer]} -fno-omit-frame-pointer -O1 -g`;
  const LDFLAGS = `${FLAGS[sanitizer]} ${process.env.LDFLAGS ?? ''}`;
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  for (const step of ['configure', 'build']) {
    const args = [
      nodeGyp,
      step,
      `--nodedir=${nodeHeaderRoot()}`,
      `--jobs=${availableParallelism()}`,
      '--loglevel=warn',
    ];
    const env = { ...process.env, CXX: 'g++', CXXFLAGS, LDFLAGS };
    const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: 'inherit', env });
    if (status !== 0) process.exit(status ?? 1);
  }
  return join(folder, 'build/Release/engine.node');
}

/**
 * Links test/soak/encoder_steps.cc with objects of the usual build; exits if that fails.
 *
 * @returns the path of the program
 */
export function buildEncoderSteps() {
  const program = join(ROOT, 'build/encoder-steps');
  const objects = ['core', 'cpu', 'encoder'].flatMap((name) => {
    const folder = join(ROOT, 'build/Release/obj.target/engine/native', name);
    return readdirSync(folder).flatMap((file) => (file.endsWith('.o') ? [join(folder, file)] : []));
  });
  const flags = ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-fopenmp', `-I${join(ROOT, 'native')}`];
  const args = [...flags, join(ROOT, 'test/soak/encoder_steps.cc'), ...objects, '-ldnnl', '-lhwy', '-o', program];
  const { status } = spawnSync('g++', args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  return program;
}
