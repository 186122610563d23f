import { EngineError } from '../../core/errors.js';
import { type GenerateSummary, generate } from '../../generation/generate.js';
import { planProject } from '../../generation/plan.js';
import { type Project, readProject, usedEndpoints } from '../../generation/project.js';
import { ProjectFolder } from '../../generation/project-folder.js';
import { writeQualityReport } from '../../generation/report/write-report.js';
import { STAGE_NAMES } from '../../generation/stages/stage.js';
import type { CallQueue } from '../../queue/call-queue.js';
import type { CliContext } from '../context.js';
import { formatCount, formatDuration, plural } from '../format.js';
import type { Progress } from '../progress.js';
import { initProject } from './init.js';
import type { GenerateCommandOptions } from './options.js';
import { describePlan, describeSummary } from './print.js';

/** `univar generate` */
export async function runGenerate(
  path: string | undefined,
  options: GenerateCommandOptions,
  context: CliContext,
): Promise<void> {
  if (options.init !== undefined) return initProject(options.init, context);
  if (path === undefined)
    throw new EngineError('ERR_ARG_TYPE', 'Expected a project file; run "univar generate --init FOLDER" to write one');
  const project = await readProject(path);
  if (options.dryRun) return printPlan(project, options, context);
  const summary = await generateWithProgress(project, options, context);
  const reports =
    options.report === false || summary.qa === undefined
      ? []
      : await writeQualityReport(project, summary, context.signal);
  if (options.json) context.printJson({ ...summary, reports, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
  else context.print(describeSummary(project, summary, reports));
}

async function printPlan(project: Project, { json }: GenerateCommandOptions, context: CliContext): Promise<void> {
  const folder = await ProjectFolder.open(project.out);
  const measured = Object.fromEntries(
    STAGE_NAMES.flatMap((stage) => {
      const state = folder.state(stage);
      return state ? [[stage, state.output.records]] : [];
    }),
  );
  const plan = planProject(project, measured);
  if (json) context.printJson({ project: project.name, ...plan });
  else context.print(describePlan(project, plan, Object.keys(measured).length > 0));
}

async function generateWithProgress(
  project: Project,
  { until, queue }: GenerateCommandOptions,
  context: CliContext,
): Promise<GenerateSummary> {
  let progress: Progress | undefined;
  const calls = queue === undefined ? undefined : await openCallQueue(queue, project, context);
  try {
    return await generate(project, {
      env: process.env,
      openEndpoint: calls && ((name) => Promise.resolve(calls.endpoint(name))),
      until,
      signal: context.signal,
      events: {
        onOpen: (stored, damaged) => {
          if (stored > 0) context.log(`generate: reusing ${plural(stored, 'call')} of earlier runs`);
          if (damaged > 0)
            context.log(`generate: ${plural(damaged, 'damaged line')} in the call store; these calls are repeated`);
        },
        onStage: (stage, reused) => {
          if (reused) context.log(`generate: ${stage} has not changed`);
        },
        onProgress: (stage, done, total) => {
          progress ??= context.progress({ label: stage, unit: 'calls', total });
          progress.update(done);
        },
        onStageEnd: (stage, { output, rejects, seconds }) => {
          progress?.stop();
          progress = undefined;
          const rejected = Object.entries(rejects)
            .map(([reason, count]) => `${formatCount(count)} ${reason}`)
            .join(', ');
          context.log(
            `generate: ${stage}: ${plural(output.records, 'record')} in ${formatDuration(seconds)}` +
              (rejected === '' ? '' : ` (left out: ${rejected})`),
          );
        },
      },
    });
  } finally {
    progress?.stop();
    await calls?.close();
  }
}

async function openCallQueue(url: string, project: Project, context: CliContext): Promise<CallQueue> {
  const { reachRedis } = await import('../../queue/redis.js');
  const { CallQueue } = await import('../../queue/call-queue.js');
  return CallQueue.open({
    connection: await reachRedis(url, context.signal),
    signal: context.signal,
    project: project.name,
    endpoints: usedEndpoints(project),
    out: project.out,
    onNotice: (text) => context.log(`generate: ${text}`),
  });
}
