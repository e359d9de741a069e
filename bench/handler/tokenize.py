"""Times the reference implementation: prints JSON with the load, ms, and one encode of each text, us, at their best.

    python tokenize.py TOKENIZER.JSON < texts.json
"""
import json
import sys
import time

from tokenizers import Tokenizer

texts = json.load(sys.stdin)


def best(rounds, work):
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.encode(texts[0])
load = best(5, lambda: Tokenizer.from_file(sys.argv[1]))
encode = [best(200, lambda text=text: tokenizer.encode(text).ids) for text in texts]
print(json.dumps({'load': load * 1e3, 'encode': [one * 1e6 for one in encode]}))
