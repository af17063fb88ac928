"""Writes tests/fixtures/tokenizer/: what Hugging Face's tokenizers make of a few hundred texts.

Run it from the root of the repository with a Python that has tokenizers (0.23.3 made the files here):
    python scripts/reference/tokenizer_fixtures.py
Seed 20240817. unicode_classes.txt covers every code point; texts.jsonl has a text a line.
"""

import json
import pathlib
import random
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
OUT = pathlib.Path("tests/fixtures/tokenizer")
SETTINGS = {  # name: (lowercase, strip_accents, clean_text, handle_chinese_chars)
    "uncased": (True, None, True, True),
    "cased": (False, None, True, True),
    "uncased_keep": (True, False, True, True),
    "cased_strip": (False, True, True, True),
    "raw": (False, False, False, False),
    "lower_only": (True, False, False, False),
    "strip_only": (False, True, False, False),
}

HAND = [
    "", " ", "UNwantéd,running", "ah博推zz", " \tHeLLo!how  \n Are yoU?  ", "HäLLo", "a\n'll !!to?'d of, can't.",
    "unwantedX running", "\u00ad", "a\u000bb", "a\u0085b", "a\u200bb", "a\ue000b", "a\u2028b", "a\u3000b",
    "x[MASK]x", "x[mask]x", "x" * 100, "x" * 101, "x" * 99 + "é", "é" * 100, "e\u0301" * 100, "e\u0301" * 60,
    "İ", "aΣ", "ΑΣ ΣΑΣ", "ẞ ß", "ﬁ ﬂ", "ǅ", "[CLS] a [SEP] b [PAD]", "[MASK][MASK]", "[[MASK]]", "[MASK", "MASK]",
    "[UNK]", "[MASK]ing", "un[MASK]ing", "é[MASK]é", "博[MASK]推[SEP]", "e\u0301x", "\u0301x", "a\u0323\u0307b",
    "ǖ\u302e\u0323x", "가각힣", "한국어 문장", "日本語のテキスト", "カタカナ ｶﾀｶﾅ", "ａｂｃ！", "العربية مَرحَبًا", "שָׁלוֹם",
    "हिन्दी में", "ภาษาไทย", "👍🏽 ok 👩‍👩‍👧", "don't it's we're I'm they've", "$5.00+^`|~<>=", "…—“”‘’«»¿¡",
    "a\u00a0b\u1680c\u2003d", "\u202eabc\u202c", "\ufeffbom", "tab\tnew\nret\rff\fvt\v", "\x00a\x00", "\ufffda",
    "a" + "\u0300" * 120, "\u1100\u1161\u11a8", "\uac01\u0323", "\u0344\u0323a", "𝔘𝔫", "𐐀𐐨", "Ω Å K", "ⅷ Ⅷ",
    "\U0002b820\U0002b920\U0002f800", "x\U0001d165\U0001d16dy\U0001d16d\U0001d165", "0123456789", "I İ ı i",
    "##ing ## a##b", "low lowest lower", "à la carte naïve façade", "Ελληνικά ΓΡΑΜΜΑΤΑ", "Русский ТЕКСТ Ёё Йй",
]
PAIRS = [("my name is john", "pair"), ("a b c d e f g", "a b"), ("a", "b c d e f g"), ("a b c d", "e f g h"),
         ("", "a"), ("a", ""), ("", ""), ("a b c", "d e f [MASK] g")]
DECODED = ["do not go , john ' s dog can ' t .", "is it ? yes ! i ' m we ' ve they ' re", "[CLS] running [SEP] unwanted",
           "a ' b", "博 推"]


def is_kept(c):
    """Only characters on which no two versions of Unicode differ: see left_out."""
    return ord(c) not in LEFT_OUT


def random_texts(generator, alphabet, count):
    latin = "abcdefgiklmnoprstuwx" * 3 + "ABCDEGHIOU" + "éàüñçøåÀÉÖ" + " " * 12 + ".,'!?-"
    for k in range(count):
        parts = []
        for _ in range(generator.randint(1, 12)):
            kind = generator.random()
            if kind < 0.55:
                parts.append("".join(generator.choice(latin) for _ in range(generator.randint(1, 10))))
            elif kind < 0.62:
                parts.append(generator.choice(SPECIALS))
            elif kind < 0.70:
                parts.append(generator.choice("aeou") + "".join(
                    chr(generator.randint(0x300, 0x36F)) for _ in range(generator.randint(1, 3))))
            elif kind < 0.78:
                first = generator.choice([0x4E00, 0x3040, 0xAC00, 0x1100, 0x600, 0x900, 0x400, 0x2000, 0x1F600])
                parts.append("".join(chr(first + generator.randint(0, 0x5F)) for _ in range(3)))
            elif kind < 0.82:
                parts.append(chr(generator.randint(0, 0x20)))
            else:
                parts.append("".join(generator.choice(alphabet) for _ in range(generator.randint(1, 4))))
        text = "".join(parts)
        yield "".join(c for c in text if is_kept(c))


def tokenizer(vocab, setting):
    lowercase, strip, clean, chinese = SETTINGS[setting]
    t = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocab)}, unk_token="[UNK]", max_input_chars_per_word=100))
    t.normalizer = normalizers.BertNormalizer(
        clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIALS])
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocab.index("[CLS]")), ("[SEP]", vocab.index("[SEP]"))])
    return t


def code_point_facts():
    """Per code point: what each stage does, from the reference itself."""
    make = normalizers.BertNormalizer
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    stage = {k: make(**{**off, k: True}) for k in off}
    split = pre_tokenizers.BertPreTokenizer()
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        c = chr(code)
        cleaned = stage["clean_text"].normalize_str(c)
        word = "LSP"[len(split.pre_tokenize_str("a" + c + "b")) - 1]
        kind = ("D" if cleaned == "" else "S" if cleaned == " " else "K") + word
        kind += "C" if stage["handle_chinese_chars"].normalize_str(c) != c else "-"
        yield code, kind, stage["strip_accents"].normalize_str(c), stage["lowercase"].normalize_str(c)


def left_out(facts):
    """Code points on which versions of Unicode differ. The reference's categories are those of Unicode 8.0
    (its lower case is newer), utf8proc 2.8 has 15.0, Python 3.11 has 14.0: so leave out what the reference
    sees otherwise than Python does, and what 14.0 has not assigned."""
    out = set()
    for code, kind, stripped, lowered in facts:
        c = chr(code)
        category = unicodedata.category(c)
        dropped = category in ("Cc", "Cf", "Co") and c not in "\t\n\r" or code in (0, 0xFFFD)
        punctuation = category[0] == "P" or (32 < code < 127 and not c.isalnum())
        expected = "".join(x for x in unicodedata.normalize("NFD", c) if unicodedata.category(x) != "Mn")
        if (category == "Cn" or (kind[0] == "D") != dropped or (kind[1] == "P") != punctuation
                or stripped != expected or lowered != c.lower()):
            out.add(code)
    return out


def ranges(rows):
    """Run-length encoding of (code, value) rows: first, last, value."""
    out = []
    for code, value in rows:
        if out and out[-1][1] == code - 1 and out[-1][2] == value:
            out[-1][1] = code
        else:
            out.append([code, code, value])
    return out


def hexes(text):
    return ".".join(f"{ord(c):X}" for c in text)


def main():
    global LEFT_OUT
    assert unicodedata.unidata_version == "14.0.0", "run it with Python 3.11, whose Unicode is 14.0"
    OUT.mkdir(parents=True, exist_ok=True)
    facts = list(code_point_facts())
    LEFT_OUT = left_out(facts)
    with open(OUT / "unicode_classes.txt", "w", encoding="ascii") as file:
        file.write(f"# tokenizers {tokenizers.__version__}; first last kind, by scripts/reference/tokenizer_fixtures.py\n")
        for first, last, kind in ranges((code, kind if code not in LEFT_OUT else "?") for code, kind, _, _ in facts):
            file.write(f"{first:X} {last:X} {kind}\n")
    with open(OUT / "unicode_maps.txt", "w", encoding="ascii") as file:
        file.write("# code, its NFD without Mn, its lower case; = where it is unchanged; Hangul syllables left out\n")
        for code, _, stripped, lowered in facts:
            if code in LEFT_OUT or 0xAC00 <= code <= 0xD7A3:
                continue
            same = [x == chr(code) for x in (stripped, lowered)]
            if not all(same):
                row = ["=" if s else hexes(x) for s, x in zip(same, (stripped, lowered))]
                file.write(f"{code:X} {row[0]} {row[1]}\n")

    generator = random.Random(20240817)
    alphabet = [chr(c) for c, kind, _, _ in facts if c not in LEFT_OUT and unicodedata.category(chr(c)) != "Cn" and c < 0x30000]
    # Private use would take most draws; keep a few.
    alphabet = [c for c in alphabet if unicodedata.category(c) != "Co" or generator.random() < 0.01]
    texts = HAND + list(random_texts(generator, alphabet, 240))
    words = ("want un runn low lowest wa hello how are you to of can my name is john pair dog go do not "
             "a b c d e f g h i x ed ing ll s t").split()
    chars = sorted({c for text in texts[: len(HAND) + 120] for c in text if not c.isspace()} |
                   set(unicodedata.normalize("NFD", "".join(texts[: len(HAND) + 120])).lower()))
    chars = [c for c in chars if not c.isspace() and generator.random() < 0.8 or c in "xabcdefgé\u03c3"]
    vocab = list(dict.fromkeys(SPECIALS + words + ["##" + w for w in words] + chars + ["##" + c for c in chars]))
    (OUT / "vocab.txt").write_text("\n".join(vocab) + "\n", encoding="utf-8", newline="\n")

    with open(OUT / "texts.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for setting in SETTINGS:
            t = tokenizer(vocab, setting)
            for text in texts:
                e = t.encode(text)
                row = {"setting": setting, "text": text, "ids": e.ids, "offsets": [x for o in e.offsets for x in o],
                       "words": [-1 if w is None else w for w in e.word_ids], "special": e.special_tokens_mask}
                if setting != "uncased" and is_skipped(text, setting):
                    continue
                file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")

    t = tokenizer(vocab, "uncased")
    pairs, decoded = [], []
    for a, b in PAIRS:
        for limit in (None, 3, 4, 5, 6, 7, 8, 9, 10, 12):
            t.no_truncation()
            if limit is not None:
                t.enable_truncation(limit, strategy="longest_first")
            e = t.encode(a, b)
            single = t.encode(a)
            pairs.append({"a": a, "b": b, "max_length": limit, "ids": e.ids, "types": e.type_ids,
                          "offsets": [x for o in e.offsets for x in o], "single": single.ids})
    t.no_truncation()
    for text in DECODED + texts[:: 9]:
        ids = t.encode(text).ids
        decoded.append({"ids": ids, "plain": t.decode(ids), "with_specials": t.decode(ids, skip_special_tokens=False)})
    (OUT / "pairs.json").write_text(json.dumps({"pairs": pairs, "decoded": decoded}, separators=(",", ":")) + "\n")
    print(f"{len(texts)} texts, {len(vocab)} pieces, {len(LEFT_OUT)} code points left out", file=sys.stderr)


def is_skipped(text, setting):
    """Every text in the main setting; a quarter of them in each other one, to keep the file small."""
    return (sum(map(ord, text)) + len(setting)) % 4 != 0


if __name__ == "__main__":
    main()
