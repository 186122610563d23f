import { type Command, Option } from 'commander';

import { STAGE_NAMES } from '../generation/stages/stage.js';
import type { CliContext } from './context.js';
import type { GenerateCommandOptions } from './generate/options.js';

export function addGenerateCommand(program: Command, context: CliContext): void {
  program
    .command('generate')
    .description(
      'generate questions about values, ask models in several languages, and translate the answers to English',
    )
    .argument('[project]', 'project file (YAML); see docs/generation.md for its settings')
    .option('-n, --dry-run', 'print calls, tokens and cost by model and stage, without calling any model')
    .option('--init <folder>', 'write a starter project file and the prompts into a new folder')
    .addOption(new Option('--until <stage>', 'last stage to run').choices(STAGE_NAMES))
    .option(
      '--queue <url>',
      'let "univar worker --project" make the calls, on any machines; a Redis URL such as redis://10.0.0.1:6379',
    )
    .option('--no-report', 'do not write report.html, report.json and samples.html')
    .option('--json', 'print the plan or the summary as one JSON document')
    .addHelpText(
      'after',
      `
If a run was interrupted or its project has changed, run the same command again: it continues where needed, and repeats
no call.

Examples:
  $ univar generate --init my-corpus/
  $ univar generate my-corpus/project.yaml --dry-run
  $ univar generate my-corpus/project.yaml
  $ univar embed my-corpus/results/qa.jsonl --out values/
`,
    )
    .action(async (project: string | undefined, options: GenerateCommandOptions) => {
      const { runGenerate } = await import('./generate/run.js');
      await runGenerate(project, options, context);
    });
}
