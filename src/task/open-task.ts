import type { TaskSection } from '../model/task.ts';
import { Tokenizer } from '../tokenizer/encode/tokenizer.ts';
import type { Signature, Task, TaskFiles } from './task.ts';
import { textClassification } from './text/classification.ts';
import { textEmbedding } from './text/embedding.ts';
import { tokenClassification } from './text/token-classification.ts';

/**
 * The task of a version.
 * @throws Error where this release knows no such kind, or a file of it is of another format
 */
export async function openTask(section: TaskSection, files: TaskFiles, signature: Signature): Promise<Task> {
  switch (section.kind) {
    case 'text-classification':
      return textClassification(section, tokenizerOf(files), signature) as Task;
    case 'text-embedding':
      return textEmbedding(section, tokenizerOf(files), signature) as Task;
    case 'token-classification':
      return tokenClassification(section, tokenizerOf(files), signature) as Task;
    case 'image-classification': {
      const { imageClassification } = await import('./picture/classification.ts');
      return imageClassification(section, signature) as Task;
    }
    case 'image-embedding': {
      const { imageEmbedding } = await import('./picture/embedding.ts');
      return imageEmbedding(section, signature) as Task;
    }
    case 'tabular': {
      const { tabular } = await import('./tabular/tabular.ts');
      return tabular(section, signature) as Task;
    }
    default:
      throw new Error(`There is no task of the kind ${String((section as { kind: unknown }).kind)} in this release.`);
  }
}

/** Begins, before the model is loaded, what can be done beside that: the codec of pictures is compiled in the background. */
export async function prepareTask(section: TaskSection): Promise<void> {
  if (!('picture' in section)) return;
  const { prepareCodecs } = await import('../picture/decode/decode.ts');
  void prepareCodecs();
}

function tokenizerOf({ tokenizer }: TaskFiles): Tokenizer {
  if (!tokenizer) throw new Error('The version has no compiled tokenizer that this release reads.');
  return new Tokenizer(tokenizer);
}
