import { Type } from 'typebox';

import type { Exploration } from '../../../explore/exploration.js';
import type { App } from '../../service.js';

/** Adds the routes of the probabilities of value ids, from classifiers that have not seen the answers. */
export function addProbabilityRoutes(app: App, { dataset, probabilities }: Exploration): void {
  app.get(
    '/v1/explore/probabilities',
    { schema: { summary: 'Whether there are out-of-fold probabilities of the value ids', tags: ['explore'] } },
    () => probabilities.state,
  );

  app.get(
    '/v1/explore/probabilities/rows',
    {
      schema: {
        summary:
          'Probability of the value id of each answer, or of the value id "id" for each answer, by a classifier that ' +
          'saw neither the answer nor another one to its question: [rows] float32, NaN for none',
        tags: ['explore'],
        querystring: Type.Object({ id: Type.Optional(Type.String()) }),
      },
    },
    ({ query, held }, reply) => {
      const values = probabilities.of(query.id);
      held.add(dataset.rows * Float32Array.BYTES_PER_ELEMENT);
      return reply.type('application/octet-stream').send(Buffer.from(values.buffer));
    },
  );
}
