"""One peer of the CUDA benchmarks in PyTorch; torch-peer.ts starts it, writes its inputs and requests runs.

Usage: torch_peer.py FOLDER OPTIONS      OPTIONS is a JSON object
Prints one JSON line with results to compare, then one with the seconds of a run for every line of standard input.
"""
import json
import os
import sys
import time

import torch
from torch.nn import functional


class InfoNce:
    """Loss and gradients of a batch of pairs as autocast computes them: products in bf16, softmax in float32.

    Row i has value id i modulo `valueIds`. Other rows with the same id are not negatives.
    """

    def __init__(self, options, device, read):
        self.device, self.scale, self.sample = device, options["logitScale"], options["sample"]
        self.sides = [read(side).reshape(-1, options["dim"]) for side in ("query", "key")]
        self.ids = torch.arange(len(self.sides[0]), device=device) % options["valueIds"]
        self.loss = torch.compile(self.info_nce, dynamic=False) if options["compiled"] else self.info_nce

    def info_nce(self, query, key):
        rows = torch.arange(len(query), device=query.device)
        same = (self.ids[:, None] == self.ids[None, :]) & (rows[:, None] != rows[None, :])
        logits = (self.scale * (query @ key.T)).masked_fill(same, -torch.inf)
        return functional.cross_entropy(logits.float(), rows)

    def upload(self):
        return [side.to(self.device).bfloat16().requires_grad_() for side in self.sides]

    def compute(self, inputs):
        loss = self.loss(*inputs)
        loss.backward()
        return [loss.detach(), *(side.grad for side in inputs)]

    def report(self, results):
        loss, d_query, d_key = results
        return {"loss": loss.item(), "dQuery": d_query[self.sample].tolist(), "dKey": d_key[self.sample].tolist()}


class TopK:
    """Products with a base on the device, then torch.topk."""

    def __init__(self, options, device, read):
        self.device, self.k, self.sample = device, options["k"], options["sample"]
        self.type = torch.bfloat16 if options["precision"] == "bf16" else torch.float32
        self.queries = read("queries").reshape(-1, options["dim"])
        self.base = read("base").reshape(-1, options["dim"]).to(device, self.type)

    def upload(self):
        return [self.queries.to(self.device, self.type)]

    def compute(self, inputs):
        return list(torch.topk(inputs[0] @ self.base.T, self.k, dim=1))

    def report(self, results):
        return {"scores": results[0][self.sample].tolist()}


class Transformer(torch.nn.Module):
    """An encoder like NomicBERT: rotary positions, SwiGLU, no biases, mean pooling, unit length."""

    def __init__(self, options, weights):
        super().__init__()
        self.config = options["config"]
        for name, offset, rows, cols in options["parameters"]:
            values = weights[offset : offset + rows * cols].clone()
            values = values if rows == 1 else values.reshape(rows, cols)
            self.register_parameter(self.attribute(name), torch.nn.Parameter(values))
        half = self.config["hidden"] // self.config["heads"] // 2
        rates = self.config["ropeBase"] ** (-torch.arange(half) / half)
        angles = torch.outer(torch.arange(self.config["maxPositions"]), rates)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)

    @staticmethod
    def attribute(name):
        return "weights_" + name.replace(".", "_")

    def weight(self, name):
        return getattr(self, self.attribute(name))

    def norm(self, name, x):
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return functional.layer_norm(x, scale.shape, scale, shift, self.config["epsilon"])

    def rotate(self, x):
        cosines, sines = (table[: x.shape[2]].to(x.dtype) for table in (self.cosines, self.sines))
        first, second = x.chunk(2, dim=-1)
        return torch.cat([first * cosines - second * sines, second * cosines + first * sines], dim=-1)

    def forward(self, ids, mask):
        """Takes ids and mask [texts, tokens], returns [texts, hidden]."""
        texts, tokens = ids.shape
        heads = self.config["heads"]
        x = self.norm("norm", functional.embedding(ids, self.weight("word")) + self.weight("type")[0])
        for layer in (f"layer.{i}" for i in range(self.config["layers"])):
            qkv = functional.linear(x, self.weight(f"{layer}.qkv.weight"))
            query, key, value = qkv.reshape(texts, tokens, 3, heads, -1).permute(2, 0, 3, 1, 4)
            mixed = functional.scaled_dot_product_attention(
                self.rotate(query), self.rotate(key), value, attn_mask=mask[:, None, None, :]
            )
            mixed = mixed.transpose(1, 2).reshape(texts, tokens, -1)
            x = self.norm(f"{layer}.norm1", x + functional.linear(mixed, self.weight(f"{layer}.out.weight")))
            up, gate = functional.linear(x, self.weight(f"{layer}.fc1.weight")).chunk(2, dim=-1)
            inner = functional.linear(up * functional.silu(gate), self.weight(f"{layer}.fc2.weight"))
            x = self.norm(f"{layer}.norm2", x + inner)
        shares = mask[:, :, None].to(x.dtype)
        return functional.normalize((x * shares).sum(1) / shares.sum(1), dim=-1)


class Encoder:
    """Embeddings of texts sorted by length. Batches are padded to their longest, rounded up to 32 tokens."""

    BATCH_TOKENS = 16384

    def __init__(self, options, device, read):
        self.device = device
        self.model = Transformer(options, read("weights")).to(device)
        self.prepare(options)
        self.encoder = torch.compile(self.model, dynamic=True) if options["compiled"] else self.model
        self.batches, self.order = self.pad(read("ids", torch.int32), options["offsets"])

    def prepare(self, options):
        self.sample = options["sample"]
        self.model.requires_grad_(False).bfloat16()

    def pad(self, ids, offsets):
        """Returns batches of token ids and their masks, and the position of every text in them."""
        lengths = [end - begin for begin, end in zip(offsets, offsets[1:])]
        order = sorted(range(len(lengths)), key=lambda text: -lengths[text])
        batches, begin = [], 0
        while begin < len(order):
            width = -(-lengths[order[begin]] // 32) * 32
            texts = order[begin : begin + max(1, self.BATCH_TOKENS // width)]
            begin += len(texts)
            padded = torch.zeros(len(texts), width, dtype=torch.int32)
            for row, text in enumerate(texts):
                padded[row, : lengths[text]] = ids[offsets[text] : offsets[text + 1]]
            batches.append((padded, torch.arange(width) < torch.tensor([[lengths[text]] for text in texts])))
        return batches, torch.argsort(torch.tensor(order)).to(self.device)

    def upload(self):
        return [(ids.to(self.device), mask.to(self.device)) for ids, mask in self.batches]

    def embed(self, inputs):
        return torch.cat([self.encoder(ids, mask) for ids, mask in inputs])[self.order]

    def compute(self, inputs):
        with torch.inference_mode():
            return [self.embed(inputs)]

    def report(self, results):
        return {"embeddings": results[0][self.sample].tolist()}


class Training(Encoder):
    """Training steps on one batch of pairs, whose queries are the first half of the texts.

    Weights are float32, products bf16.
    """

    def prepare(self, options):
        self.scale = options["logitScale"]
        matrices = [weight for weight in self.model.parameters() if weight.dim() == 2]
        vectors = [weight for weight in self.model.parameters() if weight.dim() == 1]
        update = options["update"]
        self.limit = update["maxGradNorm"]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": update["weightDecay"]}, {"params": vectors, "weight_decay": 0.0}],
            lr=update["learningRate"],
            betas=(update["beta1"], update["beta2"]),
            eps=update["epsilon"],
            fused=True,
        )

    def compute(self, inputs):
        self.optimizer.zero_grad()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            query, key = self.embed(inputs).float().chunk(2)
        loss = functional.cross_entropy(self.scale * (query @ key.T), torch.arange(len(query), device=self.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.limit)
        self.optimizer.step()
        return [loss.detach()]

    def report(self, results):
        """Returns the losses of the first three steps."""
        losses = [results[0].item()]
        for _ in range(2):
            losses.append(self.compute(self.upload())[0].item())
        return {"losses": losses}


PEERS = {"infoNce": InfoNce, "topK": TopK, "encode": Encoder, "train": Training}


def run(peer, device):
    """Returns results on the host, and the seconds from host to host, with and without the copies."""

    def now():
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    begin = now()
    inputs = peer.upload()
    uploaded = now()
    outputs = peer.compute(inputs)
    computed = now()
    results = [output.float().cpu() for output in outputs]
    return results, {"seconds": now() - begin, "deviceSeconds": computed - uploaded}


def main():
    folder, options = sys.argv[1], json.loads(sys.argv[2])

    def read(name, dtype=torch.float32):
        path = f"{folder}/{name}"
        return torch.from_file(path, size=os.path.getsize(path) // 4, dtype=dtype).clone()

    device = options["device"]
    peer = PEERS[options["operation"]](options, device, read)
    print(json.dumps(peer.report(run(peer, device)[0])), flush=True)
    for _ in sys.stdin:
        print(json.dumps(run(peer, device)[1]), flush=True)


main()
