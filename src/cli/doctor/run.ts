import type { CudaState } from '../../native/cuda-addon.js';
import type { CliContext } from '../context.js';
import { formatBytes } from '../format.js';
import { type DoctorReport, type EncoderToTry, examine } from './examine.js';
import { describeOptional } from './packages.js';

/** Prints the findings. Sets exit code 1 if something essential is missing. Needs no npm package. */
export async function runDoctor(
  { json, ...encoder }: EncoderToTry & { json: boolean },
  context: CliContext,
): Promise<void> {
  const report = await examine(encoder);
  if (json) context.printJson(report);
  else context.print(describeReport(report));
  if (!report.ok) context.setExitCode(1);
}

/** Lists names and versions. Only the JSON report has the configuration of OpenBLAS. */
function describeLibraries(libraries: Readonly<Record<string, string>>): string {
  const versions = Object.entries(libraries).filter(([name]) => name !== 'openblasConfig');
  return versions.map((entry) => entry.join(' ')).join(', ');
}

/** Describes the GPU, or the reason why none is available. */
function describeGpu({ usable, testedOnDevice, reason, device }: CudaState): string {
  if (!device?.name) return `none (${reason ?? 'unknown'})`;
  const {
    name,
    capability = '?',
    driver = '?',
    runtime,
    cublasLt = 'unknown',
    freeBytes = 0,
    memoryBytes = 0,
  } = device;
  const memory = `${formatBytes(freeBytes)} free of ${formatBytes(memoryBytes)}`;
  const facts =
    `${name}, capability ${capability}, driver CUDA ${driver}, built with CUDA ${runtime}, ` +
    `cuBLASLt ${cublasLt}, ${memory}`;
  if (!usable) return `${facts}; not usable: ${reason ?? 'unknown'}`;
  return (
    `${facts}; encoders, training, loss and exact top-k, on request (UNIVAR_BACKEND)` +
    (testedOnDevice ? '' : ', not yet run on a device')
  );
}

/** Describes the findings, one per line, and then the fixes. */
export function describeReport(report: DoctorReport): string {
  const { addon, onnxruntime, encoder, problems } = report;
  const lines: [string, string][] = [
    ['univar', report.univar],
    ['node', `${report.node} on ${report.platform}`],
    ['cpu', report.cpu],
    ['threads', `${report.threads.count} (${report.threads.source})`],
    ['memory', `${formatBytes(report.memory.freeBytes)} free of ${formatBytes(report.memory.totalBytes)}`],
    ['disk', `${formatBytes(report.disk.freeBytes)} free in ${report.disk.folder}`],
  ];
  if (addon.ok) {
    const { addonPath, backend, backendChoice, simd, simdSupported, bf16, int8, amx, libraries, cuda } = addon.value;
    lines.push(
      ['addon', `loads, backend ${backend}${backendChoice.reasons.map((reason) => ` (${reason})`).join('')}`],
      ['addon file', addonPath],
      ['gpu', describeGpu(cuda)],
      ['instruction set', `${simd} (supported: ${simdSupported.join(', ')})`],
      ['low precision', `bf16 ${bf16}, int8 ${int8}${amx ? ', with AMX' : ''}`],
      ['libraries', describeLibraries(libraries)],
    );
  } else {
    lines.push(['addon', 'DOES NOT WORK']);
  }
  const onnxVersion = onnxruntime?.ok ? onnxruntime.value.version : 'DOES NOT LOAD';
  lines.push(['onnxruntime', onnxruntime ? onnxVersion : 'not installed']);
  const state =
    encoder.missing.length > 0
      ? 'INCOMPLETE'
      : encoder.probe.ok
        ? `(${encoder.probe.value.backend}, ${encoder.probe.value.precision})`
        : 'DOES NOT WORK';
  lines.push(['encoder', `${encoder.name} ${state}`]);

  const findings = lines.map(([name, text]) => `${name.padEnd(17)}${text}`);
  const advice = problems.map(
    ({ what, fix, essential }) => `${essential ? 'missing' : 'advice'}: ${what}\n    fix: ${fix}`,
  );
  const optional = ['Packages that only some features need:', ...describeOptional(report.optional)];
  return [...findings, '', ...optional, '', ...(advice.length > 0 ? advice : ['No problems found.'])].join('\n');
}
