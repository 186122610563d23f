import { LiveCollection } from '../../src/datasets/live/live-collection.js';
import type { Encoder } from '../../src/encoder/encoder.js';
import { embedDataset, loadEncoder } from '../../src/index.js';
import { ServedDataset } from '../../src/pipeline/served-dataset.js';
import { ApiKeys } from '../../src/server/api-keys.js';
import { Server } from '../../src/server/start-server.js';
import type { ApiScene } from '../support/api-scene.js';

/** Small limits, so that requests at and beyond them are short. */
const LIMITS = { texts: 16, textLength: 300, bodyBytes: 64 * 1024, responseBytes: 48 * 1024, k: 20, writeMs: 2000 };
export const ROLES = ['read', 'write', 'admin'] as const;
export const keyOf = (role: string): string => `key-of-a-client-who-may-${role}`;

export interface FuzzedServer {
  server: Server;
  /** Width of the vectors it takes. */
  dim: number;
  hasKeys: boolean;
}

/** Servers of a dataset with a fit, of one without, and of an encoder alone. */
export class FuzzedServers {
  private constructor(
    readonly all: Readonly<Record<'fitted' | 'plain' | 'encoder', FuzzedServer>>,
    private readonly errors: string[],
  ) {}

  static async open({ path, embedding }: ApiScene): Promise<FuzzedServers> {
    const plain = path('served');
    await embedDataset({ ...embedding, out: plain });
    const errors: string[] = [];
    const log = {
      level: 'error',
      texts: false,
      stream: { write: (line: string) => void errors.push(line) },
    };
    const keys = new ApiKeys(ROLES.map((role) => ({ key: keyOf(role), role })));
    const start = async (source: Encoder | LiveCollection, hasKeys: boolean): Promise<FuzzedServer> => {
      const dim = source instanceof LiveCollection ? source.current.dim : source.dim;
      const limits = hasKeys ? { ...LIMITS, perMinute: 1_000_000 } : LIMITS;
      const server = await Server.start({ source, port: 0, limits, log, ...(hasKeys && { keys }) });
      return { server, dim, hasKeys };
    };
    return new FuzzedServers(
      {
        fitted: await start(await openLive(embedding.out), true),
        plain: await start(await openLive(plain), false),
        encoder: await start(await loadEncoder(path('encoder')), false),
      },
      errors,
    );
  }

  /** Returns the errors that the servers have logged since the last call. */
  takeErrors(): string[] {
    return this.errors.splice(0);
  }

  async close(): Promise<void> {
    for (const { server } of Object.values(this.all)) await server.stop({ timeoutMs: 1000 });
  }
}

function openLive(dir: string): Promise<LiveCollection> {
  const dataset = new ServedDataset(dir, { readOnly: false, note: () => undefined });
  return LiveCollection.open({ open: () => dataset.open(), close: () => dataset.close() });
}
