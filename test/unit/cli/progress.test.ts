import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { describeProgress, startProgress } from '../../../src/cli/progress.js';

const OPTIONS = { label: 'embed', unit: 'answers', total: 2400 };

describe('describeProgress', () => {
  it('shows share, rate and remaining time', () => {
    expect(describeProgress(OPTIONS, 600, 6)).toBe('600/2,400 answers  25.0 %  100/s  ETA 18 s');
  });

  it('ignores earlier work in rate and estimate', () => {
    expect(describeProgress({ ...OPTIONS, done: 400 }, 600, 2)).toBe('600/2,400 answers  25.0 %  100/s  ETA 18 s');
  });

  it('leaves out unknown figures', () => {
    expect(describeProgress({ label: 'read', unit: 'rows' }, 5, 0)).toBe('5 rows');
    expect(describeProgress({ ...OPTIONS, total: 0 }, 0, 1)).toBe('0/0 answers');
  });
});

describe('startProgress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  function stream(
    isTTY: boolean,
    columns?: number,
  ): { written: string[]; isTTY: boolean; columns: number | undefined; write(text: string): void } {
    const written: string[] = [];
    return { written, isTTY, columns, write: (text) => void written.push(text) };
  }

  it('prints a plain line every five seconds without a terminal', () => {
    const out = stream(false);
    const progress = startProgress(OPTIONS, out as never);
    progress.update(1);
    vi.advanceTimersByTime(5000);
    progress.update(500);
    progress.update(501);
    progress.stop();
    expect(out.written).toEqual(['embed: 500/2,400 answers  20.8 %  100/s  ETA 19 s\n']);
  });

  it('leaves the time without workers out of the rate', () => {
    const out = stream(false);
    const progress = startProgress(OPTIONS, out as never);
    vi.advanceTimersByTime(1000);
    progress.setWorking(false);
    vi.advanceTimersByTime(8000);
    progress.setWorking(true);
    vi.advanceTimersByTime(4000);
    progress.update(500);
    progress.stop();
    expect(out.written.at(-1)).toBe('embed: 500/2,400 answers  20.8 %  100/s  ETA 19 s\n');
  });

  it('never repeats a line without a terminal, and reports a stalled task at growing intervals', () => {
    const out = stream(false);
    const progress = startProgress(OPTIONS, out as never);
    const wait = (seconds: number, done: number): void => {
      for (let passed = 0; passed < seconds; passed++) {
        vi.advanceTimersByTime(1000);
        progress.update(done);
      }
    };
    wait(6, 500);
    expect(out.written.splice(0)).toEqual(['embed: 500/2,400 answers  20.8 %  100/s  ETA 19 s\n']);
    wait(75, 500);
    expect(out.written.splice(0)).toEqual([
      'embed: still at 500/2,400 answers after 15 s\n',
      'embed: still at 500/2,400 answers after 35 s\n',
      'embed: still at 500/2,400 answers after 1:15\n',
    ]);
    wait(11, 501);
    expect(out.written.splice(0)).toHaveLength(2);
    progress.stop();
    wait(60, 502);
    vi.advanceTimersByTime(10_000_000);
    expect(out.written).toEqual([]);
  });

  it.each([20, 40, 200])('keeps a bar within %i columns', (columns) => {
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
    const out = stream(true, columns);
    // cli-progress uses a few more members of a terminal stream.
    const progress = startProgress(
      OPTIONS,
      Object.assign(out, { cursorTo() {}, clearLine() {}, clearScreenDown() {}, moveCursor() {} }) as never,
    );
    vi.advanceTimersByTime(1000);
    progress.update(1200);
    vi.advanceTimersByTime(1000);
    progress.stop();
    const lines = out.written.map((text) => text.replace(escapes, ''));
    expect(lines.some((line) => line.includes('embed'))).toBe(true);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });
});
