"""Opens a folder that `gradus pretrain` or ./run wrote, with Hugging Face's transformers, and fills in a mask:

    python3 docs/open_in_python.py toy-run/model "Tom went to the [MASK]."
"""
import sys

import torch
from transformers import AutoModelForPreTraining, AutoTokenizer

folder, text = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForPreTraining.from_pretrained(folder).eval()
pieces = tokenizer(text, return_tensors="pt")
with torch.no_grad():
    logits = model(**pieces).prediction_logits[0]  # [tokens, vocabulary]
for place in (pieces.input_ids[0] == tokenizer.mask_token_id).nonzero().flatten():
    best = logits[place].softmax(dim=-1).topk(5)
    for probability, piece in zip(best.values, tokenizer.convert_ids_to_tokens(best.indices)):
        print(f"{probability:8.1%}  {piece}")
