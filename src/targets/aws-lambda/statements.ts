import {
  AddPermissionCommand,
  type AddPermissionRequest,
  GetPolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';
import type { FunctionState } from './state.ts';

/** Who else may invoke an alias, and for what. */
export type Permit = Omit<AddPermissionRequest, 'FunctionName' | 'StatementId' | 'Qualifier'>;

/** Who may call a function URL of `auth: none`: since October 2025 both are needed (facts: "Function URLs"). */
export const publicPermits: Record<string, Permit> = {
  'coldgate-url': { Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' },
  'coldgate-invoke': { Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: true },
};

/** Ids of all managed statements; unmanaged ones are preserved. */
const ownIds = [...Object.keys(publicPermits), 'coldgate-api', 'coldgate-batch'];

interface Statement {
  Sid: string;
  Condition?: { ArnLike?: { 'AWS:SourceArn'?: string } };
}

/**
 * Replaces the managed statements in the alias' policy by these; sends only differences. Returns true if there were
 * any.
 */
export async function ensureStatements(
  context: LambdaContext,
  state: FunctionState,
  alias: string,
  wanted: Record<string, Permit>,
): Promise<boolean> {
  const place = { FunctionName: state.name, Qualifier: alias };
  const there = await ownStatements(context, state, alias);
  const isRight = (one: Statement): boolean => {
    const permit = wanted[one.Sid];
    return permit !== undefined && permit.SourceArn === one.Condition?.ArnLike?.['AWS:SourceArn'];
  };
  const surplus = there.filter((one) => !isRight(one));
  const missing = Object.entries(wanted).filter(([id]) => !there.some((one) => one.Sid === id && isRight(one)));
  for (const { Sid } of surplus) {
    await context.calls.send(new RemovePermissionCommand({ ...place, StatementId: Sid }));
  }
  for (const [StatementId, permit] of missing) {
    await context.calls.send(new AddPermissionCommand({ ...place, StatementId, ...permit }));
  }
  return missing.length + surplus.length > 0;
}

async function ownStatements(context: LambdaContext, { name }: FunctionState, alias: string): Promise<Statement[]> {
  try {
    const found = await context.calls.send(new GetPolicyCommand({ FunctionName: name, Qualifier: alias }));
    const { Statement = [] } = JSON.parse(found.Policy ?? '{}') as { Statement?: Statement[] };
    return Statement.filter(({ Sid }) => ownIds.includes(Sid));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
