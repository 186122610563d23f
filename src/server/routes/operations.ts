import { PAGE, PAGE_POLICY } from '../page.js';
import type { App, Service } from '../service.js';

/** Adds `GET /healthz`, `/readyz`, `/metrics`, `/openapi.json` and the page at `/`. */
export function addOperationRoutes(app: App, service: Service): void {
  const hide = { schema: { hide: true } };
  const { live, metrics } = service;

  app.get('/healthz', hide, () => ({ status: 'ok' }));

  app.get('/readyz', hide, (_, reply) => {
    if (service.state !== 'serving') return reply.code(503).send({ status: 'draining' });
    if (live?.failure !== undefined) return reply.code(503).send({ status: 'changes are refused; see the log' });
    return reply.send({ status: 'ready' });
  });

  app.get('/metrics', hide, async (_, reply) =>
    reply
      .type(metrics.registry.contentType)
      .serializer(String)
      .send(await metrics.registry.metrics()),
  );

  app.get('/openapi.json', hide, () => app.swagger());

  if (service.exploration) return; // its page is at /
  app.get('/', hide, (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .header('x-content-type-options', 'nosniff')
      .serializer(String)
      .send(PAGE),
  );
}
