import {
  type $Command,
  LambdaClient,
  type LambdaClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-lambda';
import { proxiedAgents } from '../../proxy.ts';
import { type Transient, withRetry } from '../../retry.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import {
  isBusy,
  isThrottled,
  isTransient,
  movedBy,
  movedError,
  type RequestContext,
  retryAfterMs,
  toRefusal,
} from './refusal.ts';

export type LambdaCommand<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  LambdaClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** Longest that one call is sent again, ms: five minutes for a busy service, as the SDK's own waiters have it. */
const limitsMs = { service: 300_000, role: 60_000, network: 30_000 };

/** The control plane. */
export interface LambdaCalls {
  /**
   * Sends a command; retries where the service is busy: throttling, another update in progress, internal failures.
   * Throws MovedError when someone else changed what the command was about, and ColdgateError otherwise.
   */
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(command: LambdaCommand<I, O>): Promise<O>;
  /** Sends it once, for data rather than control; the signal ends it. Throws what the SDK throws. */
  once<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: LambdaCommand<I, O>,
    signal: AbortSignal,
  ): Promise<O>;
  /**
   * Calls another service's client with the same retry policy and error messages.
   * @param requestContext what the error names where the service does not name the refused action, as S3 may
   */
  withRetry<O>(
    work: (options: { abortSignal: AbortSignal }) => Promise<O>,
    requestContext?: RequestContext,
  ): Promise<O>;
  /** What requests to function URLs are signed with; from the SDK's default chain. */
  credentials(): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }>;
}

/** The signal that ends a wait, and the log for it. */
type Waiting = Pick<PlatformDeps, 'signal' | 'log'>;

/**
 * Opens the client for a region. Credentials and endpoints come from where the SDK finds them (environment, profile, OIDC
 * role, instance role; AWS_ENDPOINT_URL_LAMBDA).
 */
export function openCalls(region: string, { signal, log }: Waiting): LambdaCalls {
  // One attempt a send: what is worth trying again, and for how long, is decided here.
  const client = new LambdaClient({ region, maxAttempts: 1, requestHandler: proxiedAgents() });
  return {
    send: (command) => sendWithRetry((options) => client.send(command, options), { signal, log }),
    withRetry: (work, requestContext) => sendWithRetry(work, { signal, log }, requestContext),
    once: (command, stop) => client.send(command, { abortSignal: stop }),
    credentials: async () => {
      try {
        return await client.config.credentials();
      } catch (error) {
        throw toRefusal(error);
      }
    },
  };
}

async function sendWithRetry<O>(
  work: (options: { abortSignal: AbortSignal }) => Promise<O>,
  { signal, log }: Waiting,
  requestContext?: RequestContext,
): Promise<O> {
  try {
    return await withRetry(() => work({ abortSignal: signal }), { signal, log, judge });
  } catch (error) {
    signal.throwIfAborted();
    throw movedBy(error) ? movedError(error as Error) : toRefusal(error, requestContext);
  }
}

/** Why a call may be sent again, for how long. */
function judge(error: unknown): Transient | undefined {
  const kind = isThrottled(error) || isBusy(error) ? 'service' : isTransient(error);
  if (kind === undefined) return undefined;
  const { name, message } = error as Error;
  const words = `AWS answers ${name} (${message.split('\n')[0]})`;
  return { limitMs: limitsMs[kind], words, retryAfterMs: retryAfterMs(error) };
}
