"""Writes test/fixtures/tasks/texts.json: what Python makes of texts with the small model of test/fixtures/text-model.ts.

    python scripts/task/reference.py FOLDER && npm run format

Needs PyPI tokenizers, onnxruntime and numpy, and a folder with the model (model.onnx) and its tokenizer (tokenizer.json),
which the test that reads the fixture writes where COLDGATE_TEXT_MODEL says.
"""
import hashlib
import json
import os
import sys

import numpy as np
import onnxruntime
import tokenizers

FOLDER = sys.argv[1]
OUT = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'fixtures', 'tasks', 'texts.json')
TEXTS = [
    'good', 'a longer text, of some words', 'Zürich, in the rain: 3 °C.', '', '  ', 'ΟΔΟΣ 北京 tokyo',
    'unbelievable tokenization 😀 of words', 'a' * 200, 'the end. ' * 30, 'E = mc²; x ≠ y', "it's (not) [SEP] so",
]
PAIRS = [('what is it', 'it is a text'), ('', 'b'), ('a long one ' * 20, 'short')]
MOST = 32

session = onnxruntime.InferenceSession(os.path.join(FOLDER, 'model.onnx'))
tokenizer = tokenizers.Tokenizer.from_file(os.path.join(FOLDER, 'tokenizer.json'))
tokenizer.enable_truncation(MOST)


def softmax(rows):
    powers = np.exp(rows - rows.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def run(encodings):
    feeds = {
        'input_ids': [e.ids for e in encodings],
        'attention_mask': [e.attention_mask for e in encodings],
        'token_type_ids': [e.type_ids for e in encodings],
    }
    states, logits = session.run(
        ['last_hidden_state', 'logits'], {name: np.array(rows, dtype=np.int64) for name, rows in feeds.items()}
    )
    return states, logits


def entities(text, encoding, states, labels):
    """As TokenClassificationPipeline of transformers with aggregation_strategy="simple" does."""
    found = []
    scores = softmax(states.astype(np.float64))
    for at, (begin, end) in enumerate(encoding.offsets):
        if encoding.special_tokens_mask[at]:
            continue
        best = int(scores[at].argmax())
        label = labels[best]
        bi, tag = (label[0], label[2:]) if label[:2] in ('B-', 'I-') else ('I', label)
        if found and found[-1]['tag'] == tag and bi != 'B':
            found[-1]['end'] = end
            found[-1]['scores'].append(scores[at][best])
        else:
            found.append({'tag': tag, 'start': begin, 'end': end, 'scores': [scores[at][best]]})
    return [
        {'label': f['tag'], 'score': float(np.mean(f['scores'])), 'start': f['start'], 'end': f['end'],
         'text': text[f['start']:f['end']]}
        for f in found if f['tag'] != 'O'
    ]


def answers(one):
    encoding = tokenizer.encode(*one)
    states, logits = run([encoding])
    mask = np.array(encoding.attention_mask)[:, None]
    mean = (states[0] * mask).sum(0) / np.clip(mask.sum(0), 1e-9, None)
    answer = {
        'softmax': softmax(logits[0].astype(np.float64)).tolist(),
        'sigmoid': (1 / (1 + np.exp(-logits[0].astype(np.float64)))).tolist(),
        'mean': mean.tolist(),
        'unit': (mean / max(np.linalg.norm(mean), 1e-12)).tolist(),
        'cls': states[0][0].tolist(),
        'last': states[0][-1].tolist(),
    }
    if len(one) == 1:
        answer['entities'] = entities(one[0], encoding, states[0], ['O', 'B-PER', 'I-PER', 'LOC'])
    return answer


def digest(name):
    with open(os.path.join(FOLDER, name), 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


cases = [{'text': text} for text in TEXTS] + [{'text': first, 'pair': second} for first, second in PAIRS]
written = {
    'made_with': {'tokenizers': tokenizers.__version__, 'onnxruntime': onnxruntime.__version__, 'numpy': np.__version__},
    'model': digest('model.onnx'),
    'cases': [{**case, **answers(list(case.values()))} for case in cases],
}
with open(OUT, 'w') as file:
    json.dump(written, file, ensure_ascii=False, indent=1)
    file.write('\n')
