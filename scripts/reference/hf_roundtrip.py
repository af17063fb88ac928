#!/usr/bin/env python3
"""Opens folders that Gradus wrote with transformers and compares what both compute.

    scripts/reference/hf_roundtrip.py FOLDER...

Each FOLDER is a BertForPreTraining; FOLDER.computed.safetensors beside it has a batch and what Gradus computed with
it: hidden states, pooled vector, logits of the masked positions and both losses (tests/bert/model/test_parity.cpp).
"""
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import AutoModel, BertForPreTraining  # noqa: E402
from transformers.utils import logging  # noqa: E402

logging.set_verbosity_error()  # what from_pretrained would say is checked below
logging.disable_progress_bar()

TOLERANCE = 1e-5


def check(folder):
    """The largest difference between Gradus and transformers, after checking that nothing was left fresh."""
    ours = load_file(str(folder) + ".computed.safetensors")
    model, report = BertForPreTraining.from_pretrained(folder, output_loading_info=True)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[kind], f"{folder}: {kind}: {report[kind]}"
    model = model.double().eval()
    inputs = {name: ours[name] for name in ("input_ids", "token_type_ids", "attention_mask")}
    with torch.no_grad():
        out = model(**inputs, output_hidden_states=True)
        pooled = model.bert(**inputs).pooler_output
        logits = out.prediction_logits.reshape(-1, out.prediction_logits.shape[-1])[ours["masked_positions"]]
        theirs = {"pooled": pooled, "mlm_logits": logits, "nsp_logits": out.seq_relationship_logits,
                  "mlm_loss": torch.nn.functional.cross_entropy(logits, ours["masked_labels"]),
                  "nsp_loss": torch.nn.functional.cross_entropy(out.seq_relationship_logits,
                                                                ours["next_sentence_labels"])}
    for number, state in enumerate(out.hidden_states):
        theirs[f"hidden_states.{number}"] = state
    worst = {name: float((ours[name].double() - value).abs().max()) for name, value in theirs.items()}
    # Positions that nobody may look at have hidden states as well, and they must agree, too.
    for name, difference in worst.items():
        assert difference <= TOLERANCE, f"{folder}: {name} differs by {difference:.2e}"
    bare = AutoModel.from_pretrained(folder).double().eval()
    with torch.no_grad():
        again = bare(**inputs).last_hidden_state
    assert torch.equal(again, out.hidden_states[-1]), f"{folder}: AutoModel computes something else"
    return max(worst.values())


def main():
    for name in sys.argv[1:]:
        folder = pathlib.Path(name)
        print(f"{folder.name}: opened by transformers, largest difference {check(folder):.1e}")


if __name__ == "__main__":
    main()
