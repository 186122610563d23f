import { describe, expect, it } from 'vitest';

import { type DoctorReport, diagnose } from '../../../src/cli/doctor/examine.js';
import { probeInChild } from '../../../src/cli/doctor/probe.js';
import { describeReport } from '../../../src/cli/doctor/run.js';

const HEALTHY: Omit<DoctorReport, 'ok' | 'problems'> = {
  univar: '0.1.0',
  node: '20.20.2',
  platform: 'linux x64',
  cpu: 'a CPU',
  threads: { count: 2, source: 'UNIVAR_THREADS' },
  addon: {
    ok: true,
    value: {
      backend: 'cpu',
      addonPath: '/engine.node',
      simd: 'AVX2',
      simdSupported: ['AVX2', 'SSE4'],
      threads: 2,
      bf16: 'emulated',
      int8: 'native',
      amx: false,
      libraries: { openblas: '0.3.29 (openmp)' },
      backendChoice: { wanted: 'cpu', active: 'cpu', reasons: [] },
      cuda: {
        usable: false,
        testedOnDevice: false,
        reason: 'no driver',
        device: { available: false, reason: 'no driver', error: 35, runtime: '13.0', architectures: '9.0' },
      },
    },
  },
  onnxruntime: { ok: true, value: { version: '1.30.0' } },
  encoder: {
    name: 'e',
    folder: '/e',
    missing: [],
    probe: { ok: true, value: { backend: 'native', precision: 'bf16' } },
  },
  disk: { folder: '/d', freeBytes: 2 ** 40 },
  memory: { totalBytes: 2 ** 34, freeBytes: 2 ** 33 },
  optional: [
    { purpose: 'The HTTP server', packages: { fastify: '5.0.0', typebox: null }, install: 'npm install typebox@1' },
    { purpose: 'A map as PNG', packages: { canvas: '1.0.0' }, install: null },
  ],
};

describe('diagnose', () => {
  it('finds nothing wrong with a healthy machine', () => {
    expect(diagnose(HEALTHY, [])).toEqual([]);
    expect(describeReport({ ...HEALTHY, ok: true, problems: [] })).toMatch(
      /^encoder +e \(native, bf16\)$.*No problems found\.$/ms,
    );
  });

  it.each([
    ['an old Node', { node: '20.16.0' }, /20\.17/],
    ['a broken addon', { addon: { ok: false as const, reason: 'invalid ELF header' } }, /^run "npm run build:native"$/],
    [
      'a missing library',
      { addon: { ok: false as const, reason: 'libdnnl.so.3.6: cannot open shared object file: No such file' } },
      /^libdnnl\.so\.3\.6 belongs to oneDNN\. .*apt-get install libdnnl-dev;.*run "npm run build:native"$/,
    ],
    [
      'a library that nobody expects',
      { addon: { ok: false as const, reason: 'libx++-2.so: cannot open shared object file: No such file' } },
      /the package that has libx\+\+-2\.so/,
    ],
    [
      'an addon of a newer system',
      { addon: { ok: false as const, reason: "libc.so.6: version `GLIBC_2.38' not found (required by engine.node)" } },
      /newer system, with GLIBC_2\.38/,
    ],
    ['a wrong variable', { addon: { ok: false as const, reason: 'for "UNIVAR_SIMD", got X' } }, /unset .* UNIVAR_SIMD/],
    [
      'an incomplete encoder',
      { encoder: { name: 'e', folder: '/e', missing: ['tokenizer.json'], probe: { ok: false as const, reason: 'x' } } },
      /--encoder/,
    ],
    [
      'an encoder that fails',
      { encoder: { name: 'e', folder: '/e', missing: [], probe: { ok: false as const, reason: 'x' } } },
      /--backend/,
    ],
  ])('reports %s as an error with its remedy', (_, change, fix) => {
    const problems = diagnose({ ...HEALTHY, ...change }, []);
    expect(problems).toEqual([
      { what: expect.any(String) as string, fix: expect.stringMatching(fix) as string, essential: true },
    ]);
    expect(describeReport({ ...HEALTHY, ...change, ok: false, problems })).toMatch(/missing: .*\n {4}fix: /);
  });

  it('only warns about slow configurations, and about an ONNX Runtime that does not load', () => {
    expect(diagnose({ ...HEALTHY, onnxruntime: { ok: false, reason: 'x' } }, [])).toMatchObject([
      { essential: false, fix: expect.stringContaining('npm install onnxruntime-node') as string },
    ]);
    expect(diagnose({ ...HEALTHY, onnxruntime: null }, [])).toEqual([]);
    const addon = structuredClone(HEALTHY.addon);
    if (addon.ok) addon.value.libraries['openblas'] = '0.3.29 (pthread)';
    expect(diagnose({ ...HEALTHY, addon }, [])).toMatchObject([{ essential: false }]);
    expect(diagnose(HEALTHY, ['commander'])).toMatchObject([
      { essential: true, what: 'npm packages are missing: commander' },
    ]);
  });
});

describe('the optional packages', () => {
  it('are listed with their versions, or with the command that installs them', () => {
    expect(describeReport({ ...HEALTHY, ok: true, problems: [] })).toContain(
      '  The HTTP server: fastify 5.0.0; not installed (npm install typebox@1)\n  A map as PNG: canvas 1.0.0\n',
    );
  });
});

describe('the gpu line', () => {
  const device = {
    available: true,
    name: 'A Card',
    capability: '9.0',
    driver: '13.0',
    runtime: '13.0',
    architectures: '9.0',
    cublasLt: '13.1.2',
    memoryBytes: 2 ** 36,
    freeBytes: 2 ** 35,
  };
  const gpuLine = (cuda: object, backendChoice: object = {}): string => {
    const addon = structuredClone(HEALTHY.addon);
    if (addon.ok)
      Object.assign(addon.value, { cuda, backendChoice: { ...addon.value.backendChoice, ...backendChoice } });
    return describeReport({ ...HEALTHY, addon, ok: true, problems: [] });
  };

  it('explains why there is no GPU, and keeps the reason for the fallback', () => {
    expect(describeReport({ ...HEALTHY, ok: true, problems: [] })).toMatch(/^gpu +none \(no driver\)$/m);
    expect(gpuLine({ usable: false, reason: 'x' }, { reasons: ['cuda: no driver'] })).toMatch(
      /^addon +loads, backend cpu \(cuda: no driver\)$/m,
    );
  });

  it('describes a device, usable or not, and claims nothing that was not tested', () => {
    expect(gpuLine({ usable: true, testedOnDevice: false, device })).toMatch(
      /^gpu +A Card, capability 9\.0, driver CUDA 13\.0, .*cuBLASLt 13\.1\.2, .* free of .*not yet run on a device$/m,
    );
    expect(gpuLine({ usable: true, testedOnDevice: true, device })).toMatch(
      /^gpu +A Card, .*on request \(UNIVAR_BACKEND\)$/m,
    );
    expect(gpuLine({ usable: false, reason: 'too old', device: { ...device, available: false } })).toMatch(
      /^gpu +A Card, .*; not usable: too old$/m,
    );
  });
});

describe('probeInChild', () => {
  it('returns the output of the child', async () => {
    expect(await probeInChild('console.log(JSON.stringify(process.argv[1]))', ['x y'])).toEqual({
      ok: true,
      value: 'x y',
    });
  });

  it('survives a child that throws or crashes', async () => {
    expect(await probeInChild('throw new RangeError("what was wrong")', [])).toEqual({
      ok: false,
      reason: 'what was wrong',
    });
    expect(await probeInChild('process.kill(process.pid, "SIGILL")', [])).toEqual({
      ok: false,
      reason: 'the process was killed by SIGILL',
    });
  });
});
