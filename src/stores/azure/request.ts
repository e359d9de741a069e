import { withIdleTimeout } from '../idle-timeout.ts';
import { withRetry } from '../with-retry.ts';
import type { AzureContext } from './context.ts';
import type { RequestContext } from './denial.ts';
import { explain } from './fault.ts';

/** What each request passes on to the SDK: when to stop, and a callback for progress. */
export interface RequestOptions {
  abortSignal: AbortSignal;
  onProgress: () => void;
}

interface Bounds {
  stop?: AbortSignal | undefined;
  /** Max. time without progress, ms. Default: the store's limit. */
  silence?: number | undefined;
}

/** Sends a request once and aborts it when it stalls; throws the store error for its failure. */
export async function request<T>(
  context: AzureContext,
  requestContext: RequestContext,
  work: (options: RequestOptions) => Promise<T>,
  { stop, silence = context.limits.stallMs }: Bounds = {},
): Promise<T> {
  try {
    return await withIdleTimeout(silence, (abortSignal, onProgress) => work({ abortSignal, onProgress }), stop);
  } catch (thrown) {
    throw await explain(thrown, context, requestContext);
  }
}

/** The same for what may be repeated freely: until `stop`, it is sent again while the service is not available. */
export function repeat<T>(
  context: AzureContext,
  requestContext: RequestContext,
  work: (options: RequestOptions) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const { attempts } = context.limits;
  return withRetry(() => request(context, requestContext, work, bounds), { attempts, stop: bounds.stop });
}
