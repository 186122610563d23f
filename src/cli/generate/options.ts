import type { StageName } from '../../generation/stages/stage.js';

export interface GenerateCommandOptions {
  dryRun?: boolean;
  init?: string;
  until?: StageName;
  queue?: string;
  report?: boolean;
  json?: boolean;
}
