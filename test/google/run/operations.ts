import { setTimeout as pause } from 'node:timers/promises';
import type { Fields } from '../../fakes/clouds/fields.ts';
import { notFound } from '../api-error.ts';
import type { Need } from '../context.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import type { CloudRun } from './cloud-run.ts';
import type { Operation } from './record.ts';

/** An operation as the API answers it, without another look. */
export function operationView(_run: CloudRun, operation: Operation): Fields {
  const { name, outcome } = operation;
  return { name, metadata: operation.metadata(), ...(outcome && { done: true, ...outcome }) };
}

function operationAt(run: CloudRun, { labels }: ApiRequest): Operation {
  const found = run.operations.get(labels['name'] ?? '');
  if (!found) throw notFound(labels['name'] ?? '');
  return found;
}

const needs = ({ labels }: ApiRequest): Need[] => [
  { permission: 'run.operations.get', resource: labels['name'] ?? '' },
];

/** The methods of operations. */
export function operationMethods(run: CloudRun): Record<string, ApiMethod> {
  return {
    'run.projects.locations.operations.get': {
      needs,
      answer(request) {
        const operation = operationAt(run, request);
        run.look(operation);
        return operationView(run, operation);
      },
    },
    'run.projects.locations.operations.wait': {
      needs,
      /** Best effort: it may answer before the operation is done, and before the time that it was given is over. */
      async answer(request) {
        const operation = operationAt(run, request);
        const seconds = Number.parseFloat(String(request.body['timeout'] ?? '30s'));
        await Promise.race([operation.work, pause(seconds * 1000, undefined, { ref: false })]);
        run.look(operation);
        return operationView(run, operation);
      },
    },
  };
}
