import { type Command, Option } from 'commander';

import { STAGE_NAMES } from '../generation/stages/stage.js';
import type { CliContext } from './context.js';
import type { GenerateCommandOptions } from './generate/options.js';

export function addGenerateCommand(program: Command, context: CliContext): void {
  program
    .command('generate')
    .description('make value-eliciting questions, ask models in their languages, and translate the answers to English')
    .argument('[project]', 'project file (YAML); docs/generation.md has its settings')
    .option('-n, --dry-run', 'print calls, tokens and cost by model and stage, and ask nobody')
    .option('--init <folder>', 'write a project file and the prompts into a new folder, to start from')
    .addOption(new Option('--until <stage>', 'last stage to run').choices(STAGE_NAMES))
    .option(
      '--queue <url>',
      'let "univar worker --project" make the calls, on any number of machines; a Redis such as redis://10.0.0.1:6379',
    )
    .option('--no-report', 'leave out report.html, report.json and samples.html')
    .option('--json', 'print the plan or the summary as one JSON document')
    .addHelpText(
      'after',
      `
A run that was interrupted, or whose project was changed, goes on where it has to: no call is made twice.

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
