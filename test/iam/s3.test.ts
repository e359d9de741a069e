import { describeWith } from '../emulators/servers.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';
import { lambda } from '../fixtures/iam-config.ts';
import { awsGrants } from './compare.ts';
import { comparesEveryVerb } from './every-verb.ts';
import { policiesOf } from './printed.ts';
import { s3Accesses } from './s3-requests.ts';

const region = 'us-east-1';
const kmsKey = `arn:aws:kms:${region}:123456789012:key/11111111-2222-3333-4444-555555555555`;

describeWith('moto', 'what verbs ask of S3, and what coldgate iam grants', (server) => {
  s3Environment('moto');
  comparesEveryVerb({
    server,
    settings: async () => ({ ...(await s3Bucket('moto')).settings, region, kmsKey }),
    accesses: (request) => s3Accesses(request, { region, kmsKey }),
    grants: (policySet) => awsGrants(policiesOf(policySet)),
    functionTarget: lambda(),
  });
});
