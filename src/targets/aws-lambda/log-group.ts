import { proxiedAgents } from '../../proxy.ts';
import type { LambdaContext } from './context.ts';

/** Where Lambda writes a function's log. */
export const functionLogGroup = (name: string): string => `/aws/lambda/${name}`;

/** Creates the log group and sets its retention; one created by Lambda would keep its lines for ever. */
export async function ensureLogGroup(context: LambdaContext, logGroupName: string): Promise<void> {
  const logs = await import('@aws-sdk/client-cloudwatch-logs');
  const { region, logRetentionDays: retentionInDays, tags } = context.settings;
  const client = new logs.CloudWatchLogsClient({ region, maxAttempts: 1, requestHandler: proxiedAgents() });
  await context.calls.withRetry(async (options) => {
    try {
      await client.send(new logs.CreateLogGroupCommand({ logGroupName, ...(tags && { tags }) }), options);
    } catch (error) {
      if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
    }
  });
  await context.calls.withRetry((options) =>
    client.send(new logs.PutRetentionPolicyCommand({ logGroupName, retentionInDays }), options),
  );
}
