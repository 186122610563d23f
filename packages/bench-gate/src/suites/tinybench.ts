/** Stands in for the package tinybench while a suite is read: collects tasks, and runs none. */
import { collect, inGroup } from './collector.js';

type Hook = (...args: unknown[]) => unknown;

interface TaskOptions {
  beforeAll?: Hook;
  afterAll?: Hook;
  beforeEach?: Hook;
  afterEach?: Hook;
}

interface BenchOptions {
  name?: string;
  setup?: Hook;
  teardown?: Hook;
}

interface Task {
  name: string;
  fn: Hook;
  result: undefined;
}

export class Bench extends EventTarget {
  readonly name: string | undefined;
  readonly tasks: Task[] = [];
  readonly results: never[] = [];

  constructor(readonly opts: BenchOptions = {}) {
    super();
    this.name = opts.name;
  }

  add(name: string, fn: Hook, options: TaskOptions = {}): this {
    const task: Task = { name, fn, result: undefined };
    this.tasks.push(task);
    const { setup, teardown } = this.opts;
    inGroup(this.name, () => {
      collect({
        name,
        start: async () => {
          await setup?.(task, 'run');
          await options.beforeAll?.call(task, 'run');
          const bind = (hook: Hook | undefined) => hook && (() => hook.call(task, 'run'));
          return { run: () => fn.call(task), before: bind(options.beforeEach), after: bind(options.afterEach) };
        },
        end: async () => {
          await options.afterAll?.call(task, 'run');
          await teardown?.(task, 'run');
        },
      });
    });
    return this;
  }

  getTask(name: string): Task | undefined {
    return this.tasks.find((task) => task.name === name);
  }

  run(): Promise<Task[]> {
    return Promise.resolve(this.tasks);
  }

  runSync(): Task[] {
    return this.tasks;
  }

  warmup(): Promise<void> {
    return Promise.resolve();
  }

  table(): never[] {
    return [];
  }

  reset(): void {
    // There is nothing to reset.
  }
}

export const now = (): number => performance.now();
export const nToMs = (nanoseconds: number): number => nanoseconds / 1e6;
export const hrtimeNow = (): number => nToMs(Number(process.hrtime.bigint()));
export default Bench;
