import { issuer, type JobRole, jobName, jobSubject, purposeOf, sharedNote, unknownRepository } from '../github.ts';
import { pipelineGrants } from '../grants.ts';
import { type IamVerb, needsOf } from '../needs.ts';
import type { PolicyFile, PolicySet } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { accountOf, type LambdaGroup, lambdaGroups } from './account.ts';
import { attachCommands, partName } from './attach.ts';
import { functionStatements } from './function.ts';
import { lambdaStatements } from './lambda.ts';
import { attachedLimit, dividedPolicies, type PolicyDocument, policyOf, readArn, type Statement } from './policy.ts';
import { kmsStatements, s3Statements } from './store.ts';

/** Lambda's own trust policy: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html */
const lambdaTrust: PolicyDocument = policyOf([
  { Sid: 'RunAsLambda', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] },
]);

/** Policy sets of the pipeline (or preview) where store or functions are on AWS. */
export function awsJobPolicies(subject: Subject, role: JobRole, verbs: readonly IamVerb[]): PolicySet[] {
  const groups = lambdaGroups(subject);
  const isS3 = bucketRef(subject.store).store === 's3';
  if (!isS3 && groups.length === 0) return [];
  const { target, previews, neighbours } = needsOf(verbs);
  const operations = { own: target, preview: previews, neighbour: neighbours };
  const grants = pipelineGrants(subject, verbs);
  const statements = [
    ...(isS3 ? [...s3Statements(subject, grants), ...kmsStatements(subject, grants)] : []),
    ...groups.flatMap((group, at) => lambdaStatements(group, operations[group.kind], at === 0 ? '' : `Of${at + 1}`)),
  ];
  if (statements.length === 0) return [];
  const name = jobName(role, subject.environment);
  const trust = githubTrust(subject, role);
  const notes = [
    ...sharedNote(subject, role),
    ...(trust ? [] : [trustNote(subject)]),
    ...(isS3 && subject.store.endpoint ? [`${subject.store.endpoint} must know these policies as AWS does.`] : []),
  ];
  return [
    policySetOf({ role, name, purpose: purposeOf(role, subject), trust, statements, notes, subject, provider: true }),
  ];
}

const trustNote = (subject: Subject): string =>
  subject.repository === undefined
    ? unknownRepository
    : 'the account is not known, so no one can assume this role. Pass --account 123456789012.';

/** Who may take the role: jobs of one repository with one subject. */
function githubTrust(subject: Subject, role: JobRole): PolicyDocument | undefined {
  const { partition, id } = accountOf(subject);
  const sub = jobSubject(role, subject);
  if (sub === undefined || id === undefined) return undefined;
  const audience = partition === 'aws-cn' ? 'sts.amazonaws.com.cn' : 'sts.amazonaws.com';
  return policyOf([
    {
      Sid: 'GitHubJobs',
      Effect: 'Allow',
      Principal: { Federated: `arn:${partition}:iam::${id}:oidc-provider/${issuer}` },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: sub } },
    },
  ]);
}

/** One policy set for each role that functions run as. */
export function awsFunctionPolicies(subject: Subject): PolicySet[] {
  const own = lambdaGroups(subject).filter(({ kind }) => kind !== 'neighbour');
  const byRole = Map.groupBy(own, ({ settings }) => settings.role);
  return [...byRole].map(([arn, groups]) => functionPolicySet(subject, arn, groups));
}

function functionPolicySet(subject: Subject, arn: string, groups: readonly LambdaGroup[]): PolicySet {
  const name = (readArn(arn)?.resource ?? arn).replace(/^.*\//, '');
  const names = groups.flatMap(({ functions }) => functions.map((one) => one.name));
  const { store } = bucketRef(subject.store);
  const foreign = store !== undefined && store !== 's3';
  return policySetOf({
    role: 'function',
    name,
    purpose: `The execution role of ${names.join(', ')}.`,
    trust: lambdaTrust,
    statements: functionStatements(subject, groups),
    notes: foreign ? [`a function on Lambda needs separate credentials to read ${subject.store.url}.`] : [],
    subject,
    provider: false,
  });
}

interface PolicySetParts extends Pick<PolicySet, 'role' | 'name' | 'purpose' | 'notes'> {
  trust: PolicyDocument | undefined;
  statements: readonly Statement[];
  subject: Subject;
  /** Whether the role is given through GitHub's tokens. */
  provider: boolean;
}

function policySetOf({ role, name, purpose, trust, statements, notes, subject, provider }: PolicySetParts): PolicySet {
  const policies = dividedPolicies(statements);
  // Functions of several environments may share a role: each environment has its own policy there.
  const owner = provider ? name : `${name}-${subject.environment}`;
  const files: PolicyFile[] = policies.map((content, at) => ({
    file: `${partName(owner, at)}.json`,
    kind: 'permissions',
    content,
  }));
  const trusted: PolicyFile[] = trust ? [{ file: `${name}.trust.json`, kind: 'trust', content: trust }] : [];
  const { id, partition } = accountOf(subject);
  const to = { role: name, owner, isAlone: provider, account: `arn:${partition}:iam::${id}` };
  const attach = attachCommands(to, files);
  const commands = trust ? [...(provider ? [openProvider] : []), ...makeRole(name), ...attach] : attach;
  const many = `${files.length} policies are more than the ${attachedLimit} that a role takes unless its quota is raised: make roles for some models each (--model).`;
  const report = files.length > attachedLimit ? [...notes, many] : notes;
  return { role, cloud: 'aws', name, purpose, files: [...trusted, ...files], commands, notes: report };
}

/** Once per account; AWS already trusts GitHub's certificates. */
const openProvider = `aws iam create-open-id-connect-provider --url https://${issuer} --client-id-list sts.amazonaws.com || true # once an account`;

const makeRole = (name: string): string[] => [
  `aws iam create-role --role-name ${name} --assume-role-policy-document file://${name}.trust.json ||`,
  `  aws iam update-assume-role-policy --role-name ${name} --policy-document file://${name}.trust.json`,
];
