import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { ReusedOutput } from '../base/base-build.js';
import { check, DEFAULT_BUDGET_SECONDS } from '../check.js';
import { BenchError, messageOf } from '../errors.js';
import { appendHistory, lineOf } from '../report/history.js';
import { markdown } from '../report/markdown.js';
import { commentOnPullRequest, pullRequestOf } from '../report/pull-request.js';
import { describeReport } from '../report/text.js';
import type { CliContext } from './context.js';
import { seconds } from './numbers.js';

export const CHECK_OPTIONS = {
  base: { type: 'string' },
  main: { type: 'string' },
  accepted: { type: 'string', default: 'bench/accepted.json' },
  build: { type: 'string', default: 'npm run build' },
  reuse: { type: 'string', multiple: true, default: [] as string[] },
  budget: { type: 'string', default: String(DEFAULT_BUDGET_SECONDS) },
  count: { type: 'boolean', default: true },
  strict: { type: 'boolean', default: false },
  command: { type: 'string', default: 'bench-gate check' },
  history: { type: 'string' },
  comment: { type: 'boolean', default: false },
} as const;

interface CheckValues {
  bench: string[];
  json: boolean;
  base?: string | undefined;
  main?: string | undefined;
  accepted: string;
  build: string;
  reuse: string[];
  budget: string;
  count: boolean;
  strict: boolean;
  command: string;
  history?: string | undefined;
  comment: boolean;
}

const FAILED = 1;

/** Prints the verdict on each benchmark. Sets exit code 1 if one became slower. */
export async function runCheck(names: readonly string[], values: CheckValues, context: CliContext): Promise<void> {
  const { accepted, command, history, comment, json, ...rest } = values;
  const { signal, log, progress } = context;
  const budget = seconds('budget', values.budget);
  const reuse = values.reuse.map(reusedOutput);
  const report = await check({ ...rest, accepted, names, budget, reuse, signal, log, onProgress: progress });
  if (json) context.printJson(report);
  else context.print(describeReport(report, { command, accepted }));
  const page = markdown(report, { command, accepted });
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary) await appendFile(summary, page);
  if (history !== undefined && report.base.kind === 'commit')
    await appendHistory(resolve(history), await lineOf(report, process.cwd()));
  if (comment) await postComment(page, context);
  if (!report.passed) context.setExitCode(FAILED);
}

/** Writes or updates the comment. A server that refuses must not hide the verdict. */
async function postComment(page: string, { log, signal }: CliContext): Promise<void> {
  const place = pullRequestOf(process.env, (path) => readFileSync(path, 'utf8'));
  if ('missing' in place) {
    log(`No comment was written: ${place.missing}`);
    return;
  }
  try {
    log(`${await commentOnPullRequest({ ...place, body: page, signal })} the comment on #${place.number}`);
  } catch (error) {
    log(`No comment was written: ${messageOf(error)}`);
  }
}

function reusedOutput(text: string): ReusedOutput {
  const [, output, inputs] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (output === undefined || inputs === undefined)
    throw new BenchError('ERR_ARG_RANGE', `Expected output=input,... for --reuse, got "${text}"`);
  return { output, inputs: inputs.split(',') };
}
