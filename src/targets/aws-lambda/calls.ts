import {
  type $Command,
  LambdaClient,
  type LambdaClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-lambda';
import { pause } from '../../pause.ts';
import { proxiedAgents } from '../../proxy.ts';
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
const timeoutMs = { service: 300_000, role: 60_000, network: 30_000 };
const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Interval of log lines about a call that is being retried, ms. */
const saidEveryMs = 15_000;

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
   * @param asked what the error names where the service does not name the refused action, as S3 may
   */
  withRetry<O>(work: (options: { abortSignal: AbortSignal }) => Promise<O>, asked?: RequestContext): Promise<O>;
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
    withRetry: (work, asked) => sendWithRetry(work, { signal, log }, asked),
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
  asked?: RequestContext,
): Promise<O> {
  const began = performance.now();
  let lastReport = began;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work({ abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      const waited = performance.now() - began;
      if (!isWorthAnother(error, waited)) throw movedBy(error) ? movedError(error as Error) : toRefusal(error, asked);
      if (performance.now() - lastReport > saidEveryMs) {
        lastReport = performance.now();
        const { name, message } = error as Error;
        log.info(
          `AWS answers ${name} (${message.split('\n')[0]}), for ${Math.round(waited / 1000)} s so far; asking again.`,
        );
      }
      await pause(Math.max(pauseMs(attempt), retryAfterMs(error)), signal);
    }
  }
}

function isWorthAnother(error: unknown, waited: number): boolean {
  const kind = isThrottled(error) || isBusy(error) ? 'service' : isTransient(error);
  return kind !== undefined && waited < timeoutMs[kind];
}

/** Exponential, up to a bound, with half of it random so that runs that collided do not collide again. */
const pauseMs = (attempt: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (0.5 + Math.random() / 2);
