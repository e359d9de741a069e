/** A statement of a policy; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Principal?: Record<string, string | string[]>;
  Action: string[];
  /** Absent in trust policies alone. */
  Resource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: Statement[];
}

/**
 * Characters of a managed policy, white space aside; of all inline policies of a role together.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const policyLimit = 6144;
export const inlineLimit = 10_240;
/** Managed policies that a role takes, unless the account's quota is raised. */
export const attachedLimit = 10;

export const policyOf = (Statement: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

/** As AWS counts it. */
export const policySize = (policy: PolicyDocument): number => JSON.stringify(policy).length;

/** Removes statements that repeat an earlier one. */
export function distinctStatements(statements: readonly Statement[]): Statement[] {
  const identityOf = ({ Sid: _, ...rest }: Statement) => JSON.stringify(rest);
  return [...new Map(statements.toReversed().map((one) => [identityOf(one), one])).values()].reverse();
}

/** The statements in as many policies as they need; a statement that is too long for one is cut by its resources. */
export function dividedPolicies(statements: readonly Statement[]): PolicyDocument[] {
  const policies: PolicyDocument[] = [];
  for (const statement of distinctStatements(statements).flatMap(cut)) {
    const last = policies.at(-1);
    const grown = last && policyOf([...last.Statement, statement]);
    if (grown && policySize(grown) <= policyLimit) last.Statement.push(statement);
    else policies.push(policyOf([statement]));
  }
  return policies;
}

function cut(statement: Statement): Statement[] {
  const { Resource = [], Sid } = statement;
  if (policySize(policyOf([statement])) <= policyLimit || Resource.length < 2) return [statement];
  const half = Math.ceil(Resource.length / 2);
  return [
    { ...statement, Sid: `${Sid}1`, Resource: Resource.slice(0, half) },
    { ...statement, Sid: `${Sid}2`, Resource: Resource.slice(half) },
  ].flatMap(cut);
}

/** Partition, account and rest of an ARN; undefined if the text is no ARN. */
export function readArn(
  text: string,
): { partition: string; region: string; account: string; resource: string } | undefined {
  const found = /^arn:(?<partition>[^:]+):[^:]*:(?<region>[^:]*):(?<account>[^:]*):(?<resource>.+)$/.exec(text)?.groups;
  if (!found) return undefined;
  const { partition = '', region = '', account = '', resource = '' } = found;
  return { partition, region, account, resource };
}

/** The partition of a region. */
export function partitionOf(region: string | undefined): string {
  if (region?.startsWith('cn-')) return 'aws-cn';
  return region?.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
