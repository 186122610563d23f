/** Builds the files of the kinds: ours by `univar index`, those of peers by their programs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cpuSeconds } from '../support/process-cpu.js';
import { residentBytes } from '../support/process-memory.js';
import type { LookupData } from './data.js';
import { EF_CONSTRUCTION, type Kind, LINKS } from './kinds.js';
import type { Built } from './report.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const USEARCH = fileURLToPath(new URL('peers/usearch-build.ts', import.meta.url));

/** Path of the file of a kind. */
export function indexFile(kind: Kind, { dir }: LookupData): string {
  return join(dir, `${(kind.fileOf ?? kind.name).replaceAll(/[^A-Za-z0-9]+/g, '-')}.index`);
}

/**
 * Builds the file of a kind, unless an earlier run did. Its cost is stored beside it.
 *
 * @param hnswlib program of hnswlib
 * @returns null if the file belongs to another kind
 */
export async function buildIndex(kind: Kind, data: LookupData, hnswlib: string): Promise<Built | null> {
  const path = indexFile(kind, data);
  const cost = `${path}.json`;
  if (kind.fileOf !== undefined) {
    if (!existsSync(path)) throw new Error(`"${kind.name}" searches the file of "${kind.fileOf}": build that first`);
    return null;
  }
  if (!existsSync(path)) {
    const partial = `${path}.partial`;
    const built = await watch(...commandOf(kind, data, hnswlib, partial));
    if (kind.engine === 'univar') renameSync(join(data.dataset, 'index.faiss'), partial);
    writeFileSync(cost, JSON.stringify({ ...built, fileBytes: statSync(partial).size } satisfies Built));
    renameSync(partial, path);
  }
  return JSON.parse(readFileSync(cost, 'utf8')) as Built;
}

function commandOf(kind: Kind, data: LookupData, hnswlib: string, path: string): [string, string[]] {
  const { dataset, baseFile, dim } = data;
  const threads = String(cpus().length);
  switch (kind.engine) {
    case 'hnswlib':
      return [hnswlib, ['build', baseFile, String(dim), String(LINKS), String(EF_CONSTRUCTION), threads, path]];
    case 'usearch':
      return [process.execPath, ['--import', 'tsx', USEARCH, dataset, path, kind.factory, threads]];
    default: {
      const graph = kind.parameter === 'efSearch' ? ['--ef-construction', String(EF_CONSTRUCTION)] : [];
      const metric = ['--metric', kind.metric ?? 'ip'];
      return [process.execPath, [MAIN, 'index', dataset, '--no-fit', '--factory', kind.factory, ...metric, ...graph]];
    }
  }
}

/** Runs a program and returns its times and its peak resident memory. */
async function watch(command: string, args: string[]): Promise<Omit<Built, 'fileBytes'>> {
  const begin = performance.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  let [buildPeakBytes, buildCpuSeconds] = [0, 0];
  const timer = setInterval(() => {
    buildPeakBytes = Math.max(buildPeakBytes, residentBytes(child.pid!, 'VmHWM'));
    buildCpuSeconds = Math.max(buildCpuSeconds, cpuSeconds(child.pid!));
  }, 100);
  const code = await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${String(code)}`);
  return { buildSeconds: (performance.now() - begin) / 1000, buildCpuSeconds, buildPeakBytes };
}
