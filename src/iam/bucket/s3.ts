import { type Advice, areasOf, type Premises, quoted, resultWords, versionAreasOf } from './advice.ts';
import { cdnForS3, cdnStatement, nameDistribution } from './cdn-s3.ts';

type Condition = Record<string, Record<string, string>>;

const partitionOf = (region = ''): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

/** Parts of an upload take no condition; their completion does (s3:ObjectCreationOperation). */
const creating = { Bool: { 's3:ObjectCreationOperation': 'true' } };

/**
 * Policy of the bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html A
 * tombstone is the one object of a version that is updated, so it needs a precondition, as a pointer does.
 */
function policyOf(premises: Premises): object {
  const { bucket, root, models, pointers, files, region, endpoint, readUrl } = premises;
  const partition = partitionOf(region);
  const arn = `arn:${partition}:s3:::${bucket}`;
  const places = root === '' ? models.map((model) => `${arn}/${model}`) : [`${arn}/${root}*`];
  const below = (names: readonly string[]) => places.flatMap((place) => names.map((name) => `${place}/${name}`));
  const deny = (Sid: string, Action: string, Resource: string[], Condition: Condition) => ({
    ...{ Sid, Effect: 'Deny', Principal: '*', Action, Resource, Condition },
  });
  const own = ['manifest.json', 'artifacts/*', ...files].map((name) => `versions/*/${name}`);
  const moving = [...pointers, 'history/*', 'leases/*', 'baselines/*', 'versions/*/.tombstone'];
  const encrypted = deny('TransportIsEncrypted', 's3:*', [arn, `${arn}/*`], {
    Bool: { 'aws:SecureTransport': 'false' },
  });
  return {
    Version: '2012-10-17',
    Statement: [
      // A server on loopback has no encryption to require.
      ...(endpoint?.startsWith('http:') ? [] : [encrypted]),
      deny('VersionsAreCreatedOnce', 's3:PutObject', below(own), {
        Null: { 's3:if-none-match': 'true' },
        ...creating,
      }),
      deny('PointersMoveByCompareAndSwap', 's3:PutObject', below(moving), {
        Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' },
        ...creating,
      }),
      ...(readUrl === undefined ? [] : [cdnStatement(premises, partition)]),
    ],
  };
}

/**
 * Rules of https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html But for results of
 * queues no current object expires or moves to an archive class: age does not show what is live.
 */
function lifecycleOf(premises: Premises): object {
  const { coldAfter, keep } = premises;
  const cold = versionAreasOf(premises).map((Prefix, at) => ({
    ID: `coldgate-versions-${at + 1}`,
    Status: 'Enabled',
    Filter: { Prefix },
    Transitions: [{ Days: Math.max(30, coldAfter), StorageClass: 'STANDARD_IA' }],
  }));
  const old = areasOf(premises).map((Prefix, at) => ({
    ID: `coldgate-replaced-${at + 1}`,
    Status: 'Enabled',
    Filter: { Prefix },
    NoncurrentVersionExpiration: { NoncurrentDays: keep },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  }));
  const results = premises.queues.map(({ prefix, days }, at) => ({
    ID: `coldgate-results-${at + 1}`,
    Status: 'Enabled',
    Filter: { Prefix: `${premises.root}${prefix}` },
    Expiration: { Days: days },
  }));
  return { Rules: [...cold, ...old, ...results] };
}

const allBlocked = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

/** One call of the AWS CLI on the bucket. */
const callerOf = ({ bucket, region, endpoint }: Premises) => {
  const where = [region && `--region ${quoted(region)}`, endpoint && `--endpoint-url ${quoted(endpoint)}`];
  return (verb: string, ...rest: string[]): string =>
    ['aws s3api', verb, `--bucket ${quoted(bucket)}`, ...where, ...rest].filter(Boolean).join(' ');
};

function accessOf(premises: Premises): Advice {
  const call = callerOf(premises);
  const blocked = allBlocked.map((name) => `${name}=true`).join(',');
  return {
    name: 'private-access',
    why: 'Reads and writes need a role: no public policy, no access list, and the bucket owner owns every object.',
    files: [],
    commands: [
      call('put-public-access-block', `--public-access-block-configuration ${blocked}`),
      call('put-bucket-ownership-controls', "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'"),
    ],
    optional: false,
  };
}

function retentionOf(premises: Premises): Advice {
  const { keep } = premises;
  const lock = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: keep } } };
  const given = '--object-lock-configuration file://coldgate-object-lock.json';
  return {
    name: 'retention',
    why: `No version can be destroyed for ${keep} days, not by an administrator either who lacks s3:BypassGovernanceRetention. Needs versioning; Object Lock cannot be switched off again.`,
    files: [{ file: 'coldgate-object-lock.json', content: lock }],
    commands: [callerOf(premises)('put-object-lock-configuration', given)],
    optional: true,
  };
}

/** Commands of the AWS CLI that set up a bucket. */
export function adviceForS3(premises: Premises): Advice[] {
  const { coldAfter, keep } = premises;
  const call = callerOf(premises);
  const hasCdn = premises.readUrl !== undefined;
  const lifecycle = '--lifecycle-configuration file://coldgate-lifecycle.json';
  return [
    accessOf(premises),
    {
      name: 'versioning',
      why: `What is deleted or replaced, by prune, by hand or by a flip of the pointer, can be had back for ${keep} days.`,
      files: [],
      commands: [call('put-bucket-versioning', '--versioning-configuration Status=Enabled')],
      optional: false,
    },
    {
      name: 'lifecycle',
      why: `Versions older than ${Math.max(30, coldAfter)} days go to a colder class that is read at once, never to an archive; what was replaced goes after ${keep} days, parts of broken uploads after 7.${resultWords(premises)} It replaces the rules that the bucket has (get-bucket-lifecycle-configuration): add yours to the file.`,
      files: [{ file: 'coldgate-lifecycle.json', content: lifecycleOf(premises) }],
      commands: [call('put-bucket-lifecycle-configuration', lifecycle)],
      optional: false,
    },
    // Its id is in the policy of the bucket.
    ...(hasCdn ? cdnForS3(premises) : []),
    {
      name: 'conditional-writes',
      why: 'S3 itself refuses any write of a version or a pointer without its precondition. CopyObject into these keys is refused too; Coldgate copies by parts. It replaces the policy that the bucket has (get-bucket-policy): add its statements to the file.',
      files: [{ file: 'coldgate-bucket-policy.json', content: policyOf(premises) }],
      commands: [
        ...(hasCdn ? [nameDistribution('coldgate-bucket-policy.json')] : []),
        call('put-bucket-policy', '--policy file://coldgate-bucket-policy.json'),
      ],
      optional: false,
    },
    retentionOf(premises),
  ];
}
