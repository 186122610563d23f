import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

import type { LiveCollection } from '../datasets/live/live-collection.js';
import type { Encoder } from '../encoder/encoder.js';
import { ApiError } from './api-error.js';
import type { EncodeBatcher } from './encode-batcher.js';
import type { Limits } from './limits.js';
import type { ServerMetrics } from './metrics.js';
import type { Schemas } from './schemas.js';

/** fastify, with the types of handlers from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes work with. */
export interface Service {
  encoder: Encoder;
  batcher: EncodeBatcher;
  /** Undefined where only embeddings are served. */
  live: LiveCollection | undefined;
  limits: Limits;
  schemas: Schemas;
  metrics: ServerMetrics;
  /** `draining`: unready, but everything is answered; `closing`: new requests are refused. */
  state: 'serving' | 'draining' | 'closing';
}

/** @throws ApiError where nothing may be changed, and as {@link requireLive} */
export function requireWritable(service: Service): LiveCollection {
  const live = requireLive(service);
  if (live.readOnly) throw new ApiError('read_only', 'This server was started with --read-only');
  return live;
}

/** @throws ApiError where only embeddings are served */
export function requireLive({ live }: Service): LiveCollection {
  if (!live) throw new ApiError('no_index', 'This server has no dataset: it was started without --index');
  return live;
}
