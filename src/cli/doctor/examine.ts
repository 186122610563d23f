import { existsSync, statfsSync } from 'node:fs';
import { arch, cpus, freemem, platform, totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describeCpuCount } from '../../core/cpu-count.js';
import { installCommand } from '../../core/optional-package.js';
import { moduleFile, PACKAGE, packageFile } from '../../core/package-files.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { isNgramFolder } from '../../encoder/ngrams/ngram-folder.js';
import type { Capabilities } from '../../native/capabilities.js';
import { addonAdvice } from '../../native/find-addon.js';
import type { EncoderCliOptions } from '../encoder-options.js';
import { installedVersion, missingPackages, type OptionalPackages, optionalPackages } from './packages.js';
import { type Probe, probeInChild } from './probe.js';
import { sharedLibraryFix } from './shared-library.js';

const LITTLE_DISK = 1 << 30;

/** Files that encoder folders need; `|` separates alternatives. */
const TRANSFORMER_FILES = ['model.safetensors|onnx/model.onnx|model.onnx', 'tokenizer.json'];
const NGRAM_FILES = ['model.safetensors'];

export interface Problem {
  what: string;
  /** The command or step that fixes it. */
  fix: string;
  /** Whether `embed`, `index`, `identify` and `eval` cannot work without it. */
  essential: boolean;
}

export interface DoctorReport {
  ok: boolean;
  univar: string;
  node: string;
  platform: string;
  cpu: string;
  threads: { count: number; source: string };
  addon: Probe<Capabilities>;
  /** Null if it is not installed. */
  onnxruntime: Probe<{ version: string }> | null;
  encoder: { name: string; folder: string; missing: string[]; probe: Probe<{ backend: string; precision: string }> };
  disk: { folder: string; freeBytes: number };
  memory: { totalBytes: number; freeBytes: number };
  /** Packages that not everyone needs. That they are missing is not a problem. */
  optional: OptionalPackages[];
  problems: Problem[];
}

/** The encoder that the doctor loads, and its settings. */
export interface EncoderToTry extends EncoderCliOptions {
  encoder?: string;
}

/** Examines everything that univar depends on. Reports whatever is missing as a problem, and does not throw for it. */
export async function examine({ encoder = DEFAULT_ENCODER, ...options }: EncoderToTry = {}): Promise<DoctorReport> {
  const [addon, onnxruntime, probe] = await Promise.all([
    probeInChild<Capabilities>(
      'const { capabilities } = await import(process.argv[1]); console.log(JSON.stringify(capabilities()))',
      [moduleUrl('native/capabilities')],
    ),
    installedVersion('onnxruntime-node') === null
      ? null
      : probeInChild<{ version: string }>(
          `import { createRequire } from 'node:module';
           const { env } = createRequire(process.argv[1])('onnxruntime-node');
           console.log(JSON.stringify({ version: env.versions.node ?? env.versions.common }))`,
          [packageFile('package.json')],
        ),
    probeInChild<{ backend: string; precision: string }>(
      `const { loadEncoder } = await import(process.argv[1]);
       const { backend, precision } = await loadEncoder(process.argv[2], JSON.parse(process.argv[3]));
       console.log(JSON.stringify({ backend, precision }))`,
      [moduleUrl('encoder/load-encoder'), encoder, JSON.stringify(options)],
    ),
  ]);
  const folder = process.cwd();
  const { bavail, bsize } = statfsSync(folder);
  const findings = {
    univar: PACKAGE.version,
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    threads: threads(),
    addon,
    onnxruntime,
    encoder: { name: basename(resolve(encoder)), folder: encoder, missing: await missingEncoderFiles(encoder), probe },
    disk: { folder, freeBytes: bavail * bsize },
    // 0 or huge: no limit
    memory: { totalBytes: Math.min(process.constrainedMemory() || Infinity, totalmem()), freeBytes: freemem() },
    optional: optionalPackages(),
  };
  const problems = diagnose(findings, missingPackages());
  return { ok: !problems.some(({ essential }) => essential), ...findings, problems };
}

function threads(): DoctorReport['threads'] {
  const setting = process.env['UNIVAR_THREADS'];
  return setting ? { count: Number(setting), source: 'UNIVAR_THREADS' } : describeCpuCount();
}

async function missingEncoderFiles(folder: string): Promise<string[]> {
  const needed = (await isNgramFolder(folder)) ? NGRAM_FILES : TRANSFORMER_FILES;
  return needed.filter((names) => !names.split('|').some((name) => existsSync(join(folder, name))));
}

function moduleUrl(path: string): string {
  return pathToFileURL(moduleFile(path)).href;
}

function addonFix(reason: string): string {
  const variable = /UNIVAR_\w+/.exec(reason)?.[0];
  if (variable) return `correct or unset the environment variable ${variable}`;
  const advice = addonAdvice();
  return sharedLibraryFix(reason, advice) ?? advice;
}

/** Returns the problems in the findings, worst first. */
export function diagnose(findings: Omit<DoctorReport, 'ok' | 'problems'>, packages: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const essential = (what: string, fix: string): void => void problems.push({ what, fix, essential: true });
  const advice = (what: string, fix: string): void => void problems.push({ what, fix, essential: false });
  const { addon, onnxruntime, encoder, disk } = findings;

  const [major = 0, minor = 0] = findings.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17))
    essential(`Node ${findings.node} is too old`, 'install Node 20.17 or later');
  if (packages.length > 0)
    essential(
      `npm packages are missing: ${packages.join(', ')}`,
      'run "npm install" again (in a checkout: "npm run build")',
    );
  if (!addon.ok) essential(`the native addon does not work: ${addon.reason}`, addonFix(addon.reason));
  if (encoder.missing.length > 0) {
    essential(
      `the encoder folder ${encoder.folder} lacks ${encoder.missing.join(', ').replaceAll('|', ' or ')}`,
      'restore the folder models/ of the package, or choose another encoder with --encoder',
    );
  }
  // If the addon does not load, that is the cause, and it is reported above.
  if (encoder.missing.length === 0 && !encoder.probe.ok && addon.ok) {
    essential(
      `the encoder in ${encoder.folder} does not work: ${encoder.probe.reason}`,
      'fix the cause above, or try another --encoder, --backend or --precision',
    );
  }
  if (onnxruntime?.ok === false) {
    advice(
      `onnxruntime-node does not load, so the onnx backend cannot be used: ${onnxruntime.reason}`,
      installCommand(['onnxruntime-node']),
    );
  }
  if (addon.ok && addon.value.libraries['openblas']?.includes('openmp') === false) {
    advice(
      `OpenBLAS ${addon.value.libraries['openblas']} is not the OpenMP variant, so flat and IVF searches are slower`,
      'Debian, Ubuntu: sudo apt-get install libopenblas-openmp-dev; ' +
        'sudo update-alternatives --config libopenblas.so.0-$(gcc -print-multiarch)',
    );
  }
  if (disk.freeBytes < LITTLE_DISK)
    advice(`little disk space is left in ${disk.folder}`, 'free some space, or write elsewhere with --out');
  return problems;
}
