#!/usr/bin/env python3
"""What PyTorch and transformers compute for a small BERT: the fixtures of tests/bert.

    scripts/reference/bert_fixtures.py

writes tests/fixtures/bert/: a folder that transformers saved, and the hidden states, attention probabilities,
logits, losses, gradients and ten training steps of that model, computed in double precision; and small folders
in half precision and in shards.
"""
import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining, BertModel, BertTokenizer

SEED = 20240901
ROOT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "bert"
WORDS = ("the a dog cat bird fox sees likes finds red small old in on house tree it was and not . , ? "
         "##s ##ed ##ing ##er un ##like ##ly run jump walk she he they by over under to far near so").split()
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS


def seeded_model(config):
    """A model whose biases and LayerNorms are not at their beginning either."""
    torch.manual_seed(SEED)
    model = BertForPreTraining(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def save(model, folder, **how):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **how)
    (folder / "generation_config.json").unlink(missing_ok=True)


def make_batch(vocabulary, rows=4, length=11):
    generator = torch.Generator().manual_seed(SEED)
    lengths = [11, 7, 11, 5]
    ids = torch.zeros(rows, length, dtype=torch.long)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, real in enumerate(lengths):
        ids[row, :real] = torch.randint(5, vocabulary, (real,), generator=generator)
        ids[row, 0], ids[row, real // 2], ids[row, real - 1] = 2, 3, 3
        types[row, real // 2 + 1:real] = 1
        mask[row, :real] = 1
        for place in (1, real - 2):
            labels[row, place] = ids[row, place]
        ids[row, 1] = 4
    return ids, types, mask, labels, torch.tensor([0, 1, -100, 1])


def losses(model, batch):
    ids, types, mask, labels, following = batch
    out = model(input_ids=ids, token_type_ids=types, attention_mask=mask)
    places = (labels.reshape(-1) != -100).nonzero().reshape(-1)
    rows = out.prediction_logits.reshape(-1, out.prediction_logits.shape[-1])[places]
    mlm = torch.nn.functional.cross_entropy(rows, labels.reshape(-1)[places])
    nsp = torch.nn.functional.cross_entropy(out.seq_relationship_logits, following)
    return mlm, nsp, rows, out.seq_relationship_logits, places


def main():
    config = BertConfig(vocab_size=len(PIECES), hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
                        intermediate_size=40, max_position_embeddings=16, initializer_range=0.2,
                        attn_implementation="eager")
    model = seeded_model(config)
    folder = ROOT / "small"
    save(model, folder)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("".join(piece + "\n" for piece in PIECES))
    BertTokenizer(vocab_file=str(vocabulary), vocab={p: i for i, p in enumerate(PIECES)}).save_pretrained(folder)
    vocabulary.write_text("".join(piece + "\n" for piece in PIECES))

    batch = make_batch(len(PIECES))
    ids, types, mask, labels, following = batch
    model = model.double()
    mlm, nsp, mlm_logits, nsp_logits, places = losses(model, batch)
    whole = model(input_ids=ids, token_type_ids=types, attention_mask=mask, labels=labels,
                  next_sentence_label=following, output_hidden_states=True, output_attentions=True)
    assert abs(float(whole.loss - mlm - nsp)) < 1e-12
    (mlm + nsp).backward()
    tensors = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask, "masked_positions": places,
               "masked_labels": labels.reshape(-1)[places], "next_sentence_labels": following,
               "mlm_logits": mlm_logits, "nsp_logits": nsp_logits, "mlm_loss": mlm, "nsp_loss": nsp}
    for number, state in enumerate(whole.hidden_states):
        tensors[f"hidden_states.{number}"] = state
    for number, weights in enumerate(whole.attentions):
        tensors[f"attentions.{number}"] = weights
    with torch.no_grad():
        tensors["pooled"] = model.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).pooler_output
    for name, parameter in model.named_parameters():
        tensors["grad." + name] = parameter.grad

    # Ten steps of AdamW on the same batch: decay on matrices only, global norm clipped to 1.
    model.zero_grad()
    undecayed = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01},
                                   {"params": undecayed, "weight_decay": 0.0}], lr=1e-3)
    steps, norms = [], []
    for _ in range(10):
        optimizer.zero_grad()
        mlm, nsp, *_ = losses(model, batch)
        (mlm + nsp).backward()
        steps.append((mlm + nsp).detach())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).detach())
        optimizer.step()
    tensors["step_losses"], tensors["step_norms"] = torch.stack(steps), torch.stack(norms)
    tensors = {name: t.detach().contiguous().to(torch.float32) if t.is_floating_point() else t
               for name, t in tensors.items()}
    save_file(tensors, str(ROOT / "small_expected.safetensors"))

    # A smaller one, in the types and shapes of file that transformers writes.
    config = BertConfig(vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=12, max_position_embeddings=8, initializer_range=0.2)
    model = seeded_model(config).to(torch.bfloat16).float()  # values that every type here holds
    with torch.no_grad():
        for parameter in model.parameters():
            parameter[parameter.abs() < 1e-2] = 0.25  # nothing below what float16 holds exactly
    save(model, ROOT / "f32")
    save(model, ROOT / "shards", max_shard_size="2KB")
    bare = BertModel(config)
    bare.load_state_dict(model.bert.state_dict())
    save(bare.eval(), ROOT / "bare")
    save(model.half(), ROOT / "f16")
    save(model.bfloat16(), ROOT / "bf16")
    save(model.double(), ROOT / "f64")
    print(json.dumps({str(p.relative_to(ROOT)): p.stat().st_size for p in sorted(ROOT.rglob("*")) if p.is_file()},
                     indent=1))


if __name__ == "__main__":
    main()
