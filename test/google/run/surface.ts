import type { Contract } from '../contract.ts';
import type { Buckets } from '../storage/buckets.ts';
import { apiSurface, type Surface } from '../surface.ts';
import type { CloudRun } from './cloud-run.ts';
import { operationMethods } from './operations.ts';
import { policyMethods } from './policies.ts';
import { writeQuota } from './quotas.ts';
import { revisionMethods } from './revisions.ts';
import { serviceMethods } from './services.ts';
import { uploadMethods } from './uploads.ts';

/** The Cloud Run Admin API v2: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services */
export const runSurface = (run: CloudRun, contract: Contract, buckets: Buckets): Surface =>
  apiSurface(run.world, {
    ...{ name: 'RUN', contract, federated: false, charge: writeQuota(run.world) },
    methods: {
      ...serviceMethods(run, contract),
      ...policyMethods(run),
      ...revisionMethods(run),
      ...operationMethods(run),
      ...uploadMethods(run, buckets),
    },
  });
