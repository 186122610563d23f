/**
 * Runs the guides for beginners as their readers do, in a folder with univar in node_modules, and compares the outputs.
 * With UNIVAR_WRITE_DOCS=1, it writes the outputs of this machine into the pages.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { hasShape, readSteps, type Step, writeOutputs } from '../support/guide.js';
import { ROOT } from '../support/markdown-pages.js';

const GUIDES = ['first-ten-minutes', 'your-answers', 'results', 'troubleshooting'];
const write = process.env['UNIVAR_WRITE_DOCS'] === '1';

describe.each(GUIDES)('the guide %s', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const path = join(ROOT, 'docs', `${name}.md`);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the reader sees: the results, or the message of a command that failed. */
  function run(commands: string): string {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', commands], { cwd: folder, encoding: 'utf8' });
    return status === 0 ? stdout : stderr;
  }

  it('does what it says', () => {
    mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(ROOT, join(folder, 'node_modules', 'univar'));
    symlinkSync(join(ROOT, 'dist', 'cli', 'main.js'), join(folder, 'node_modules', '.bin', 'univar'));
    const outputs = new Map<Step, string>();
    const faults: string[] = [];
    for (const step of readSteps(path)) {
      if (step.long && !write) continue;
      if (step.file !== undefined) {
        writeFileSync(join(folder, step.file), step.content);
        continue;
      }
      const actual = run(step.content);
      outputs.set(step, actual);
      if (step.output && !hasShape(actual, step.output.text)) faults.push(`${step.place} printed:\n${actual}`);
    }
    if (write) writeOutputs(path, outputs);
    else expect(faults).toEqual([]);
    expect(outputs.size).toBeGreaterThan(0);
  });
});
