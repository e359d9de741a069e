import type { ArmApi, ArmReply } from './arm.ts';
import { refused } from './arm-error.ts';
import type { AzureContext } from './context.ts';
import { Contract } from './contract.ts';

/** A change that takes its time. */
interface Operation {
  id: string;
  /** Looks that see it running. */
  left: number;
  startedAt: number;
  /** What it ends in: an answer of the resource, or an error. */
  result(): unknown;
  failed?: { code: string; message: string } | undefined;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
export class Operations {
  readonly #context: AzureContext;
  readonly #base: () => string;
  readonly #operations = new Map<string, Operation>();

  /** @param base URL of ARM */
  constructor(context: AzureContext, base: () => string) {
    this.#context = context;
    this.#base = base;
  }

  /** Begins an operation: its id. @param result the resource, as it is when it is done */
  begin(result: () => unknown, failed?: Operation['failed']): string {
    const id = this.#context.newId();
    const { looks } = this.#context.knobs;
    this.#operations.set(id, { id, left: looks, startedAt: Date.now(), result, failed });
    return id;
  }

  isRunning(id: string | undefined): boolean {
    const found = id === undefined ? undefined : this.#operations.get(id);
    return found !== undefined && found.left > 0 && Date.now() - found.startedAt < this.#context.knobs.operationMs;
  }

  /**
   * 202 with all headers that such answers have.
   * @param of id of the resource that changes
   */
  accepted(id: string, of: string, body?: unknown): ArmReply {
    const { knobs } = this.#context;
    const url = `${this.#base()}${of}/operationResults/${id}?api-version=2025-05-01`;
    const headers = {
      'azure-asyncoperation': `${url}&form=status`,
      location: url,
      'retry-after': String(knobs.retryAfter),
    };
    return { status: 202, headers, ...(body !== undefined && { body }) };
  }

  /** What looks see. */
  api(): ArmApi {
    const answer = (id: string, wantsStatus: boolean): ArmReply => {
      const found = this.#operations.get(id);
      if (!found) throw refused(404, 'NotFound', `Operation ${id} was not found.`);
      const isOver = !this.isRunning(id);
      if (found.left > 0) found.left--;
      const { failed } = found;
      const status = isOver ? (failed ? 'Failed' : 'Succeeded') : 'InProgress';
      const headers = { 'retry-after': String(this.#context.knobs.retryAfter) };
      if (wantsStatus) {
        return { status: 200, headers, body: { id, name: id, status, ...(isOver && failed && { error: failed }) } };
      }
      if (isOver && failed) throw refused(400, failed.code, failed.message);
      return isOver ? { status: 200, body: found.result() } : { status: 202, headers };
    };
    return {
      contract: Contract.read('unlisted.json'),
      operations: {
        operationResults_get: {
          answer: ({ labels, query }) => answer(labels['operationId'] ?? '', query.get('form') === 'status'),
        },
      },
    };
  }
}
