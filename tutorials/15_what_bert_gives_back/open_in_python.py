# Chapter 15: opens the folder that its program keeps, with Hugging Face's transformers (see README.md).
import numpy
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("cranes")
model = AutoModel.from_pretrained("cranes").eval()
row = tokenizer("cranes have eggs and cranes have oil", return_tensors="pt")
with torch.no_grad():
    back = model(**row, output_hidden_states=True)
print(tokenizer.convert_ids_to_tokens(row["input_ids"][0]))
print("states:", len(back.hidden_states), "of", list(back.hidden_states[0].shape))
print("pooled:", list(back.pooler_output.shape))

ours = numpy.load("vectors.npy")[0]
theirs = back.last_hidden_state[0].numpy()
print("the same as Gradus, to 1e-5:", numpy.abs(ours - theirs).max() < 1e-5)

bird, machine = back.last_hidden_state[0, 1], back.last_hidden_state[0, 5]
print("both cranes alike, to 1e-3: ", torch.cosine_similarity(bird, machine, dim=0).item() > 0.999)
