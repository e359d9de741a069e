"""Trains the small network of test/fixtures/shapes, and writes down what Python makes of pictures with it.

    python scripts/picture/shapes.py

The filters are random and only the last layer is trained, on pictures that are drawn here: it tells four shapes apart, and is
good for nothing else. Needs PyPI pillow 13.0.0, numpy, scikit-learn, onnx, onnxruntime.
"""
import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw, ImageOps
from sklearn.linear_model import LogisticRegression

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'fixtures', 'shapes')
LABELS = ['circle', 'square', 'stripes', 'dots']
random = np.random.default_rng(11)


def draw(kind, width, height):
    colours = [tuple(int(v) for v in random.integers(low, low + 90, 3)) for low in (10, 160)]
    ground, ink = random.permutation(2)
    image = Image.new('RGB', (width, height), colours[ground])
    pen = ImageDraw.Draw(image)
    edge, x, y = min(width, height), width / 2, height / 2
    reach = edge * random.uniform(0.25, 0.4)
    if kind == 'circle':
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=colours[ink])
    elif kind == 'square':
        pen.rectangle([x - reach, y - reach, x + reach, y + reach], fill=colours[ink])
    elif kind == 'stripes':
        for left in range(0, width, max(4, edge // 5)):
            pen.rectangle([left, 0, left + edge // 10, height], fill=colours[ink])
    else:
        step = edge / 5
        for top in np.arange(step / 2, height, step):
            for left in np.arange(step / 2, width, step):
                pen.ellipse([left - step / 4, top - step / 4, left + step / 4, top + step / 4], fill=colours[ink])
    return image


def prepare(image):
    """Shortest edge 36 by bicubic, the middle 32 x 32, 0.5 as mean and std: what the preprocessor_config.json says."""
    image = ImageOps.exif_transpose(image).convert('RGB')
    width, height = image.size
    size = (36, int(36 * height / width)) if width <= height else (int(36 * width / height), 36)
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - 32) // 2, (size[1] - 32) // 2
    pixels = np.asarray(image.crop((left, top, left + 32, top + 32)), dtype=np.float32) / 255
    return ((pixels - 0.5) / 0.5).transpose(2, 0, 1)[None].astype(np.float32)


def network(weights, bias):
    filters = random.normal(0, 0.2, (16, 3, 5, 5)).astype(np.float32) if network.filters is None else network.filters
    network.filters = filters
    nodes = [
        helper.make_node('Conv', ['pixel_values', 'filters'], ['seen'], pads=[2, 2, 2, 2]),
        helper.make_node('Relu', ['seen'], ['lit']),
        helper.make_node('AveragePool', ['lit'], ['pooled'], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node('Flatten', ['pooled'], ['features']),
        helper.make_node('Gemm', ['features', 'weights', 'bias'], ['logits']),
    ]
    tensors = [numpy_helper.from_array(a, n) for a, n in ((filters, 'filters'), (weights, 'weights'), (bias, 'bias'))]
    graph = helper.make_graph(
        nodes, 'shapes',
        [helper.make_tensor_value_info('pixel_values', TensorProto.FLOAT, ['batch', 3, 32, 32])],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['batch', weights.shape[1]])], tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9, producer_name='shapes.py')


network.filters = None


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])


os.makedirs(FOLDER, exist_ok=True)
features = session(network(np.eye(256, dtype=np.float32), np.zeros(256, dtype=np.float32)))
kinds = [at % 4 for at in range(800)]
seen = np.concatenate([prepare(draw(LABELS[kind], *random.integers(24, 90, 2))) for kind in kinds])
trained = LogisticRegression(max_iter=2000, C=0.3).fit(features.run(None, {'pixel_values': seen})[0], kinds)
model = network(trained.coef_.T.astype(np.float32), trained.intercept_.astype(np.float32))
onnx.save(model, os.path.join(FOLDER, 'model.onnx'))
with open(os.path.join(FOLDER, 'config.json'), 'w') as file:
    json.dump({'id2label': {str(at): label for at, label in enumerate(LABELS)}}, file)
with open(os.path.join(FOLDER, 'preprocessor_config.json'), 'w') as file:
    json.dump({
        'image_processor_type': 'CLIPImageProcessor', 'size': {'shortest_edge': 36}, 'crop_size': {'height': 32, 'width': 32},
        'resample': 3, 'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5],
    }, file)
answers, run = [], session(model)
for at in range(12):
    kind, ending = LABELS[at % 4], ('jpg', 'png', 'webp')[at % 3]
    name = f'{kind}-{at}.{ending}'
    exif = Image.Exif()
    exif[0x0112] = 1 + at % 8
    draw(kind, *(int(v) for v in random.integers(40, 120, 2))).save(os.path.join(FOLDER, name), exif=exif)
    with Image.open(os.path.join(FOLDER, name)) as image:
        logits = run.run(None, {'pixel_values': prepare(image)})[0][0].astype(np.float64)
    scores = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    order = np.argsort(-scores)
    answers.append({'picture': name, 'logits': logits.tolist(), 'scores': [{'label': LABELS[i], 'score': scores[i]} for i in order]})
    print(name, LABELS[order[0]], round(float(scores[order[0]]), 3))
with open(os.path.join(FOLDER, 'answers.json'), 'w') as file:
    json.dump(answers, file, separators=(',', ':'))
    file.write('\n')
