import type { Surface } from '../../fakes/clouds/loopback.ts';
import type { Contract } from '../contract.ts';
import { apiSurface } from '../surface.ts';
import type { CloudRun } from './cloud-run.ts';
import { operationMethods } from './operations.ts';
import { policyMethods } from './policies.ts';
import { writeQuota } from './quotas.ts';
import { revisionMethods } from './revisions.ts';
import { serviceMethods } from './services.ts';

/** The Cloud Run Admin API v2: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services */
export const runSurface = (run: CloudRun, contract: Contract): Surface =>
  apiSurface(run.context, {
    ...{ name: 'RUN', contract, federated: false, charge: writeQuota(run.context) },
    methods: {
      ...serviceMethods(run, contract),
      ...policyMethods(run),
      ...revisionMethods(run),
      ...operationMethods(run),
    },
  });
