export interface WorkerOptions {
  queue: string;
  encoder?: string;
  out?: string;
  exchange?: string;
  project?: string;
  calls?: number;
  lease: number;
  json?: boolean;
}
