/** Keeps the outcome of every check as a line of JSON, and draws them. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { git } from '../base/git.js';
import type { CheckReport } from '../check.js';
import { BenchError, messageOf } from '../errors.js';
import { drawChart } from './chart.js';

export interface HistoryEntry {
  name: string;
  measures: 'time' | 'scaling';
  status: string;
  /** Instructions of one iteration in the checked build; null if they were not counted. */
  instructions: number | null;
  /** Growth since the base, as shares: of the instructions, and of the time. */
  growth: number | null;
  change: number | null;
}

export interface HistoryLine {
  /** ISO 8601, UTC. */
  date: string;
  /** Abbreviated ids of the checked commit and of its base. */
  commit: string;
  base: string;
  entries: HistoryEntry[];
}

/** Returns the line of a check that compared with a commit. */
export async function lineOf({ base, entries }: CheckReport, root: string, now = new Date()): Promise<HistoryLine> {
  return {
    date: now.toISOString(),
    commit: await git(root, ['describe', '--always', '--dirty', '--exclude=*']),
    base: base.kind === 'none' ? '' : base.commit.slice(0, 10),
    entries: entries.map(({ name, measures, status, instructions, change }) => ({
      name,
      measures,
      status,
      instructions: instructions.kind === 'counted' ? instructions.head : null,
      growth: instructions.kind === 'counted' ? instructions.growth : null,
      change: change?.center ?? null,
    })),
  };
}

/** Appends a line. @throws BenchError `ERR_DATA` if the file cannot be written */
export async function appendHistory(path: string, line: HistoryLine): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, `${JSON.stringify(line)}\n`);
  } catch (cause) {
    throw new BenchError('ERR_DATA', `Cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Reads all lines, oldest first. @throws BenchError `ERR_DATA` naming the line that is damaged */
export async function readHistory(path: string): Promise<HistoryLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new BenchError('ERR_DATA', `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  const lines = text.split('\n').map((line, i) => ({ line, number: i + 1 }));
  return lines
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => {
      try {
        const value = JSON.parse(line) as HistoryLine;
        if (typeof value.commit === 'string' && Array.isArray(value.entries)) return value;
      } catch {
        // The error below names the line.
      }
      throw new BenchError('ERR_DATA', `${path}, line ${number}: expected the JSON line of a check`);
    });
}

/** Draws one row per benchmark: its instructions. */
export function plotHistory(lines: readonly HistoryLine[]): string {
  const names = [...new Set(lines.flatMap(({ entries }) => entries.map(({ name }) => name)))].sort();
  return drawChart({
    title: 'Instructions of each benchmark, by checked commit',
    subtitle: 'one iteration, counted under Valgrind; logarithmic, one scale per row; the figure is the latest',
    ticks: lines.map(({ commit }) => commit),
    format: (value) => value.toExponential(3),
    rows: names.flatMap((name) => {
      const points = lines.flatMap(({ entries }, at) => {
        const value = entries.find((entry) => entry.name === name && entry.measures === 'time')?.instructions;
        return value ? [{ at, value }] : [];
      });
      return points.length === 0 ? [] : [{ label: name, lines: [{ label: 'instructions', points }] }];
    }),
  });
}
