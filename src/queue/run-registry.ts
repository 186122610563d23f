/**
 * The runs that need workers, in Redis. Each run has its own queue, so a worker takes jobs only of runs that it can
 * work for, and it can say why it does not work for the others.
 *
 *   univar:runs          set of the names of the queues
 *   univar:run:<queue>   the run as JSON
 *
 * Versions of univar read each other's entries. So these keys and the fields of {@link RunBase} stay as they are.
 */
import type { Redis } from 'ioredis';

import { isObject } from '../core/json-file.js';
import { PACKAGE } from '../core/package-files.js';

/** Version of jobs, files and entries. Increase it with every change that an older program would misread. */
export const QUEUE_PROTOCOL = 2;

const RUNS = 'univar:runs';
/** A planner that was killed leaves its jobs for workers, but not for ever. */
const KEEP_SECONDS = 24 * 3600;

export interface RunBase {
  kind: string;
  /** Name of the queue with its jobs. */
  queue: string;
  /** Shown to people: the dataset folder or the project. */
  name: string;
  protocol: number;
  /** Version of univar that started the run. */
  version: string;
}

/** Fields that are the same for all runs of this program. */
export const OWN_VERSION = { protocol: QUEUE_PROTOCOL, version: PACKAGE.version } as const;

/** Methods reject while there is no connection to Redis. */
export class RunRegistry {
  /** @param redis a client whose commands fail while there is no connection, such as that of a `RedisLink` */
  constructor(private readonly redis: Redis) {}

  /** Announces a run, or extends its time. */
  async announce(run: RunBase): Promise<void> {
    await this.redis.set(keyOf(run.queue), JSON.stringify(run), 'EX', KEEP_SECONDS);
    await this.redis.sadd(RUNS, run.queue);
  }

  async withdraw(queue: string): Promise<void> {
    await this.redis.srem(RUNS, queue);
    await this.redis.del(keyOf(queue));
  }

  /** Removes the settings of a queue, which a worker writes again after the planner has removed everything. */
  async removeSettings(queue: string): Promise<void> {
    await this.redis.del(`bull:${queue}:meta`);
  }

  /** Returns the runs of a kind in the order of their queues, of this and other versions of univar. */
  async runs(kind: string): Promise<RunBase[]> {
    const queues = (await this.redis.smembers(RUNS)).sort();
    if (queues.length === 0) return [];
    const texts = await this.redis.mget(queues.map(keyOf));
    const gone = queues.filter((_, i) => texts[i] == null);
    if (gone.length > 0) await this.redis.srem(RUNS, ...gone);
    return texts.map(parseRun).filter((run) => run?.kind === kind) as RunBase[];
  }
}

/** Returns why this version of univar cannot work for a run; undefined if it can. */
export function otherVersion({ protocol, version }: RunBase): string | undefined {
  if (protocol === QUEUE_PROTOCOL && version === PACKAGE.version) return undefined;
  return (
    `it was started by univar ${version} (protocol ${protocol}), and this is univar ${PACKAGE.version} ` +
    `(protocol ${QUEUE_PROTOCOL}); use the same version`
  );
}

function keyOf(queue: string): string {
  return `univar:run:${queue}`;
}

/** Anyone who can write to Redis can write anything. */
function parseRun(text: string | null | undefined): RunBase | undefined {
  try {
    const run = JSON.parse(text ?? '') as unknown;
    const isRun = isObject(run) && ['kind', 'queue', 'name', 'version'].every((key) => typeof run[key] === 'string');
    return isRun && typeof run['protocol'] === 'number' ? (run as unknown as RunBase) : undefined;
  } catch {
    return undefined;
  }
}
