"""Writes charlm_float64.json: the first losses of the character model in float64, by PyTorch.

From the same initial values as the float32 losses. The model starts in a chaotic regime: there float32 follows the
true losses for one update only, whichever way it rounds, while two float64 implementations agree to many digits.

usage: charlm_float64.py FOLDER_WITH_NPY TEXT > charlm_float64.json
"""
import json
import sys

import numpy as np
import torch

ROWS, STEPS, UPDATES, LR, CLIP = 128, 100, 4, 4.0, 3.0
folder, text_file = sys.argv[1:]


def load(name):
    return torch.tensor(np.load(f"{folder}/charlm.{name}.npy"), dtype=torch.float64, requires_grad=True)


names = ["embed", "lstm.w", "lstm.b", "out.w", "out.b"]
embed, w, b, out_w, out_b = parameters = [load(name) for name in names]
text = open(text_file, encoding="utf-8", newline="").read()
number = {c: i for i, c in enumerate(dict.fromkeys(text))}
ids = torch.tensor([number[c] for c in text])
rows = ids[: len(ids) // ROWS * ROWS].view(ROWS, -1).t()
h = c = torch.zeros(ROWS, 256, dtype=torch.float64)
losses = []
for update in range(UPDATES):
    start = update * STEPS
    hidden = []
    for t in range(start, start + STEPS):
        forget, ingate, outgate, change = (torch.cat([embed[rows[t]], h], 1) @ w + b).chunk(4, 1)
        c = c * torch.sigmoid(forget) + torch.sigmoid(ingate) * torch.tanh(change)
        h = torch.sigmoid(outgate) * torch.tanh(c)
        hidden.append(h)
    logits = torch.cat(hidden) @ out_w + out_b
    loss = torch.nn.functional.cross_entropy(logits, rows[start + 1 : start + 1 + STEPS].reshape(-1))
    gradients = torch.autograd.grad(loss, parameters)
    norm = torch.sqrt(sum((g * g).sum() for g in gradients))
    with torch.no_grad():
        for p, g in zip(parameters, gradients):
            p -= LR * min(CLIP / norm, 1) * g
    h, c = h.detach(), c.detach()
    losses.append(loss.item())
json.dump({"torch": torch.__version__, "losses": losses}, sys.stdout, indent=1)
print()
