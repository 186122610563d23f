import { Type } from 'typebox';

import { compareSides } from '../../../explore/compare-sides.js';
import type { Exploration } from '../../../explore/exploration.js';
import type { App } from '../../service.js';

/** Adds the route that compares two sides of the dataset. */
export function addCompareRoute(app: App, exploration: Exploration): void {
  app.get(
    '/v1/explore/compare',
    {
      schema: {
        summary: 'Questions in which two categories of a column differ most, and the phrases that mark each',
        tags: ['explore'],
        querystring: Type.Object({ by: Type.String(), a: Type.String(), b: Type.String() }),
      },
    },
    ({ query: { by, a, b }, gone: signal }) => compareSides(exploration, { by, names: [a, b], signal }),
  );
}
