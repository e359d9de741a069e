import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRuntimeFormat } from '../model/layout.ts';
import { type ModelHead, readModelHead } from '../onnx/read-head.ts';
import { needsTensorForm } from '../onnx/served-outputs.ts';
import { writeTensorForm } from './tensor-form.ts';

export const formOf = (path: string): 'original' | 'cold' => (isRuntimeFormat(path) ? 'cold' : 'original');

/**
 * Works with the model as functions serve it: itself, or a form with tensors in place of outputs that are none, which is
 * there for as long as the work takes. A form in ORT format has no head that could be read; what is no model at all is
 * left to the runtime to refuse.
 */
export async function withServedForm<T>(
  model: string,
  work: (path: string, head: ModelHead | undefined) => Promise<T>,
): Promise<T> {
  const head = formOf(model) === 'original' ? await readModelHead(model).catch(() => undefined) : undefined;
  if (!head || !needsTensorForm(head)) return work(model, head);
  const folder = await mkdtemp(join(tmpdir(), 'coldgate-check-'));
  try {
    const path = join(folder, 'tensors.onnx');
    await writeTensorForm(model, head, path);
    return await work(path, head);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
