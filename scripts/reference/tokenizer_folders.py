"""Checks a tokenizer folder that Gradus wrote against Hugging Face, or writes the folders that the tests read.

    python scripts/reference/tokenizer_folders.py check FOLDER TEXTS.jsonl
        opens FOLDER with AutoTokenizer and BertTokenizerFast, offline, and compares ids and offsets of each line
        {"text", "ids", "offsets"} of TEXTS.jsonl with what Gradus found (for the vocabulary of the fixtures, that is
        tests/fixtures/tokenizer/texts.jsonl; its other settings than "uncased" are passed over).
    python scripts/reference/tokenizer_folders.py write
        writes tests/fixtures/tokenizer/huggingface/ (run it from the root of the repository).

transformers 5.23.0 and tokenizers 0.23.3 made the files here; nothing is downloaded and nothing is random.
"""

import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import AutoTokenizer, BertTokenizer, BertTokenizerFast  # noqa: E402


def check(folder, texts):
    rows = [json.loads(line) for line in open(texts, encoding="utf-8")]
    rows = [row for row in rows if row.get("setting", "uncased") == "uncased"]
    for kind in (AutoTokenizer, BertTokenizerFast):
        tokenizer = kind.from_pretrained(folder)
        for row in rows:
            encoding = tokenizer(row["text"], return_offsets_mapping=True)
            offsets = [x for pair in encoding["offset_mapping"] for x in pair]
            assert encoding["input_ids"] == row["ids"], (kind.__name__, row, encoding["input_ids"])
            assert offsets == row["offsets"], (kind.__name__, row, offsets)
        pair = tokenizer("a", "b")
        assert pair["token_type_ids"] == [0, 0, 0, 1, 1], pair
        print(f"{kind.__name__}: {type(tokenizer).__name__}, {len(tokenizer)} pieces, {len(rows)} texts agree; "
              f"longest input {tokenizer.model_max_length}, mask {tokenizer.mask_token_id}")


def write():
    words = ("[PAD] [UNK] [CLS] [SEP] [MASK] want ##want ##ed wa un runn ##ing , low lowest Un HaLLo hallo "
             "HäLLo hällo 博 推 博推 <e>").split()
    root = pathlib.Path("tests/fixtures/tokenizer/huggingface")
    for name, settings in {
        "uncased": {"do_lower_case": True},
        "cased": {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False},
    }.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = BertTokenizer(vocab={w: i for i, w in enumerate(words)}, model_max_length=64, **settings)
        if name == "cased":
            tokenizer.add_special_tokens({"additional_special_tokens": ["<e>", "<new>"]})
        tokenizer.save_pretrained(folder)
        text = "UNwantéd HäLLo 博推, running <e><new>[MASK]low"
        (folder / "expected.json").write_text(json.dumps({"text": text, "ids": tokenizer(text)["input_ids"]}) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3])
    elif sys.argv[1:] == ["write"]:
        write()
    else:
        sys.exit(__doc__)
