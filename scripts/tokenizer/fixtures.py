"""Writes test/fixtures/tokenizers/*.json: small tokenizers, trained here, and what the reference makes of hard texts.

    python scripts/tokenizer/fixtures.py

Needs PyPI tokenizers and sentencepiece; the latter for its map of characters alone.
"""
import json
import os
import random
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, trainers
from tokenizers import normalizers as nz
from tokenizers import pre_tokenizers as pt
from tokenizers import processors as pp

from corpus import texts

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'fixtures', 'tokenizers')
WORDS = [text for text in texts(11, 400) if text.strip()]
HARD = texts(12, 120)
random.seed(13)


def charsmap():
    """The map nmt_nfkc of SentencePiece, cut to what it makes of Latin letters, so that it stays small."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/text', 'w') as file:
            file.write('\n'.join('a b c' for _ in range(100)))
        rules = [f'{a:04X} {b:04X}\t{c:04X}' for a, b, c in ((0x65, 0x301, 0xE9), (0x75, 0x308, 0xFC), (0x6F, 0x302, 0xF4))]
        rules += [f'{c:04X}\t20' for c in (9, 10, 13, 0xA0, 0x3000, 0x200B)]
        rules += ['FB01\t66 69', '2163\t49 56', '0001\t', '00BD\t31 2044 32', '2049\t21 3F', '000B\t']
        with open(f'{folder}/rules', 'w') as file:
            file.write('\n'.join(rules))
        sentencepiece.SentencePieceTrainer.train(
            input=f'{folder}/text', model_prefix=f'{folder}/m', vocab_size=8, hard_vocab_limit=False,
            normalization_rule_tsv=f'{folder}/rules', minloglevel=2,
        )
        proto = sentencepiece_model_pb2.ModelProto()
        with open(f'{folder}/m.model', 'rb') as file:
            proto.ParseFromString(file.read())
        return proto.normalizer_spec.precompiled_charsmap


def trained(model, trainer, normalizer=None, pre_tokenizer=None):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(WORDS, trainer)
    return tokenizer


def bert(lowercase, processor):
    special = ['[UNK]', '[CLS]', '[SEP]', '[PAD]', '[MASK]']
    trainer = trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, limit_alphabet=500, show_progress=False)
    tokenizer = trained(models.WordPiece(unk_token='[UNK]', max_input_chars_per_word=20), trainer, nz.BertNormalizer(lowercase=lowercase), pt.BertPreTokenizer())
    tokenizer.post_processor = processor
    return tokenizer


def byte_level(split, normalizer=None, **options):
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=['<s>', '<pad>', '</s>'], initial_alphabet=pt.ByteLevel.alphabet(), show_progress=False)
    return trained(models.BPE(**options), trainer, normalizer, split)


CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
ENDS = r'\s*[\r\n]+|\s+(?!\S)|\s+'
CL100K = CONTRACTIONS + r'|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|' + ENDS
UPPER, LOWER = r'[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]', r'[\p{Ll}\p{Lm}\p{Lo}\p{M}]'
LEAD = r'[^\r\n\p{L}\p{N}]?'
O200K = '|'.join([
    f'{LEAD}{UPPER}*{LOWER}+{CONTRACTIONS}?', f'{LEAD}{UPPER}+{LOWER}*{CONTRACTIONS}?',
    r'\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|' + ENDS,
])
pieces = pp.TemplateProcessing(single='[CLS] $A [SEP]', pair='[CLS] $A [SEP] $B:1 [SEP]:1', special_tokens=[('[CLS]', 1), ('[SEP]', 2)])


def roberta():
    tokenizer = byte_level(pt.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken('<mask>', lstrip=True)])
    tokenizer.post_processor = pp.RobertaProcessing(('</s>', 2), ('<s>', 0))
    return tokenizer


def added():
    tokenizer = bert(True, pieces)
    tokenizer.add_tokens([
        AddedToken('Hello', normalized=True), AddedToken('World', single_word=True, normalized=True),
        AddedToken('aB', normalized=False, lstrip=True), AddedToken('a', single_word=True, rstrip=True),
        AddedToken('snake_case', normalized=True), AddedToken('snake', normalized=False),
    ])
    tokenizer.add_special_tokens(['<s>', '</s>', '<|endoftext|>'])
    return tokenizer


def llama():
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=['<unk>', '<s>', '</s>', *(f'<0x{b:02X}>' for b in range(256))], limit_alphabet=200, show_progress=False)
    tokenizer = trained(models.BPE(unk_token='<unk>', byte_fallback=True, fuse_unk=True), trainer, nz.Sequence([nz.Prepend('▁'), nz.Replace(' ', '▁')]))
    tokenizer.post_processor = pp.TemplateProcessing(single='<s> $A', pair='<s> $A <s>:1 $B:1', special_tokens=[('<s>', 1)])
    return tokenizer


def unigram():
    text = [''.join(sign for sign in word if ord(sign) < 0x500) for word in WORDS]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = nz.Sequence([nz.Precompiled(charsmap()), nz.Replace(Regex(' {2,}'), ' ')])
    tokenizer.pre_tokenizer = pt.Sequence([pt.WhitespaceSplit(), pt.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=1200, special_tokens=['<s>', '<pad>', '</s>', '<unk>'], unk_token='<unk>', show_progress=False)
    tokenizer.train_from_iterator([word for word in text if word.strip()], trainer)
    tokenizer.post_processor = pp.TemplateProcessing(single='<s> $A </s>', pair='<s> $A </s> </s> $B </s>', special_tokens=[('<s>', 0), ('</s>', 2)])
    return tokenizer


def clip():
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=['<unk>'], end_of_word_suffix='</w>', limit_alphabet=300, show_progress=False)
    normalizer = nz.Sequence([nz.NFKD(), nz.StripAccents(), nz.Lowercase(), nz.Strip()])
    return trained(models.BPE(unk_token='<unk>', end_of_word_suffix='</w>'), trainer, normalizer, pt.Sequence([pt.Whitespace(), pt.Digits(individual_digits=True)]))


def whole_words():
    trainer = trainers.WordLevelTrainer(vocab_size=300, special_tokens=['<unk>'], show_progress=False)
    split = pt.Sequence([pt.WhitespaceSplit(), pt.Punctuation(behavior='merged_with_previous')])
    return trained(models.WordLevel(unk_token='<unk>'), trainer, nz.NFC(), split)


def isolated(regex):
    return pt.Sequence([pt.Split(Regex(regex), 'isolated'), pt.ByteLevel(add_prefix_space=False, use_regex=False)])


tokenizers = {
    'wordpiece': bert(True, pieces),
    'wordpiece-cased': bert(False, pp.BertProcessing(('[SEP]', 2), ('[CLS]', 1))),
    'added-tokens': added(),
    'bpe-gpt2': byte_level(pt.ByteLevel(add_prefix_space=False)),
    'bpe-roberta': roberta(),
    'bpe-cl100k': byte_level(isolated(CL100K), nz.NFKC(), ignore_merges=True),
    'bpe-o200k': byte_level(isolated(O200K)),
    'bpe-bytes': llama(),
    'bpe-suffix': clip(),
    'unigram': unigram(),
    'wordlevel': whole_words(),
}


def units(text):
    """Where each code point begins in UTF-16."""
    places = [0]
    for sign in text:
        places.append(places[-1] + (2 if ord(sign) > 0xFFFF else 1))
    return places


def encoded(tokenizer, text, pair=None):
    found = tokenizer.encode(text, pair)
    flat = []
    for sequence, (begin, end) in zip(found.sequence_ids, found.offsets):
        places = units(pair if sequence == 1 else text)
        flat += [places[begin], places[end]]
    return {'ids': found.ids, 'types': found.type_ids, 'special': found.special_tokens_mask, 'ranges': flat}


def cases(tokenizer):
    out = [{'text': text, **encoded(tokenizer, text)} for text in HARD]
    for first, second in zip(HARD[:20], HARD[20:40]):
        strategy, direction, length = random.choice(['longest_first', 'only_first', 'only_second']), random.choice(['left', 'right']), random.choice([4, 5, 9, 16])
        tokenizer.enable_truncation(length, strategy=strategy, direction=direction)
        case = {'text': first, 'pair': second, 'max': length, 'strategy': strategy, 'direction': direction}
        try:
            out.append({**case, **encoded(tokenizer, first, second)})
        except Exception:
            out.append({**case, 'refused': True})
        tokenizer.no_truncation()
    return out


for name, tokenizer in tokenizers.items():
    with open(os.path.join(FOLDER, f'{name}.json'), 'w') as file:
        whole = {'tokenizer': json.loads(tokenizer.to_str()), 'cases': cases(tokenizer)}
        json.dump(whole, file, ensure_ascii=True, separators=(',', ':'))
        file.write('\n')
