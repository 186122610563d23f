import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

import type { LiveCollection } from '../datasets/live/live-collection.js';
import type { Exploration } from '../explore/exploration.js';
import { ApiError } from './api-error.js';
import type { ByteBudget } from './byte-budget.js';
import type { Limits } from './limits.js';
import type { ServerMetrics } from './metrics.js';
import type { Schemas } from './schemas.js';
import type { ServedEncoders } from './served-encoders.js';

/** fastify with handlers whose types come from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** The objects that the routes use. */
export interface Service {
  encoders: ServedEncoders;
  /** Undefined if only embeddings are served. */
  live: LiveCollection | undefined;
  /** The map of the collection, if the page for exploration is served. */
  exploration: Exploration | undefined;
  limits: Limits;
  schemas: Schemas;
  metrics: ServerMetrics;
  budget: ByteBudget;
  /** `draining`: not ready, but still serving; `closing`: refuses new requests. */
  state: 'serving' | 'draining' | 'closing';
}

/** @throws ApiError if the server is read-only; errors of {@link requireLive} */
export function requireWritable(service: Service): LiveCollection {
  const live = requireLive(service);
  if (live.readOnly) throw new ApiError('read_only', 'This server was started with --read-only');
  return live;
}

/** @throws ApiError if only embeddings are served */
export function requireLive({ live }: Service): LiveCollection {
  if (!live) throw new ApiError('no_index', 'This server has no dataset: it was started without --index');
  return live;
}
