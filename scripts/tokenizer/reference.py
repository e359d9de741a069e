"""What the reference makes of texts of the corpus: a line of JSON each, ranges in UTF-16 units.

    python scripts/tokenizer/reference.py tokenizer.json seed count
"""
import json
import sys

from corpus import texts
from tokenizers import Tokenizer


def units(text):
    """Where each code point begins in UTF-16."""
    places = [0]
    for sign in text:
        places.append(places[-1] + (2 if ord(sign) > 0xFFFF else 1))
    return places


tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_padding()
tokenizer.no_truncation()
given = texts(int(sys.argv[2]), int(sys.argv[3]))
for at in range(0, len(given), 500):
    part = given[at : at + 500]
    for text, found in zip(part, tokenizer.encode_batch(part)):
        places = units(text)
        ranges = [places[place] for pair in found.offsets for place in pair]
        print(json.dumps({'text': text, 'ids': found.ids, 'types': found.type_ids, 'special': found.special_tokens_mask, 'ranges': ranges}))
