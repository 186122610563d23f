import type { Exploration } from '../../../explore/exploration.js';
import type { App, Service } from '../../service.js';
import { addCompareRoute } from './compare.js';
import { addExportRoute } from './export.js';
import { addFindRoutes } from './find.js';
import { addMapRoutes } from './map.js';
import { addExplorePage } from './page.js';
import { addProbabilityRoutes } from './probabilities.js';

/** Adds what `univar explore` serves beside the other routes. The service must have a collection. */
export async function addExploreRoutes(app: App, service: Service, exploration: Exploration): Promise<void> {
  addMapRoutes(app, service, exploration);
  addFindRoutes(app, service, exploration);
  addProbabilityRoutes(app, exploration);
  addCompareRoute(app, exploration);
  addExportRoute(app, service, exploration);
  await addExplorePage(app);
}
