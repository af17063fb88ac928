"""Writes tests/fixtures/tokenizer/folders/: the files that tokenizer folders have had, and what transformers reads.

Run it from the root of the repository: python scripts/reference/tokenizer_kinds.py
transformers 5.23.0 and tokenizers 0.23.3 made the files here; nothing is downloaded and nothing is random. Each
folder has expected.json: texts, the pieces and the ids that AutoTokenizer gives them.
"""

import json
import os
import pathlib
import shutil
import string

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import AutoTokenizer, BertTokenizer  # noqa: E402

ROOT = pathlib.Path("tests/fixtures/tokenizer/folders")
VOCAB = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_letters, "é", *"0123456789.,<>/[]-"]
         + ["##" + c for c in string.ascii_letters + "é019"]
         + "the The paris Paris cafe café covid ##id want ##ed runn ##ing Straße strasse 博".split())
TEXTS = ["The Paris café.", "<e1>Paris</e1> runs to <e2>the CAFÉ</e2>", "COVID-19 and covid19, Covid; xCOVIDx",
         "the [MASK] ran [mask]", "running wanted Unwanted", "STRASSE Straße straße", "a 博b <e1><e1>c", "", "E1 <E1> e1>"]
MARKERS = {"<e1>": len(VOCAB), "</e1>": len(VOCAB) + 1}
BERT = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}


def token(content, special):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special,
            "special": special}


def tokenizer_json(lowercase, added=(), **changed):
    tokenizer = BertTokenizer(vocab={piece: i for i, piece in enumerate(VOCAB)}, do_lower_case=lowercase)
    out = json.loads(tokenizer._tokenizer.to_str())
    for i, (content, special) in enumerate(added):
        out["added_tokens"].append({"id": len(VOCAB) + i, **token(content, special)})
    return {**out, **changed}


FAST = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"}
# What `tokenizers` does to every text by itself; transformers sets it aside at each call.
LENGTHS = {"truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
           "padding": {"strategy": {"Fixed": 12}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
                       "pad_type_id": 0, "pad_token": "[PAD]"}}

FOLDERS = {
    # The class that is whatever tokenizer.json says; do_lower_case is idle.
    "cased_fast": {"tokenizer.json": tokenizer_json(False),
                   "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}},
    "cased_backend": {"tokenizer.json": tokenizer_json(False),
                      "tokenizer_config.json": {"tokenizer_class": "TokenizersBackend", "do_lower_case": True}},
    "json_only": {"tokenizer.json": tokenizer_json(True, [("<e1>", True), ("COVID", False), ("</e1>", True)]),
                  "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}, "vocab.txt": None},
    # BERT's class, by name or by default, has its settings in tokenizer_config.json.
    "null_class": {"tokenizer.json": tokenizer_json(True),
                   "tokenizer_config.json": {"tokenizer_class": None, "do_lower_case": False}},
    "silent_config": {"tokenizer.json": tokenizer_json(False), "tokenizer_config.json": {"model_max_length": 64}},
    "class_in_model": {"tokenizer.json": tokenizer_json(False), "tokenizer_config.json": {"do_lower_case": True},
                       "config.json": {"model_type": "bert", "tokenizer_class": "PreTrainedTokenizerFast"}},
    # What is put around a text, and lengths that are set aside.
    "no_post_processor": {"tokenizer.json": tokenizer_json(True, post_processor=None), "tokenizer_config.json": BERT},
    "no_config": {"tokenizer.json": tokenizer_json(True, post_processor=None)},
    "sequence_of_one": {"tokenizer.json": tokenizer_json(False, post_processor={
        "type": "Sequence", "processors": [tokenizer_json(False)["post_processor"]]}), "tokenizer_config.json": FAST},
    "bert_processing": {"tokenizer.json": tokenizer_json(False, post_processor={
        "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}), "tokenizer_config.json": FAST},
    "lengths": {"tokenizer.json": tokenizer_json(True, **LENGTHS), "tokenizer_config.json": BERT},
    "lengths_fast": {"tokenizer.json": tokenizer_json(False, **LENGTHS), "tokenizer_config.json": FAST},
    # Tokens beside the vocabulary.
    "markers": {"tokenizer_config.json": BERT, "added_tokens.json": MARKERS,
                "special_tokens_map.json": {"cls_token": "[CLS]", "mask_token": {"content": "[MASK]", "lstrip": False},
                                            "additional_special_tokens": ["<e1>", "</e1>"]}},
    "markers_in_map": {"tokenizer_config.json": BERT,
                       "special_tokens_map.json": {"additional_special_tokens": ["</e1>", "<e1>"], "pad_token": None}},
    "markers_in_config": {"tokenizer_config.json": {**BERT, "additional_special_tokens": ["<e1>", "the"]}},
    "markers_by_name": {"tokenizer_config.json": {**BERT, "extra_special_tokens": {"begin_token": "<e1>"}}},
    "added_words": {"tokenizer_config.json": BERT,
                    "added_tokens.json": {"</e1>": len(VOCAB) + 2, "COVID": len(VOCAB) + 1, "<e1>": len(VOCAB)}},
    "added_words_cased": {"tokenizer_config.json": {**BERT, "do_lower_case": False},
                          "added_tokens.json": {"COVID": len(VOCAB), "Straß": len(VOCAB) + 1}},
    "decoder": {"tokenizer_config.json": {**BERT, "added_tokens_decoder": {
        "0": token("[PAD]", True), str(len(VOCAB) + 1): token("cov", False), str(len(VOCAB)): token("<e1>", True)}},
                "added_tokens.json": {"</e1>": len(VOCAB) + 7},
                "special_tokens_map.json": {"additional_special_tokens": ["</e1>"]}},
    "empty_files": {"tokenizer_config.json": {"init_inputs": [], "do_lower_case": False, "never_split": None},
                    "added_tokens.json": {}, "special_tokens_map.json": {}},
    "blank_lines": {"vocab.txt": "\n".join(VOCAB) + "\n\n\n", "tokenizer_config.json": BERT},
}


def write(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in {"config.json": {"model_type": "bert"}, "vocab.txt": "\n".join(VOCAB) + "\n", **files}.items():
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False) + "\n"
            (folder / name).write_text(text, encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in TEXTS:
        if folder.name == "markers" and "<E1>" in text:
            continue  # version 5 forgets that special_tokens_map.json calls <e1> special, and finds it in <E1>
        ids = tokenizer(text)["input_ids"]
        added = {i: t.content for i, t in tokenizer.added_tokens_decoder.items()}  # as it was added, not normalised
        pieces = [added.get(i, tokenizer.convert_ids_to_tokens(i)) for i in ids]
        rows.append({"text": text, "pieces": pieces, "ids": ids})
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    (folder / "expected.jsonl").write_text(text, encoding="utf-8")


for name, files in FOLDERS.items():
    write(ROOT / name, files)
